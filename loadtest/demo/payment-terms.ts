/**
 * The terms that all payments of the demo city share: what they cost and earn by business line, how often they fail,
 * which card is pulled, and how an amount follows the customer's means.
 */
import type { TRANSACTION_STATUSES, TransactionData } from '../../core/events/data-schemas.ts';
import type { Card, Customer } from './customers.ts';
import { localTime } from './movement.ts';
import type { PlaceIndex } from './places.ts';
import type { Random } from './random.ts';

export interface Townsfolk {
  readonly seed: number;
  readonly places: PlaceIndex;
  readonly customers: readonly Customer[];
}

const DECLINED_SHARE = 0.035;
const PENDING_SHARE = 0.006;
const DECLINE_REASONS = ['insufficient_funds', 'insufficient_funds', 'expired_card', 'issuer_unavailable'] as const;
const NIGHT_UNTIL_HOUR = 7;
const NIGHT_FROM_HOUR = 22.5;

/** Whether shops are shut and people asleep. */
export function isNight(timeMs: number): boolean {
  const { hour } = localTime(timeMs);
  return hour < NIGHT_UNTIL_HOUR || hour > NIGHT_FROM_HOUR;
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

export function amountFor(typicalFen: number, customer: Customer, random: Random): number {
  return Math.max(100, Math.round((typicalFen * customer.wealth * Math.exp(random.normal() * 0.45)) / 10) * 10);
}
