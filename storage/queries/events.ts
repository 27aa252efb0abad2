/** Events by customer or id, rebuilt as they were accepted. Newest first by event time. */
import type { EventType } from '../../core/events/event.ts';
import type { Store } from '../open-store.ts';
import { readNumber, readText } from '../row.ts';
import { EVENT_TABLES } from '../tables/event-fields.ts';
import { eventSelect, readStoredEvent, type StoredEvent } from '../tables/read-event.ts';

export interface PageOptions {
  /** At most this many; 50 when absent. */
  readonly limit?: number;
  /** Only what has an event time before this. */
  readonly beforeMs?: number;
}

export const PAGE_LIMIT = 50;
/** No event is later: the end of what DateTime64 holds. */
export const LATEST_MS = Date.UTC(2299, 0, 1);

export const BEFORE = "time < fromUnixTimestamp64Milli({before:Int64}, 'UTC')";

export async function eventsOfCustomer<T extends EventType>(
  store: Store,
  type: T,
  customer: string,
  o: PageOptions = {},
): Promise<StoredEvent<T>[]> {
  const rows = await store.query(
    `${type}-of-customer`,
    `SELECT ${eventSelect(type)} FROM ${EVENT_TABLES[type].table}
WHERE customer = {customer:String} AND ${BEFORE}
ORDER BY time DESC, outcome_seq DESC, item DESC LIMIT {limit:UInt32}`,
    { customer, before: o.beforeMs ?? LATEST_MS, limit: o.limit ?? PAGE_LIMIT },
  );
  return rows.map((row) => readStoredEvent(type, row));
}

export const transactionsOfCustomer = (store: Store, customer: string, o?: PageOptions) =>
  eventsOfCustomer(store, 'transaction', customer, o);
export const locationsOfCustomer = (store: Store, customer: string, o?: PageOptions) =>
  eventsOfCustomer(store, 'location', customer, o);
export const billsOfCustomer = (store: Store, customer: string, o?: PageOptions) =>
  eventsOfCustomer(store, 'bill', customer, o);
export const profilesOfCustomer = (store: Store, customer: string, o?: PageOptions) =>
  eventsOfCustomer(store, 'profile', customer, o);

/** The event as it was accepted; the newest where several sources use the same id. */
export async function findEvent<T extends EventType>(
  store: Store,
  type: T,
  eventId: string,
  source?: string,
): Promise<StoredEvent<T> | undefined> {
  const rows = await store.query(
    `find-${type}`,
    `SELECT ${eventSelect(type)} FROM ${EVENT_TABLES[type].table}
WHERE event_id = {id:String}${source === undefined ? '' : ' AND source = {source:String}'}
ORDER BY outcome_seq DESC, item DESC LIMIT 1`,
    { id: eventId, ...(source === undefined ? {} : { source }) },
  );
  return rows[0] === undefined ? undefined : readStoredEvent(type, rows[0]);
}

export const findTransaction = (store: Store, eventId: string, source?: string) =>
  findEvent(store, 'transaction', eventId, source);

export interface EventIdCount {
  readonly id: string;
  readonly source: string;
  /** Over 1 would break the guarantee that an event counts once. */
  readonly rows: number;
}

/** Which of these ids are stored, and how often. At most 10,000 ids a call. */
export async function findEventIds(store: Store, type: EventType, ids: readonly string[]): Promise<EventIdCount[]> {
  if (ids.length > EVENT_IDS_MAX) throw new RangeError(`${ids.length} ids, at most ${EVENT_IDS_MAX} a call`);
  const rows = await store.query(
    'find-event-ids',
    `SELECT event_id, source, count() AS n FROM ${EVENT_TABLES[type].table}
WHERE event_id IN {ids:Array(String)} GROUP BY event_id, source`,
    { ids },
  );
  return rows.map((row) => ({
    id: readText(row, 'event_id'),
    source: readText(row, 'source'),
    rows: readNumber(row, 'n'),
  }));
}

const EVENT_IDS_MAX = 10_000;

/** Labels of a transaction, newest first. */
export async function labelsOfTransaction(store: Store, transactionId: string): Promise<StoredEvent<'label'>[]> {
  const rows = await store.query(
    'labels-of-transaction',
    `SELECT ${eventSelect('label')} FROM labels WHERE transaction_id = {id:String} ORDER BY time DESC LIMIT 100`,
    { id: transactionId },
  );
  return rows.map((row) => readStoredEvent('label', row));
}
