/**
 * Everyday life: one slot of the city's time → what one customer does in it. Shops are round the corner from where the
 * customer is, and amounts follow the shop and the customer's means.
 */
import { billOf, payBill, paySupplier, refund, topUp, transfer, withdraw } from './account-acts.ts';
import type { Point } from './city.ts';
import type { Customer } from './customers.ts';
import { asDemoEvent, type DemoEvent, makeEvent } from './demo-event.ts';
import { positionAt } from './movement.ts';
import { amountFor, instrumentOf, isNight, mainCard, outcomeOf, priced, type Townsfolk } from './payment-terms.ts';
import type { Random } from './random.ts';

/** Typical amounts in fen, and how often a category is visited by day and by night. */
const SHOPPING: readonly (readonly [category: string, typicalFen: number, byDay: number, byNight: number])[] = [
  ['supermarket', 8_600, 24, 0],
  ['restaurant', 9_200, 20, 4],
  ['cafe', 4_200, 16, 0],
  ['convenience', 3_600, 16, 50],
  ['petrol', 16_000, 5, 14],
  ['pharmacy', 6_400, 6, 0],
  ['cinema', 8_800, 2, 0],
  ['fashion', 16_500, 3, 0],
  ['hotel', 19_000, 1, 2],
  ['electronics', 21_000, 1, 0],
];
const ONLINE_TYPICAL_FEN = 6_800;

/** Share of each kind of act among the slots of a customer who is no business. */
const ACTS = [
  ['location', 46],
  ['shop', 27],
  ['online', 9],
  ['transfer', 4],
  ['topup', 4],
  ['withdrawal', 3],
  ['bill', 3],
  ['payBill', 3],
  ['refund', 0.8],
  ['profile', 0.2],
] as const;
const ACTS_TOTAL = ACTS.reduce((sum, [, share]) => sum + share, 0);

/** What the customer does at this moment: one event, or two that belong together. */
export function liveSlot(town: Townsfolk, customer: Customer, timeMs: number, random: Random): DemoEvent[] {
  if (customer.isBusiness && random.chance(0.5)) return [paySupplier(town, customer, timeMs, random)];
  const at = positionAt(town.seed, customer, timeMs);
  switch (pickAct(random)) {
    case 'shop':
      return [shop(town, customer, at, timeMs, random)];
    case 'online':
      return [shopOnline(town, customer, at, timeMs, random)];
    case 'transfer':
      return [transfer(town, customer, at, timeMs, random)];
    case 'topup':
      return [topUp(customer, timeMs, random)];
    case 'withdrawal':
      return [withdraw(town, customer, at, timeMs, random)];
    case 'bill':
      return [
        asDemoEvent(makeEvent('bill', timeMs, customer.id, { ...billOf(town.seed, customer, timeMs), paid: false })),
      ];
    case 'payBill':
      return payBill(town, customer, timeMs, random);
    case 'refund':
      return [refund(town, customer, at, timeMs, random)];
    case 'profile':
      return [
        asDemoEvent(
          makeEvent('profile', timeMs, customer.id, { attributes: { tier: random.pick(['silver', 'gold', 'jade']) } }),
        ),
      ];
    default:
      return [locate(customer, at, timeMs, random)];
  }
}

function pickAct(random: Random): (typeof ACTS)[number][0] {
  let left = random.next() * ACTS_TOTAL;
  for (const [act, share] of ACTS) {
    left -= share;
    if (left < 0) return act;
  }
  return 'location';
}

function locate(customer: Customer, at: Point, timeMs: number, random: Random): DemoEvent {
  const origin = random.pick(['gps', 'gps', 'gps', 'wifi', 'cell'] as const);
  const accuracyM = origin === 'gps' ? 8 : origin === 'wifi' ? 35 : 250;
  return asDemoEvent(makeEvent('location', timeMs, customer.id, { lat: at.lat, lon: at.lon, accuracyM, origin }));
}

function shop(town: Townsfolk, customer: Customer, at: Point, timeMs: number, random: Random): DemoEvent {
  const weight = isNight(timeMs) ? 3 : 2;
  const total = SHOPPING.reduce((sum, entry) => sum + entry[weight], 0);
  let left = random.next() * total;
  let chosen = SHOPPING[0];
  for (const entry of SHOPPING) {
    left -= entry[weight];
    if (left < 0) {
      chosen = entry;
      break;
    }
  }
  const [category, typicalFen] = chosen ?? ['convenience', 3_600];
  const place = town.places.near(at, category, random);
  const amount = amountFor(typicalFen, customer, random);
  const outcome = outcomeOf(random);
  return asDemoEvent(
    makeEvent('transaction', timeMs, customer.id, {
      amount,
      currency: 'CNY',
      kind: 'purchase',
      ...outcome,
      channel: 'pos',
      businessLine: 'B2C',
      department: 'Acquiring',
      merchant: { id: place.id, name: place.name, mcc: place.mcc, city: place.city, lat: place.lat, lon: place.lon },
      instrument: instrumentOf(mainCard(customer, random)),
      lat: place.lat,
      lon: place.lon,
      ...priced(amount, 'B2C', outcome.status),
    }),
  );
}

function shopOnline(town: Townsfolk, customer: Customer, at: Point, timeMs: number, random: Random): DemoEvent {
  const merchant = random.pick(town.places.online);
  const amount = amountFor(ONLINE_TYPICAL_FEN, customer, random);
  const outcome = outcomeOf(random);
  const isPartner = random.chance(0.45);
  const channel = random.chance(0.7) ? 'app' : 'web';
  return asDemoEvent(
    makeEvent('transaction', timeMs, customer.id, {
      amount,
      currency: 'CNY',
      kind: 'purchase',
      ...outcome,
      channel,
      businessLine: isPartner ? 'B2B2C' : 'B2C',
      department: isPartner ? 'Wallet partners' : 'Online',
      merchant: { id: merchant.id, name: merchant.name, mcc: merchant.mcc, city: merchant.city },
      instrument: instrumentOf(mainCard(customer, random)),
      device: { id: customer.deviceId, ip: customer.ip },
      ...(channel === 'app' ? { lat: at.lat, lon: at.lon } : {}),
      ...priced(amount, isPartner ? 'B2B2C' : 'B2C', outcome.status),
    }),
  );
}
