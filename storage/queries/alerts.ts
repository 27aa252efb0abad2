/** Alerts by cursor, in the order of issue. Only whole batches are read, so that a cursor never steps over a row to come. */
import { type AlertOutcome, DECISIONS } from '../../core/outcomes/outcome.ts';
import type { Store } from '../open-store.ts';
import { type Row, readNumber, readOneOf, readText } from '../row.ts';
import { formatCursor, parseCursor } from '../tables/cursor.ts';
import { POSITION_SELECT, type RowPosition, readPosition } from '../tables/position-columns.ts';
import { PAGE_LIMIT } from './events.ts';
import { REASON_SELECT, readReasons } from './reasons.ts';
import { sinkPosition } from './sink-position.ts';

export interface StoredAlert extends Omit<AlertOutcome, 'kind' | 'index'> {
  /** `"<outcomeSeq>.<item>"` */
  readonly cursor: string;
  readonly position: RowPosition;
}

export interface AlertPage {
  readonly alerts: readonly StoredAlert[];
  /** Every alert up to here was looked at: OUTCOMES after it are not in the page. */
  readonly outcomeSeq: number;
}

const SELECT = `SELECT ${POSITION_SELECT}, alert_id, event_id, source, customer, toUnixTimestamp64Milli(time) AS time_ms,
 decision, score, amount, merchant_id, ruleset_version, ${REASON_SELECT}, business_line, channel, region, currency FROM alerts`;
const UP_TO = 'outcome_seq <= {upTo:UInt64}';

/** Newest first; without a cursor from the newest on. Throws a `WeirError` `request.invalid` for a bad cursor. */
export async function alertsBefore(store: Store, cursor: string | undefined, limit = PAGE_LIMIT): Promise<AlertPage> {
  const { outcomeSeq } = await sinkPosition(store);
  const before = cursor === undefined ? { outcomeSeq: outcomeSeq + 1, item: 0 } : parseCursor(cursor);
  const rows = await store.query(
    'alerts-before',
    `${SELECT} WHERE ${UP_TO} AND (outcome_seq, item) < ({seq:UInt64}, {item:UInt32})
ORDER BY outcome_seq DESC, item DESC LIMIT {limit:UInt32}`,
    { upTo: outcomeSeq, seq: before.outcomeSeq, item: before.item, limit },
  );
  return { alerts: rows.map(readAlert), outcomeSeq };
}

/** Oldest first, after a cursor. Throws a `WeirError` `request.invalid` for a bad cursor. */
export async function alertsAfter(store: Store, cursor: string, limit = PAGE_LIMIT): Promise<AlertPage> {
  const { outcomeSeq } = await sinkPosition(store);
  const after = parseCursor(cursor);
  const rows = await store.query(
    'alerts-after',
    `${SELECT} WHERE ${UP_TO} AND (outcome_seq, item) > ({seq:UInt64}, {item:UInt32})
ORDER BY outcome_seq, item LIMIT {limit:UInt32}`,
    { upTo: outcomeSeq, seq: after.outcomeSeq, item: after.item, limit },
  );
  return { alerts: rows.map(readAlert), outcomeSeq };
}

function readAlert(row: Row): StoredAlert {
  const position = readPosition(row);
  return {
    alertId: readText(row, 'alert_id'),
    eventId: readText(row, 'event_id'),
    source: readText(row, 'source'),
    customer: readText(row, 'customer'),
    timeMs: readNumber(row, 'time_ms'),
    decision: readOneOf(row, 'decision', DECISIONS),
    score: readNumber(row, 'score'),
    amount: readNumber(row, 'amount'),
    merchantId: readText(row, 'merchant_id'),
    rulesetVersion: readNumber(row, 'ruleset_version'),
    reasons: readReasons(row),
    businessLine: readText(row, 'business_line'),
    channel: readText(row, 'channel'),
    region: readText(row, 'region'),
    currency: readText(row, 'currency'),
    cursor: formatCursor(position),
    position,
  };
}
