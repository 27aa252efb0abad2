/**
 * The unpaid bills of one customer. A bill is known by its issuer, due date and instrument; a further `bill` event for
 * it replaces it, `paid: true` removes it, and so does a `bill_payment` to the issuer that covers it. Lists are
 * replaced, never changed, so that an event that fails leaves the old one.
 */
import { DAY_MS } from '../../../core/clock.ts';
import type { BillData, TransactionData } from '../../../core/events/data-schemas.ts';
import { OPEN_BILLS_MAX } from '../limits.ts';

export interface Bill {
  readonly key: string;
  readonly amount: number;
  readonly currency: string;
  readonly dueDate: string;
  readonly issuer: string | undefined;
  readonly instrument: BillData['instrument'] | undefined;
}

/** The fact `bill`. */
export interface BillFact {
  readonly amount: number;
  readonly currency: string;
  readonly dueDate: string;
  readonly issuer: string | undefined;
  readonly instrument: BillData['instrument'] | undefined;
  /** Days from the event's local date to the due date; negative when overdue. */
  readonly dueInDays: number;
}

export interface BillChange {
  readonly bills: readonly Bill[];
  /** Keys of bills that are settled by this event. */
  readonly paid: readonly string[];
}

function billKey(data: BillData): string {
  return `${data.issuer ?? ''}\u0000${data.dueDate}\u0000${data.instrument?.token ?? ''}`;
}

export function applyBill(bills: readonly Bill[], data: BillData): BillChange {
  const key = billKey(data);
  const others = bills.filter((bill) => bill.key !== key);
  if (data.paid === true) return { bills: others, paid: [key] };
  const { amount, currency, dueDate, issuer, instrument } = data;
  const open = [...others, { key, amount, currency, dueDate, issuer, instrument }].sort(byDueDate);
  return { bills: open.slice(-OPEN_BILLS_MAX), paid: [] };
}

/** A payment settles the earliest bill of the issuer that it covers in full. */
export function applyPayment(bills: readonly Bill[], data: TransactionData): BillChange | undefined {
  if (data.kind !== 'bill_payment' || data.status === 'declined' || data.status === 'reversed') return undefined;
  const payees = [data.counterparty, data.merchant?.id, data.merchant?.name];
  const settled = bills.find(
    (bill) =>
      bill.issuer !== undefined &&
      payees.includes(bill.issuer) &&
      bill.currency === data.currency &&
      data.amount >= bill.amount,
  );
  if (settled === undefined) return undefined;
  return { bills: bills.filter((bill) => bill !== settled), paid: [settled.key] };
}

/** Bills of two customers that turn out to be one; of two for the same bill, the first's stays. */
export function mergeBills(bills: readonly Bill[], others: readonly Bill[]): readonly Bill[] {
  const more = others.filter((other) => bills.every((bill) => bill.key !== other.key));
  return more.length === 0 ? bills : [...bills, ...more].sort(byDueDate).slice(-OPEN_BILLS_MAX);
}

/** The bill due next on or after the local date, else the one that is overdue for the shortest time. */
export function nextBill(bills: readonly Bill[], localDay: number): { bill: Bill; fact: BillFact } | undefined {
  let latest: Bill | undefined;
  for (const bill of bills) {
    latest = bill;
    if (dayOf(bill.dueDate) >= localDay) break;
  }
  if (latest === undefined) return undefined;
  const { amount, currency, dueDate, issuer, instrument } = latest;
  const dueInDays = dayOf(dueDate) - localDay;
  return { bill: latest, fact: { amount, currency, dueDate, issuer, instrument, dueInDays } };
}

function dayOf(date: string): number {
  return Math.floor(Date.parse(`${date}T00:00:00Z`) / DAY_MS);
}

function byDueDate(a: Bill, b: Bill): number {
  if (a.dueDate !== b.dueDate) return a.dueDate < b.dueDate ? -1 : 1;
  return a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
}
