/**
 * What everyday life does from an account instead of in a shop: transfers to friends, top-ups, cash, refunds, suppliers'
 * invoices, bills and their payment.
 */
import type { Point } from './city.ts';
import type { Customer } from './customers.ts';
import { asDemoEvent, type DemoEvent, makeEvent } from './demo-event.ts';
import { dateOf, localTime } from './movement.ts';
import { BILLERS, ISSUERS } from './names.ts';
import { amountFor, instrumentOf, isNight, mainCard, outcomeOf, priced, type Townsfolk } from './payment-terms.ts';
import { createRandom, type Random } from './random.ts';

export function transfer(town: Townsfolk, customer: Customer, at: Point, timeMs: number, random: Random): DemoEvent {
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

export function topUp(customer: Customer, timeMs: number, random: Random): DemoEvent {
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

export function withdraw(town: Townsfolk, customer: Customer, at: Point, timeMs: number, random: Random): DemoEvent {
  const place = town.places.near(at, 'atm', random);
  const amount = isNight(timeMs) ? 10_000 : 10_000 * (1 + random.below(3));
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

export function refund(town: Townsfolk, customer: Customer, at: Point, timeMs: number, random: Random): DemoEvent {
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

export function paySupplier(town: Townsfolk, customer: Customer, timeMs: number, random: Random): DemoEvent {
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

export function payBill(town: Townsfolk, customer: Customer, timeMs: number, random: Random): DemoEvent[] {
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
