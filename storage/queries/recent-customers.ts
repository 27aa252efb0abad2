/** Who has been active lately, in the order of the log. Bounded by frames, so that its cost does not grow with history. */
import type { Store } from '../open-store.ts';
import { readNumber, readText } from '../row.ts';
import { sinkPosition } from './sink-position.ts';

const FRAMES_LOOKED_AT = 20_000;

export interface RecentCustomer {
  readonly customer: string;
  readonly lastTimeMs: number;
  /** Among the frames that were looked at. */
  readonly events: number;
}

export async function recentCustomers(store: Store, limit = 50): Promise<RecentCustomer[]> {
  const { outcomeSeq } = await sinkPosition(store);
  const part = (table: string) => `SELECT customer, time, outcome_seq FROM ${table} WHERE outcome_seq > {after:UInt64}`;
  const rows = await store.query(
    'recent-customers',
    `SELECT customer, toUnixTimestamp64Milli(max(time)) AS time_ms, count() AS events, max(outcome_seq) AS last
FROM (${part('transactions')} UNION ALL ${part('locations')})
GROUP BY customer ORDER BY last DESC, customer LIMIT {limit:UInt32}`,
    { after: Math.max(0, outcomeSeq - FRAMES_LOOKED_AT), limit },
  );
  return rows.map((row) => ({
    customer: readText(row, 'customer'),
    lastTimeMs: readNumber(row, 'time_ms'),
    events: readNumber(row, 'events'),
  }));
}
