/**
 * The kinds of fraud that the demo city suffers, each as the transactions of one campaign. Ordinary customers are the
 * victims; the personas are left in peace.
 */
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../../core/clock.ts';
import type { TransactionData } from '../../core/events/data-schemas.ts';
import type { Customer } from './customers.ts';
import { asDemoEvent, type DemoEvent, makeEvent } from './demo-event.ts';
import { type BusinessLine, instrumentOf, priced, type Status, type Townsfolk } from './everyday.ts';
import { positionAt } from './movement.ts';
import type { Place } from './places.ts';
import type { Random } from './random.ts';

export interface CampaignKind {
  readonly name: string;
  /** One campaign in this time, at the reference rate. */
  readonly periodMs: number;
  /** When its frauds are known; a few minutes unless said. */
  readonly labelAfterMs?: number;
  play(town: Townsfolk, startMs: number, random: Random): DemoEvent[];
}

/** Transfers are reported to the authorities from here on. */
const REPORTING_LIMIT_FEN = 5_000_000;

type Payment = Omit<TransactionData, 'businessLine' | 'status'> & {
  readonly businessLine?: BusinessLine;
  readonly status?: Status;
};

function pay(timeMs: number, subject: string, data: Payment): DemoEvent {
  const businessLine = data.businessLine ?? 'B2C';
  const status = data.status ?? 'approved';
  const price = priced(data.amount, businessLine, status);
  return asDemoEvent(
    makeEvent('transaction', Math.floor(timeMs), subject, {
      kind: 'purchase',
      ...data,
      status,
      businessLine,
      ...price,
    }),
  );
}

function merchantOf(place: Place): NonNullable<TransactionData['merchant']> {
  return { id: place.id, name: place.name, mcc: place.mcc, city: place.city, lat: place.lat, lon: place.lon };
}

function cardOf(customer: Customer): NonNullable<TransactionData['instrument']> {
  const card = customer.cards[0];
  if (card === undefined) throw new RangeError(`${customer.id} has no card`);
  return instrumentOf(card);
}

function person(town: Townsfolk, random: Random): Customer {
  for (;;) {
    const customer = random.pick(town.customers);
    if (!customer.isBusiness) return customer;
  }
}

/** Somebody else's device, seen for the first time. */
function strangeDevice(startMs: number, random: Random): { id: string; ip: string } {
  return {
    id: `dev-x-${startMs.toString(36)}-${random.below(1_000_000)}`,
    ip: `10.99.${random.below(256)}.${random.below(256)}`,
  };
}

const cardTesting: CampaignKind = {
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

const stolenCard: CampaignKind = {
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

const muleAccount: CampaignKind = {
  name: 'mule account',
  periodMs: 9 * MINUTE_MS,
  play(town, startMs, random) {
    const events: DemoEvent[] = [];
    const mule = person(town, random);
    const muleDevice = { id: mule.deviceId, ip: mule.ip };
    let timeMs = startMs;
    let received = 0;
    for (let i = 0; i < 6; i++) {
      const victim = person(town, random);
      const amount = 320_000 + 1_000 * random.below(300);
      received += amount;
      timeMs += random.between(20, 90) * SECOND_MS;
      events.push(
        pay(timeMs, victim.id, {
          amount,
          currency: 'CNY',
          kind: 'transfer',
          channel: 'app',
          department: 'Wallet',
          counterparty: mule.id,
          instrument: { type: 'account', token: victim.account },
          device: { id: victim.deviceId, ip: victim.ip },
        }),
      );
    }
    for (const share of [0.5, 0.45]) {
      timeMs += random.between(60, 150) * SECOND_MS;
      events.push(
        pay(timeMs, mule.id, {
          amount: Math.floor(received * share),
          currency: 'CNY',
          kind: 'transfer',
          channel: 'app',
          department: 'Wallet',
          counterparty: `acc-offshore-${random.below(40)}`,
          instrument: { type: 'account', token: mule.account },
          device: muleDevice,
        }),
      );
    }
    return events;
  },
};

const compromisedTerminal: CampaignKind = {
  name: 'compromised terminal',
  periodMs: 14 * MINUTE_MS,
  labelAfterMs: 4 * MINUTE_MS,
  play(town, startMs, random) {
    const first = person(town, random);
    const place = town.places.near(
      positionAt(town.seed, first, startMs),
      random.pick(['petrol', 'electronics']),
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

const refundAbuse: CampaignKind = {
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

const deviceFarm: CampaignKind = {
  name: 'device farm',
  periodMs: 10 * MINUTE_MS,
  play(town, startMs, random) {
    const device = strangeDevice(startMs, random);
    const shop = random.pick(town.places.online);
    let timeMs = startMs;
    return Array.from({ length: 9 }, () => {
      const customer = person(town, random);
      timeMs += random.between(15, 50) * SECOND_MS;
      return pay(timeMs, customer.id, {
        amount: 5_000,
        currency: 'CNY',
        channel: 'app',
        businessLine: 'B2B2C',
        department: 'Wallet partners',
        device,
        merchant: { id: shop.id, name: shop.name, mcc: shop.mcc, city: shop.city },
        instrument: cardOf(customer),
      });
    });
  },
};

const structuring: CampaignKind = {
  name: 'structuring',
  periodMs: 15 * MINUTE_MS,
  play(town, startMs, random) {
    const customer = person(town, random);
    let timeMs = startMs;
    return Array.from({ length: 5 }, () => {
      timeMs += random.between(2, 6) * MINUTE_MS;
      return pay(timeMs, customer.id, {
        amount: REPORTING_LIMIT_FEN - 1_000 * (1 + random.below(200)),
        currency: 'CNY',
        kind: 'transfer',
        channel: 'app',
        department: 'Wallet',
        counterparty: `acc-shell-${random.below(30)}`,
        instrument: { type: 'account', token: customer.account },
        device: { id: customer.deviceId, ip: customer.ip },
      });
    });
  },
};

const accountTakeover: CampaignKind = {
  name: 'account takeover',
  periodMs: 5 * MINUTE_MS,
  play(town, startMs, random) {
    const customer = person(town, random);
    const device = strangeDevice(startMs, random);
    let timeMs = startMs;
    return Array.from({ length: 3 }, () => {
      timeMs += random.between(40, 120) * SECOND_MS;
      return pay(timeMs, customer.id, {
        amount: 600_000 + 1_000 * random.below(900),
        currency: 'CNY',
        kind: 'transfer',
        channel: 'app',
        department: 'Wallet',
        counterparty: `acc-drop-${random.below(60)}`,
        instrument: { type: 'account', token: customer.account },
        device,
      });
    });
  },
};

const nightCash: CampaignKind = {
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

export const fraudCampaigns: readonly CampaignKind[] = [
  cardTesting,
  stolenCard,
  muleAccount,
  compromisedTerminal,
  refundAbuse,
  deviceFarm,
  structuring,
  accountTakeover,
  nightCash,
];
