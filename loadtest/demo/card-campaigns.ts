/** Fraud with cards: testing stolen numbers, spending them far away, copied at a terminal, refunds that never were, night cash. */
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../../core/clock.ts';
import { type CampaignKind, cardOf, merchantOf, type Payment, pay, person, strangeDevice } from './campaign-kind.ts';
import { asDemoEvent, type DemoEvent, makeEvent } from './demo-event.ts';
import { positionAt } from './movement.ts';

export const cardTesting: CampaignKind = {
  name: 'card testing',
  periodMs: 8 * MINUTE_MS,
  play(town, startMs, random) {
    const events: DemoEvent[] = [];
    const device = strangeDevice(startMs, random);
    const shop = random.pick(town.places.online);
    let timeMs = startMs;
    for (let victim = 0; victim < 2; victim++) {
      const customer = person(town, random);
      const base: Omit<Payment, 'amount'> = {
        currency: 'CNY',
        channel: 'web',
        department: 'Online',
        instrument: cardOf(customer),
        device,
        merchant: { id: shop.id, name: shop.name, mcc: shop.mcc, city: shop.city },
      };
      for (let attempt = 0; attempt < 8; attempt++) {
        timeMs += random.between(2, 9) * SECOND_MS;
        const declined = random.chance(0.6);
        events.push(
          pay(timeMs, customer.id, {
            ...base,
            amount: 100 + 10 * random.below(40),
            ...(declined ? { status: 'declined', declineReason: random.pick(['invalid_cvv', 'do_not_honour']) } : {}),
          }),
        );
      }
      timeMs += random.between(20, 60) * SECOND_MS;
      events.push(pay(timeMs, customer.id, { ...base, amount: 180_000 + 100 * random.below(1_500) }));
    }
    return events;
  },
};

export const stolenCard: CampaignKind = {
  name: 'stolen card, impossible travel',
  periodMs: 6 * MINUTE_MS,
  play(town, startMs, random) {
    const customer = person(town, random);
    const at = positionAt(town.seed, customer, startMs);
    const nearby = town.places.near(at, 'convenience', random);
    const far = random.pick(town.places.far);
    const shops = town.places.far.filter((place) => place.city === far.city);
    const instrument = cardOf(customer);
    // The holder pays at home first: honest, and what makes the next place impossible. It needs no label.
    const honest = makeEvent('location', startMs, customer.id, {
      lat: nearby.lat,
      lon: nearby.lon,
      accuracyM: 8,
      origin: 'gps',
    });
    const events: DemoEvent[] = [asDemoEvent(honest)];
    let timeMs = startMs + random.between(3, 9) * MINUTE_MS;
    for (let i = 0; i < 6; i++) {
      const shop = random.pick(shops);
      events.push(
        pay(timeMs, customer.id, {
          amount: 90_000 + 100 * random.below(4_000),
          currency: 'CNY',
          channel: 'pos',
          department: 'Acquiring',
          merchant: merchantOf(shop),
          instrument,
          lat: shop.lat,
          lon: shop.lon,
        }),
      );
      timeMs += random.between(25, 100) * SECOND_MS;
    }
    return events;
  },
};

export const compromisedTerminal: CampaignKind = {
  name: 'compromised terminal',
  periodMs: 14 * MINUTE_MS,
  labelAfterMs: 4 * MINUTE_MS,
  play(town, startMs, random) {
    const first = person(town, random);
    const place = town.places.near(
      positionAt(town.seed, first, startMs),
      random.pick(['electronics', 'cinema']),
      random,
    );
    const events: DemoEvent[] = [];
    let timeMs = startMs;
    for (let i = 0; i < 12; i++) {
      const customer = person(town, random);
      events.push(
        pay(timeMs, customer.id, {
          amount: 45_000 + 100 * random.below(900),
          currency: 'CNY',
          channel: 'pos',
          department: 'Acquiring',
          merchant: merchantOf(place),
          instrument: cardOf(customer),
        }),
      );
      timeMs += random.between(30, 80) * SECOND_MS;
    }
    return events;
  },
};

export const refundAbuse: CampaignKind = {
  name: 'refund abuse',
  periodMs: 12 * MINUTE_MS,
  play(town, startMs, random) {
    const customer = person(town, random);
    const shop = town.places.near(positionAt(town.seed, customer, startMs), 'fashion', random);
    const base = {
      currency: 'CNY',
      channel: 'pos',
      department: 'Acquiring',
      merchant: merchantOf(shop),
      instrument: cardOf(customer),
    } as const;
    let timeMs = startMs;
    return Array.from({ length: 6 }, () => {
      timeMs += random.between(60, 200) * SECOND_MS;
      return pay(timeMs, customer.id, { ...base, kind: 'refund', amount: 30_000 + 100 * random.below(500) });
    });
  },
};

export const nightCash: CampaignKind = {
  name: 'night-time cash',
  periodMs: HOUR_MS / 6,
  play(town, startMs, random) {
    const customer = person(town, random);
    const machine = town.places.near(positionAt(town.seed, customer, startMs), 'atm', random);
    // Cash fraud happens at night; by day this kind rests.
    const localHour = new Date(startMs + 8 * HOUR_MS).getUTCHours();
    if (localHour >= 5) return [];
    return Array.from({ length: 4 }, (_, i) =>
      pay(startMs + i * 70 * SECOND_MS, customer.id, {
        amount: 300_000,
        currency: 'CNY',
        kind: 'withdrawal',
        channel: 'atm',
        department: 'Cash',
        merchant: merchantOf(machine),
        instrument: cardOf(customer),
        lat: machine.lat,
        lon: machine.lon,
      }),
    );
  },
};
