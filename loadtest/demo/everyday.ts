/**
 * Everyday life: one slot of the city's time → what one customer does in it. Shops are round the corner from where the
 * customer is, amounts follow the shop and the customer's means, and fees and costs follow the business line.
 */
import type { TRANSACTION_STATUSES, TransactionData } from '../../core/events/data-schemas.ts';
import { offsetBy, type Point } from './city.ts';
import type { Card, Customer } from './customers.ts';
import { asDemoEvent, type DemoEvent, makeEvent } from './demo-event.ts';
import { dateOf, localTime, positionAt } from './movement.ts';
import { BILLERS, ISSUERS } from './names.ts';
import type { PlaceIndex } from './places.ts';
import { createRandom, type Random } from './random.ts';

export interface Townsfolk {
  readonly seed: number;
  readonly places: PlaceIndex;
  readonly customers: readonly Customer[];
}

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

const DECLINED_SHARE = 0.035;
const PENDING_SHARE = 0.006;
const DECLINE_REASONS = ['insufficient_funds', 'insufficient_funds', 'expired_card', 'issuer_unavailable'] as const;
const NIGHT_UNTIL_HOUR = 7;
const NIGHT_FROM_HOUR = 22.5;

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

export function locate(customer: Customer, at: Point, timeMs: number, random: Random): DemoEvent {
  const origin = random.pick(['gps', 'gps', 'gps', 'wifi', 'cell'] as const);
  const accuracyM = origin === 'gps' ? 8 : origin === 'wifi' ? 35 : 250;
  return asDemoEvent(makeEvent('location', timeMs, customer.id, { lat: at.lat, lon: at.lon, accuracyM, origin }));
}

/** Fee earned and cost incurred: shares of the amount by business line, in basis points, and a fixed cost. */
const RATES = { B2C: [60, 28, 4], B2B: [18, 7, 30], B2B2C: [95, 52, 6] } as const;

export type BusinessLine = keyof typeof RATES;
export type Status = (typeof TRANSACTION_STATUSES)[number];

export function priced(amount: number, businessLine: BusinessLine, status: Status): { fee: number; cost: number } {
  const [feePoints, costPoints, fixed] = RATES[businessLine];
  if (status === 'declined') return { fee: 0, cost: fixed };
  return { fee: Math.round((amount * feePoints) / 10_000), cost: fixed + Math.round((amount * costPoints) / 10_000) };
}

export function outcomeOf(random: Random): { readonly status: Status; readonly declineReason?: string } {
  const dice = random.next();
  if (dice < DECLINED_SHARE) return { status: 'declined', declineReason: random.pick(DECLINE_REASONS) };
  return { status: dice < DECLINED_SHARE + PENDING_SHARE ? 'pending' : 'approved' };
}

export function instrumentOf(card: Card): NonNullable<TransactionData['instrument']> {
  return { type: card.type, token: card.token, issuer: card.issuer };
}

export function mainCard(customer: Customer, random: Random): Card {
  const usual = customer.cards[0];
  if (usual === undefined) throw new RangeError(`${customer.id} has no card`);
  return random.chance(0.75) ? usual : random.pick(customer.cards);
}

function amountFor(typicalFen: number, customer: Customer, random: Random): number {
  return Math.max(100, Math.round((typicalFen * customer.wealth * Math.exp(random.normal() * 0.45)) / 10) * 10);
}

function shop(town: Townsfolk, customer: Customer, at: Point, timeMs: number, random: Random): DemoEvent {
  const { hour } = localTime(timeMs);
  const isNight = hour < NIGHT_UNTIL_HOUR || hour > NIGHT_FROM_HOUR;
  const total = SHOPPING.reduce((sum, entry) => sum + entry[isNight ? 3 : 2], 0);
  let left = random.next() * total;
  let chosen = SHOPPING[0];
  for (const entry of SHOPPING) {
    left -= entry[isNight ? 3 : 2];
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

function transfer(town: Townsfolk, customer: Customer, at: Point, timeMs: number, random: Random): DemoEvent {
  // Friends are few and always the same.
  const friend = createRandom(town.seed, 'friend', customer.index, random.below(4)).pick(town.customers);
  const amount = amountFor(11_000, customer, random);
  return asDemoEvent(
    makeEvent('transaction', timeMs, customer.id, {
      amount,
      currency: 'CNY',
      kind: 'transfer',
      ...outcomeOf(random),
      channel: 'app',
      businessLine: 'B2C',
      department: 'Wallet',
      instrument: { type: 'account', token: customer.account },
      device: { id: customer.deviceId, ip: customer.ip },
      counterparty: friend.id,
      lat: at.lat,
      lon: at.lon,
      fee: 0,
      cost: 3,
    }),
  );
}

function topUp(customer: Customer, timeMs: number, random: Random): DemoEvent {
  const amount = random.pick([3_000, 5_000, 5_000, 10_000]);
  const channel = random.pick(['ussd', 'sms', 'app'] as const);
  const outcome = outcomeOf(random);
  return asDemoEvent(
    makeEvent('transaction', timeMs, customer.id, {
      amount,
      currency: 'CNY',
      kind: 'topup',
      ...outcome,
      channel,
      businessLine: 'B2B2C',
      department: 'Telecom',
      merchant: { id: 'on-telecom', name: '云网通信 Cloudnet Telecom', mcc: '4814', city: customer.homeCity },
      instrument: { type: 'account', token: customer.account },
      ...(channel === 'app' ? { device: { id: customer.deviceId, ip: customer.ip } } : {}),
      ...priced(amount, 'B2B2C', outcome.status),
    }),
  );
}

function withdraw(town: Townsfolk, customer: Customer, at: Point, timeMs: number, random: Random): DemoEvent {
  const { hour } = localTime(timeMs);
  const isNight = hour < NIGHT_UNTIL_HOUR || hour > NIGHT_FROM_HOUR;
  const place = town.places.near(at, 'atm', random);
  const amount = isNight ? 10_000 : 10_000 * (1 + random.below(3));
  const outcome = outcomeOf(random);
  return asDemoEvent(
    makeEvent('transaction', timeMs, customer.id, {
      amount,
      currency: 'CNY',
      kind: 'withdrawal',
      ...outcome,
      channel: 'atm',
      businessLine: 'B2C',
      department: 'Cash',
      merchant: { id: place.id, name: place.name, mcc: place.mcc, city: place.city, lat: place.lat, lon: place.lon },
      instrument: instrumentOf(mainCard(customer, random)),
      lat: place.lat,
      lon: place.lon,
      fee: outcome.status === 'declined' ? 0 : 200,
      cost: 90,
    }),
  );
}

function refund(town: Townsfolk, customer: Customer, at: Point, timeMs: number, random: Random): DemoEvent {
  const place = town.places.near(at, 'fashion', random);
  const amount = amountFor(9_000, customer, random);
  return asDemoEvent(
    makeEvent('transaction', timeMs, customer.id, {
      amount,
      currency: 'CNY',
      kind: 'refund',
      status: 'approved',
      channel: 'pos',
      businessLine: 'B2C',
      department: 'Acquiring',
      merchant: { id: place.id, name: place.name, mcc: place.mcc, city: place.city, lat: place.lat, lon: place.lon },
      instrument: instrumentOf(mainCard(customer, random)),
      fee: 0,
      cost: 12,
    }),
  );
}

function paySupplier(town: Townsfolk, customer: Customer, timeMs: number, random: Random): DemoEvent {
  const supplier = createRandom(town.seed, 'supplier', customer.index, random.below(6)).below(200);
  const amount = amountFor(380_000, customer, random);
  const outcome = outcomeOf(random);
  return asDemoEvent(
    makeEvent('transaction', timeMs, customer.id, {
      amount,
      currency: 'CNY',
      kind: 'transfer',
      ...outcome,
      channel: 'web',
      businessLine: 'B2B',
      department: 'Corporate',
      merchant: { id: `sup-${supplier}`, name: `供应商 Supplier ${supplier}`, mcc: '5099', city: customer.homeCity },
      instrument: { type: 'account', token: customer.account },
      device: { id: customer.deviceId, ip: customer.ip },
      counterparty: `acc-sup-${supplier}`,
      ...priced(amount, 'B2B', outcome.status),
    }),
  );
}

/** A customer's bill of this month: the same whenever it is asked for. */
export function billOf(seed: number, customer: Customer, timeMs: number) {
  const { day } = localTime(timeMs);
  const month = dateOf(day).slice(0, 7);
  const random = createRandom(seed, `bill ${month}`, customer.index);
  const card = customer.cards.find((candidate) => candidate.type === 'credit_card');
  const dueDate = `${month}-${String(5 + random.below(24)).padStart(2, '0')}`;
  const amount = amountFor(card === undefined ? 14_000 : 60_000, customer, random);
  return card === undefined
    ? { amount, currency: 'CNY', dueDate, issuer: random.pick(BILLERS) }
    : { amount, currency: 'CNY', dueDate, issuer: card.issuer, instrument: instrumentOf(card) };
}

function payBill(town: Townsfolk, customer: Customer, timeMs: number, random: Random): DemoEvent[] {
  const bill = billOf(town.seed, customer, timeMs);
  const channel = random.pick(['app', 'sms', 'ussd', 'app'] as const);
  const payment = makeEvent('transaction', timeMs, customer.id, {
    amount: bill.amount,
    currency: 'CNY',
    kind: 'bill_payment',
    status: 'approved',
    channel,
    businessLine: 'B2C',
    department: 'Bills',
    merchant: {
      id: `biller-${([...BILLERS, ...ISSUERS] as string[]).indexOf(bill.issuer)}`,
      name: bill.issuer,
      city: customer.homeCity,
    },
    instrument: { type: 'account', token: customer.account },
    ...(channel === 'app' ? { device: { id: customer.deviceId, ip: customer.ip } } : {}),
    ...priced(bill.amount, 'B2C', 'approved'),
  });
  return [asDemoEvent(payment), asDemoEvent(makeEvent('bill', timeMs + 1, customer.id, { ...bill, paid: true }))];
}

/** Somewhere within a walk of the point. */
export function strollFrom(point: Point, random: Random): Point {
  return offsetBy(point, random.between(-200, 200), random.between(-200, 200));
}
