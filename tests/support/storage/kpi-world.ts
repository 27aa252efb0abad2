/** Seeded transactions over three days with the alerts and offers that follow from them, and the frames that hold all. */
import fc from 'fast-check';
import {
  BUSINESS_LINES,
  CHANNELS,
  TRANSACTION_KINDS,
  TRANSACTION_STATUSES,
} from '../../../core/events/data-schemas.ts';
import type { EventOf, WeirEvent } from '../../../core/events/event.ts';
import type { AlertOutcome, OfferOutcome } from '../../../core/outcomes/outcome.ts';
import { alertFor, offerFor, outcomeFrame, outcomesOf } from './outcome-frames.ts';

export const START_MS = Date.UTC(2024, 1, 27, 22, 13, 7, 501);
export const RANGE_MS = 3 * 86_400_000;

const transaction: fc.Arbitrary<EventOf<'transaction'>> = fc
  .record({
    n: fc.integer({ min: 0, max: 1e9 }),
    // Dense around the first hours, sparse over three days: full and empty buckets of each width.
    afterMs: fc.oneof(fc.nat(RANGE_MS), fc.nat(7_200_000), fc.nat(60_000)),
    // Large, yet so that the sum of all is still exact in a number.
    amount: fc.oneof(fc.nat(1e6), fc.integer({ min: 1e11, max: 9e11 })),
    currency: fc.constantFrom('CNY', 'USD'),
    kind: fc.constantFrom(...TRANSACTION_KINDS),
    status: fc.constantFrom(...TRANSACTION_STATUSES),
    channel: fc.constantFrom(...CHANNELS.slice(0, 3)),
    businessLine: fc.option(fc.constantFrom(...BUSINESS_LINES), { nil: undefined }),
    department: fc.constantFrom('Retail', 'Ops'),
    city: fc.constantFrom('Shanghai', "O'Fallon", '北京'),
    customer: fc.nat(40),
    fee: fc.nat(500),
    cost: fc.nat(500),
  })
  .map(
    ({ n, afterMs, customer, city, businessLine, amount, currency, kind, status, channel, department, fee, cost }) => ({
      type: 'transaction' as const,
      id: `k-${n}`,
      source: 's',
      subject: `c-${customer}`,
      timeMs: START_MS + afterMs,
      offsetMinutes: 0,
      receivedMs: 1_790_000_000_000,
      data: {
        amount,
        currency,
        kind,
        status,
        channel,
        ...(businessLine === undefined ? {} : { businessLine }),
        department,
        merchant: { id: `m-${n % 7}`, city },
        fee,
        cost,
      },
    }),
  );

/** Alerts and offers follow from a transaction here, as `outcomesOf` and the frames below make them. */
export interface KpiWorld {
  readonly transactions: readonly EventOf<'transaction'>[];
  readonly alerts: readonly (AlertOutcome & { kind_: string; department: string })[];
  readonly offers: readonly OfferOutcome[];
}

/** The same each time; frame `i` holds twenty transactions and answers input `1_000 + 20 * i`. */
export function createKpiWorld(): { world: KpiWorld; frames: readonly Uint8Array[] } {
  const transactions = fc.sample(transaction, { seed: 11, numRuns: 3_000 });
  const alerts: KpiWorld['alerts'][number][] = [];
  const offers: OfferOutcome[] = [];
  const frames: Uint8Array[] = [];
  for (let i = 0; i < transactions.length; i += 20) {
    const events = transactions.slice(i, i + 20);
    const outcomes = outcomesOf(events as WeirEvent[]);
    for (const [index, event] of events.entries()) {
      if (outcomes.some((outcome) => outcome.kind === 'alert' && outcome.index === index)) {
        alerts.push({
          ...alertFor(event, index),
          kind_: String(event.data.kind),
          department: String(event.data.department),
        });
      }
      if (event.data.amount % 5 === 0) {
        const offer = { ...offerFor(event, index), timeMs: event.timeMs + 777 };
        offers.push(offer);
        outcomes.push(offer);
      }
    }
    frames.push(outcomeFrame(1_000 + i, outcomes));
  }
  return { world: { transactions, alerts, offers }, frames };
}
