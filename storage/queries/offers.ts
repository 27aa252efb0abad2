/**
 * A customer's offers and withdrawals. By cursor they come in the order of issue and from whole batches only, so that a
 * socket that resumes here and goes on with OUTCOMES after `outcomeSeq` misses none and repeats none.
 */
import type { OfferOutcome, OfferPlace, WithdrawnOutcome } from '../../core/outcomes/outcome.ts';
import type { Store } from '../open-store.ts';
import { type Row, readNumber, readNumberOrAbsent, readText } from '../row.ts';
import { formatCursor, parseCursor } from '../tables/cursor.ts';
import { POSITION_SELECT, type RowPosition, readPosition } from '../tables/position-columns.ts';
import { BEFORE, LATEST_MS, PAGE_LIMIT, type PageOptions } from './events.ts';
import { sinkPosition } from './sink-position.ts';

export interface StoredOffer extends Omit<OfferOutcome, 'index'> {
  /** `"<outcomeSeq>.<item>"` */
  readonly cursor: string;
  readonly position: RowPosition;
}

export interface StoredWithdrawal extends Omit<WithdrawnOutcome, 'index'> {
  readonly cursor: string;
  readonly position: RowPosition;
}

export interface OfferPage {
  /** `kind` tells offers from withdrawals. */
  readonly items: readonly (StoredOffer | StoredWithdrawal)[];
  /** Everything up to here was looked at: go on with OUTCOMES after it (unless `items` reached the limit). */
  readonly outcomeSeq: number;
}

const OFFER_SELECT = `SELECT ${POSITION_SELECT}, offer_id, campaign_id, customer, toUnixTimestamp64Milli(time) AS time_ms,
 toUnixTimestamp64Milli(valid_until) AS valid_until_ms, title, body, reason, has_place, place_id, place_name, place_category,
 place_lat, place_lon, distance_m, rule_id, rule_version, ruleset_version, business_line, channel, region, currency FROM offers`;
const WITHDRAWAL_SELECT = `SELECT ${POSITION_SELECT}, offer_id, customer, toUnixTimestamp64Milli(time) AS time_ms, reason
 FROM withdrawals`;

/** Oldest first, after the cursor (from the beginning without one). Throws a `WeirError` `request.invalid` for a bad cursor. */
export async function offersAfter(
  store: Store,
  customer: string,
  cursor: string | undefined,
  limit = PAGE_LIMIT,
): Promise<OfferPage> {
  const after = cursor === undefined ? { outcomeSeq: 0, item: 0 } : parseCursor(cursor);
  const { outcomeSeq } = await sinkPosition(store);
  const params = { customer, upTo: outcomeSeq, seq: after.outcomeSeq, item: after.item, limit };
  const tail = `WHERE customer = {customer:String} AND outcome_seq <= {upTo:UInt64}
AND (outcome_seq, item) > ({seq:UInt64}, {item:UInt32}) ORDER BY outcome_seq, item LIMIT {limit:UInt32}`;
  const [offers, withdrawals] = await Promise.all([
    store.query('offers-after', `${OFFER_SELECT} ${tail}`, params),
    store.query('withdrawals-after', `${WITHDRAWAL_SELECT} ${tail}`, params),
  ]);
  const items = [...offers.map(readOffer), ...withdrawals.map(readWithdrawal)].sort(
    (a, b) => a.position.outcomeSeq - b.position.outcomeSeq || a.position.item - b.position.item,
  );
  return { items: items.slice(0, limit), outcomeSeq };
}

/**
 * Oldest first, after the cursor: offers that hold at `nowMs`, and every withdrawal. What has expired or was withdrawn
 * by now is left out, so that a long history costs a new socket nothing. Throws like `offersAfter`.
 */
export async function offersHolding(
  store: Store,
  customer: string,
  cursor: string | undefined,
  nowMs: number,
  limit = PAGE_LIMIT,
): Promise<OfferPage> {
  const after = cursor === undefined ? { outcomeSeq: 0, item: 0 } : parseCursor(cursor);
  const { outcomeSeq } = await sinkPosition(store);
  const params = { customer, upTo: outcomeSeq, seq: after.outcomeSeq, item: after.item, now: nowMs, limit };
  const ofCustomer = 'customer = {customer:String} AND outcome_seq <= {upTo:UInt64}';
  const tail = 'AND (outcome_seq, item) > ({seq:UInt64}, {item:UInt32})';
  const order = 'ORDER BY outcome_seq, item LIMIT {limit:UInt32}';
  const [offers, withdrawals] = await Promise.all([
    store.query(
      'offers-holding',
      `${OFFER_SELECT} WHERE ${ofCustomer} ${tail} AND valid_until > fromUnixTimestamp64Milli({now:Int64}, 'UTC')
AND offer_id NOT IN (SELECT offer_id FROM withdrawals WHERE ${ofCustomer}) ${order}`,
      params,
    ),
    store.query('withdrawals-after', `${WITHDRAWAL_SELECT} WHERE ${ofCustomer} ${tail} ${order}`, params),
  ]);
  const items = [...offers.map(readOffer), ...withdrawals.map(readWithdrawal)].sort(
    (a, b) => a.position.outcomeSeq - b.position.outcomeSeq || a.position.item - b.position.item,
  );
  return { items: items.slice(0, limit), outcomeSeq };
}

/** Newest first by event time, withdrawn and expired ones included. */
export async function offersOfCustomer(store: Store, customer: string, o: PageOptions = {}): Promise<StoredOffer[]> {
  const rows = await store.query(
    'offers-of-customer',
    `${OFFER_SELECT} WHERE customer = {customer:String} AND ${BEFORE}
ORDER BY time DESC, outcome_seq DESC, item DESC LIMIT {limit:UInt32}`,
    { customer, before: o.beforeMs ?? LATEST_MS, limit: o.limit ?? PAGE_LIMIT },
  );
  return rows.map(readOffer);
}

function readOffer(row: Row): StoredOffer {
  const position = readPosition(row);
  const distanceM = readNumberOrAbsent(row, 'distance_m');
  return {
    kind: 'offer',
    offerId: readText(row, 'offer_id'),
    campaignId: readText(row, 'campaign_id'),
    customer: readText(row, 'customer'),
    timeMs: readNumber(row, 'time_ms'),
    validUntilMs: readNumber(row, 'valid_until_ms'),
    title: readText(row, 'title'),
    body: readText(row, 'body'),
    reason: readText(row, 'reason'),
    ...(readNumber(row, 'has_place') === 1 ? { place: readPlace(row) } : {}),
    ...(distanceM === undefined ? {} : { distanceM }),
    ruleId: readText(row, 'rule_id'),
    ruleVersion: readNumber(row, 'rule_version'),
    rulesetVersion: readNumber(row, 'ruleset_version'),
    businessLine: readText(row, 'business_line'),
    channel: readText(row, 'channel'),
    region: readText(row, 'region'),
    currency: readText(row, 'currency'),
    cursor: formatCursor(position),
    position,
  };
}

function readPlace(row: Row): OfferPlace {
  return {
    id: readText(row, 'place_id'),
    name: readText(row, 'place_name'),
    category: readText(row, 'place_category'),
    lat: readNumber(row, 'place_lat'),
    lon: readNumber(row, 'place_lon'),
  };
}

function readWithdrawal(row: Row): StoredWithdrawal {
  const position = readPosition(row);
  return {
    kind: 'withdrawn',
    offerId: readText(row, 'offer_id'),
    customer: readText(row, 'customer'),
    timeMs: readNumber(row, 'time_ms'),
    reason: readText(row, 'reason'),
    cursor: formatCursor(position),
    position,
  };
}
