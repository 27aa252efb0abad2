/**
 * What the phone shows of a customer's account, read out of `GET /v1/customers/{id}`. The processor's own description
 * comes as it is in memory, so its members are looked at before they are used. Pure.
 */
import type { CustomerAnswer } from '../../api/schemas/customers.ts';

export interface BillItem {
  readonly key: string;
  readonly issuer: string;
  readonly amount: number;
  readonly currency: string;
  /** YYYY-MM-DD. */
  readonly dueDate: string;
}
export interface Place {
  readonly lat: number;
  readonly lon: number;
}
export interface CustomerAccount {
  readonly name: string | undefined;
  readonly position: Place | undefined;
  readonly bills: readonly BillItem[];
  readonly transactions: CustomerAnswer['transactions'];
}

function members(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function readBill(value: unknown): BillItem[] {
  const { key, issuer, amount, currency, dueDate } = members(value);
  if (typeof amount !== 'number' || typeof currency !== 'string' || typeof dueDate !== 'string') return [];
  return [
    {
      key: typeof key === 'string' ? key : `${dueDate} ${amount}`,
      issuer: typeof issuer === 'string' ? issuer : '',
      amount,
      currency,
      dueDate,
    },
  ];
}

export function readAccount(answer: CustomerAnswer): CustomerAccount {
  const description = answer.state.available ? members(answer.state.description) : {};
  const { name } = members(description.profile);
  const { openBills } = description;
  const located = answer.locations[0];
  return {
    name: typeof name === 'string' && name !== '' ? name : undefined,
    position: located === undefined ? undefined : { lat: located.lat, lon: located.lon },
    bills: Array.isArray(openBills)
      ? openBills.flatMap(readBill).sort((a, b) => a.dueDate.localeCompare(b.dueDate))
      : [],
    transactions: answer.transactions,
  };
}

/** Whole days from one local date to another; negative when `dueDate` has passed. */
export function daysUntil(dueDate: string, nowMs: number, offsetMinutes: number): number {
  const today = Math.floor((nowMs + offsetMinutes * 60_000) / 86_400_000);
  return Math.round(Date.parse(`${dueDate}T00:00:00Z`) / 86_400_000) - today;
}
