/** Fraud with accounts: mules, farms of devices, sums kept under the reporting limit, taken-over accounts. */
import { MINUTE_MS, SECOND_MS } from '../../core/clock.ts';
import { type CampaignKind, cardOf, pay, person, strangeDevice } from './campaign-kind.ts';
import type { DemoEvent } from './demo-event.ts';

/** Transfers are reported to the authorities from here on. */
const REPORTING_LIMIT_FEN = 5_000_000;

export const muleAccount: CampaignKind = {
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

export const deviceFarm: CampaignKind = {
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

export const structuring: CampaignKind = {
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

export const accountTakeover: CampaignKind = {
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
