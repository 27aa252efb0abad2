/**
 * What campaigns of fraud are made of: a kind with its period, and the payments, cards, people and devices that its
 * transactions draw on. Ordinary customers are the victims; the personas are left in peace.
 */
import type { TransactionData } from '../../core/events/data-schemas.ts';
import type { Customer } from './customers.ts';
import { asDemoEvent, type DemoEvent, makeEvent } from './demo-event.ts';
import { type BusinessLine, instrumentOf, priced, type Status, type Townsfolk } from './payment-terms.ts';
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

export type Payment = Omit<TransactionData, 'businessLine' | 'status'> & {
  readonly businessLine?: BusinessLine;
  readonly status?: Status;
};

export function pay(timeMs: number, subject: string, data: Payment): DemoEvent {
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

export function merchantOf(place: Place): NonNullable<TransactionData['merchant']> {
  return { id: place.id, name: place.name, mcc: place.mcc, city: place.city, lat: place.lat, lon: place.lon };
}

export function cardOf(customer: Customer): NonNullable<TransactionData['instrument']> {
  const card = customer.cards[0];
  if (card === undefined) throw new RangeError(`${customer.id} has no card`);
  return instrumentOf(card);
}

export function person(town: Townsfolk, random: Random): Customer {
  for (;;) {
    const customer = random.pick(town.customers);
    if (!customer.isBusiness) return customer;
  }
}

/** Somebody else's device, seen for the first time. */
export function strangeDevice(startMs: number, random: Random): { id: string; ip: string } {
  return {
    id: `dev-x-${startMs.toString(36)}-${random.below(1_000_000)}`,
    ip: `10.99.${random.below(256)}.${random.below(256)}`,
  };
}
