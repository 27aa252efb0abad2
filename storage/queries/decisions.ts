/** Decisions as they were taken, with the trace that rules expand to an explanation. */
import { DECISIONS, type DecisionOutcome } from '../../core/outcomes/outcome.ts';
import type { Store } from '../open-store.ts';
import { type Row, readBytes, readNumber, readOneOf, readText } from '../row.ts';
import { POSITION_SELECT, type RowPosition, readPosition } from '../tables/position-columns.ts';
import type { StoredEvent } from '../tables/read-event.ts';
import { BEFORE, findTransaction, LATEST_MS, PAGE_LIMIT, type PageOptions } from './events.ts';
import { REASON_SELECT, readReasons } from './reasons.ts';

export interface StoredDecision extends Omit<DecisionOutcome, 'kind' | 'index'> {
  readonly position: RowPosition;
}

const SELECT = `SELECT ${POSITION_SELECT}, event_id, source, customer, toUnixTimestamp64Milli(time) AS time_ms, decision,
 score, ruleset_version, ${REASON_SELECT}, base64Encode(trace) AS trace_64 FROM decisions`;

/** The decision and the transaction it was taken on; the newest where several sources use the same id. */
export async function findDecision(
  store: Store,
  eventId: string,
  source?: string,
): Promise<{ decision: StoredDecision; transaction: StoredEvent<'transaction'> | undefined } | undefined> {
  const rows = await store.query(
    'find-decision',
    `${SELECT} WHERE event_id = {id:String}${source === undefined ? '' : ' AND source = {source:String}'}
ORDER BY outcome_seq DESC, item DESC LIMIT 1`,
    { id: eventId, ...(source === undefined ? {} : { source }) },
  );
  if (rows[0] === undefined) return undefined;
  const decision = readDecision(rows[0]);
  return { decision, transaction: await findTransaction(store, eventId, decision.source) };
}

/** Newest first by event time. */
export async function decisionsOfCustomer(
  store: Store,
  customer: string,
  o: PageOptions = {},
): Promise<StoredDecision[]> {
  const rows = await store.query(
    'decisions-of-customer',
    `${SELECT} WHERE customer = {customer:String} AND ${BEFORE}
ORDER BY time DESC, outcome_seq DESC, item DESC LIMIT {limit:UInt32}`,
    { customer, before: o.beforeMs ?? LATEST_MS, limit: o.limit ?? PAGE_LIMIT },
  );
  return rows.map(readDecision);
}

function readDecision(row: Row): StoredDecision {
  return {
    eventId: readText(row, 'event_id'),
    source: readText(row, 'source'),
    customer: readText(row, 'customer'),
    timeMs: readNumber(row, 'time_ms'),
    decision: readOneOf(row, 'decision', DECISIONS),
    score: readNumber(row, 'score'),
    rulesetVersion: readNumber(row, 'ruleset_version'),
    reasons: readReasons(row),
    trace: readBytes(row, 'trace_64'),
    position: readPosition(row),
  };
}
