/**
 * Accepted events in the order in which they were accepted, up to a message of OUTCOMES: what the log no longer holds. Tables are
 * sorted by time or customer, so they are read in ranges of `outcome_seq`, which their indexes find, as wide as a result may be.
 */
import type { EventType } from '../../core/events/event.ts';
import type { Store } from '../open-store.ts';
import { readNumber } from '../row.ts';
import { EVENT_TABLES } from '../tables/event-fields.ts';
import { eventSelect, readStoredEvent, type StoredEvent } from '../tables/read-event.ts';

/** Rows of one table that are read at once. */
const ROWS_MAX = 50_000;
const SEQS_AT_START = 1_024;
const SEQS_MAX = 2 ** 20;
const TIMEOUT_MS = 120_000;

export interface AcceptedRange {
  readonly types: readonly EventType[];
  /** Only what ingest took then or later, milliseconds since the Unix epoch. */
  readonly fromMs: number;
  /** Only what lies before this message of OUTCOMES. */
  readonly beforeSeq: number;
}

export interface AcceptedBounds {
  /** The first message of OUTCOMES with an event of the range. */
  readonly firstSeq: number;
  /** When ingest took the oldest event before `beforeSeq` that there is, whether or not it is in the range. */
  readonly oldestMs: number;
}

/** Undefined where the range holds none. Throws a `WeirError` `store.unavailable` or `store.query_failed`. */
export async function acceptedBounds(store: Store, o: AcceptedRange): Promise<AcceptedBounds | undefined> {
  let bounds: AcceptedBounds | undefined;
  for (const type of o.types) {
    const rows = await store.query(
      'accepted-bounds',
      `SELECT count() AS rows, min(outcome_seq) AS first_seq, toUnixTimestamp64Milli((SELECT min(received_at) FROM ${EVENT_TABLES[type].table}
WHERE outcome_seq < {before:UInt64})) AS oldest_ms
FROM ${EVENT_TABLES[type].table} WHERE outcome_seq < {before:UInt64} AND ${FROM}`,
      { before: o.beforeSeq, from: o.fromMs },
      { timeoutMs: TIMEOUT_MS },
    );
    const [row] = rows;
    if (row === undefined || readNumber(row, 'rows') === 0) continue;
    const [firstSeq, oldestMs] = [readNumber(row, 'first_seq'), readNumber(row, 'oldest_ms')];
    bounds = {
      firstSeq: Math.min(firstSeq, bounds?.firstSeq ?? firstSeq),
      oldestMs: Math.min(oldestMs, bounds?.oldestMs ?? oldestMs),
    };
  }
  return bounds;
}

/**
 * Batches of events in their order, from message `firstSeq` on. Throws as `acceptedBounds`, and a `RangeError` where one message
 * has more than `rowsMax` events of a type, which no frame of the log has.
 */
export async function* acceptedEvents(
  store: Store,
  o: AcceptedRange,
  firstSeq: number,
  rowsMax = ROWS_MAX,
): AsyncGenerator<StoredEvent[], void, undefined> {
  let width = SEQS_AT_START;
  for (let seq = firstSeq; seq < o.beforeSeq; ) {
    const end = Math.min(seq + width, o.beforeSeq);
    const batch = await readSeqs(store, o, seq, end, rowsMax);
    if (batch === undefined) {
      width = Math.max(1, width >>> 1);
      continue;
    }
    if (batch.length > 0) yield batch;
    seq = end;
    if (batch.length < rowsMax / 4) width = Math.min(SEQS_MAX, width * 2);
  }
}

const FROM = "received_at >= fromUnixTimestamp64Milli({from:Int64}, 'UTC')";

/** The events of messages [from, end); undefined where they are too many for one result. */
async function readSeqs(
  store: Store,
  { types, fromMs }: AcceptedRange,
  from: number,
  end: number,
  rowsMax: number,
): Promise<StoredEvent[] | undefined> {
  const events: StoredEvent[] = [];
  for (const type of types) {
    const rows = await store.query(
      `accepted-${type}`,
      `SELECT ${eventSelect(type)} FROM ${EVENT_TABLES[type].table}
WHERE outcome_seq >= {first:UInt64} AND outcome_seq < {end:UInt64} AND ${FROM} LIMIT {limit:UInt32}`,
      { first: from, end, from: fromMs, limit: rowsMax + 1 },
      { timeoutMs: TIMEOUT_MS },
    );
    if (rows.length > rowsMax) {
      if (end - from > 1) return undefined;
      throw new RangeError(`message ${from} of OUTCOMES has more than ${rowsMax} events`);
    }
    for (const row of rows) events.push(readStoredEvent(type, row));
  }
  return events.sort(({ position: a }, { position: b }) => a.outcomeSeq - b.outcomeSeq || a.item - b.item);
}
