/**
 * One record per customer (and per place, as the owner of its own events), 80 bytes in the slab: first and newest event
 * times, counts, where its history ring lies, and where to find what only some customers have (devices and issuers in
 * `seen-list.ts`, profile, bills and offers in `customer-details.ts`). Rows are numbered from 1; 0 is "none".
 */

import { CUSTOMERS_MAX } from '../limits.ts';
import type { MemoryReport } from '../memory/memory-report.ts';
import { RecordTable, type RecordTableHead } from '../memory/record-table.ts';
import type { Slab } from '../memory/slab.ts';
import { addSeen, hasSeen, listSeen, measureSeen, releaseSeen, writeSeen } from './seen-list.ts';

/** Event types that windows take; each has a newest time of its own, by which lateness is judged. */
export const TIMED_TYPES = 3;

/** Words of a record; the first eight are all that a payment of a known customer reads and writes. */
const HISTORY_FLOOR_WORD = 3;
const NEWEST_WORD = 4;
const LAST_SEEN_WORD = 7;
const FIRST_SEEN_WORD = 8;
const RECORD_WORDS = 10;
/** Halves of a record. */
const ENTITY_HALF = 0;
const TRANSACTIONS_HALF = 1;
const HISTORY_BASE_HALF = 2;
const HISTORY_START_HALF = 3;
const HISTORY_LENGTH_HALF = 4;
/** Which size the history's ring has (`history.ts`), and above it the timers that wait. */
const HISTORY_STEP_HALF = 5;
const TIMERS_SHIFT = 8;
const STEP_MASK = 0xff;
const SEEN_HALF = 18;
const DETAILS_HALF = 19;

export class CustomerTable {
  readonly #slab: Slab;
  readonly #records: RecordTable;

  constructor(slab: Slab) {
    this.#slab = slab;
    this.#records = new RecordTable(slab, RECORD_WORDS, CUSTOMERS_MAX);
  }

  get count(): number {
    return this.#records.count;
  }

  /** Rows run from 1 to `top`; one that was removed has no history, details or seen lists. */
  get top(): number {
    return this.#records.top;
  }

  measure(report: MemoryReport): void {
    this.#records.measure('customers', report);
    for (let row = 1; row <= this.top; row++) measureSeen(this.#slab, this.#half(row, SEEN_HALF), report);
  }

  /** Throws where `add` of `rows` further customers could not succeed: called before any state changes. */
  assertRoom(rows: number): void {
    this.#records.assertRoom(rows, 'customers');
  }

  /** First word of a row: for prefetching. */
  at(row: number): number {
    return this.#records.at(row);
  }

  /** A new row for `entity`. */
  add(entity: number, timeMs: number): number {
    const row = this.#records.add();
    const at = this.#records.at(row);
    const { words, halves } = this.#slab;
    halves[at * 2 + ENTITY_HALF] = entity;
    words[at + FIRST_SEEN_WORD] = timeMs;
    words[at + LAST_SEEN_WORD] = timeMs;
    words.fill(Number.NEGATIVE_INFINITY, at + NEWEST_WORD, at + NEWEST_WORD + TIMED_TYPES);
    words[at + HISTORY_FLOOR_WORD] = Number.NEGATIVE_INFINITY;
    return row;
  }

  /** The caller has released or moved the history and the details. */
  remove(row: number): void {
    releaseSeen(this.#slab, this.#half(row, SEEN_HALF));
    this.#setHalf(row, SEEN_HALF, 0);
    this.#records.remove(row);
  }

  entityOf(row: number): number {
    return this.#half(row, ENTITY_HALF);
  }

  firstSeenMs(row: number): number {
    return this.#word(row, FIRST_SEEN_WORD);
  }

  lastSeenMs(row: number): number {
    return this.#word(row, LAST_SEEN_WORD);
  }

  /** Counts an event of this time in first and last seen. */
  see(row: number, timeMs: number): void {
    const at = this.#records.at(row);
    const { words } = this.#slab;
    if (timeMs > (words[at + LAST_SEEN_WORD] as number)) this.#setWord(row, LAST_SEEN_WORD, timeMs);
    if (timeMs < (words[at + FIRST_SEEN_WORD] as number)) this.#setWord(row, FIRST_SEEN_WORD, timeMs);
  }

  /** Newest transaction (0), location (1) or label (2); `-Infinity` before the first. */
  newestMs(row: number, timed: number): number {
    return this.#word(row, NEWEST_WORD + timed);
  }

  raiseNewestMs(row: number, timed: number, timeMs: number): void {
    if (timeMs > this.newestMs(row, timed)) this.#setWord(row, NEWEST_WORD + timed, timeMs);
  }

  /** The newest event that windows take, of any type. */
  newestTimedMs(row: number): number {
    const at = this.#records.at(row) + NEWEST_WORD;
    const { words } = this.#slab;
    return Math.max(words[at] as number, words[at + 1] as number, words[at + 2] as number);
  }

  /** Counts what `from` has seen as seen by `to`: times, counts, devices and issuers. */
  absorb(from: number, to: number): void {
    this.see(to, this.firstSeenMs(from));
    this.see(to, this.lastSeenMs(from));
    for (let timed = 0; timed < TIMED_TYPES; timed++) this.raiseNewestMs(to, timed, this.newestMs(from, timed));
    this.addTransactions(to, this.transactions(from));
    this.addTimers(to, this.timers(from));
    const [devices, issuers] = [this.devices(to), this.issuers(to)];
    const more = (mine: readonly number[], other: readonly number[]) => other.filter((one) => !mine.includes(one));
    this.setSeen(
      to,
      [...devices, ...more(devices, this.devices(from))],
      [...issuers, ...more(issuers, this.issuers(from))],
    );
  }

  transactions(row: number): number {
    return this.#half(row, TRANSACTIONS_HALF);
  }

  addTransactions(row: number, count: number): void {
    this.#setHalf(row, TRANSACTIONS_HALF, this.transactions(row) + count);
  }

  /** Base word of the history ring, 0 while there is none. */
  historyBase(row: number): number {
    return this.#half(row, HISTORY_BASE_HALF);
  }

  historyStart(row: number): number {
    return this.#half(row, HISTORY_START_HALF);
  }

  historyLength(row: number): number {
    return this.#half(row, HISTORY_LENGTH_HALF);
  }

  historyStep(row: number): number {
    return this.#half(row, HISTORY_STEP_HALF) & STEP_MASK;
  }

  setHistoryRing(row: number, base: number, step: number): void {
    this.#setHalf(row, HISTORY_BASE_HALF, base);
    this.#setHalf(row, HISTORY_STEP_HALF, (this.timers(row) << TIMERS_SHIFT) | step);
  }

  setHistorySpan(row: number, start: number, length: number): void {
    this.#setHalf(row, HISTORY_START_HALF, start);
    this.#setHalf(row, HISTORY_LENGTH_HALF, length);
  }

  /** Timers that wait for the customer. */
  timers(row: number): number {
    return this.#half(row, HISTORY_STEP_HALF) >>> TIMERS_SHIFT;
  }

  addTimers(row: number, count: number): void {
    const timers = Math.max(0, this.timers(row) + count);
    this.#setHalf(row, HISTORY_STEP_HALF, (timers << TIMERS_SHIFT) | this.historyStep(row));
  }

  /** Newest event time that the history has let go, `-Infinity` while it is complete. */
  historyFloorMs(row: number): number {
    return this.#word(row, HISTORY_FLOOR_WORD);
  }

  raiseHistoryFloorMs(row: number, timeMs: number): void {
    if (timeMs > this.historyFloorMs(row)) this.#setWord(row, HISTORY_FLOOR_WORD, timeMs);
  }

  /** Base of the details' text, 0 where there are none. */
  detailsBase(row: number): number {
    return this.#half(row, DETAILS_HALF);
  }

  setDetailsBase(row: number, base: number): void {
    this.#setHalf(row, DETAILS_HALF, base);
  }

  hasDevice(row: number, entity: number): boolean {
    return hasSeen(this.#slab, this.#half(row, SEEN_HALF), 'device', entity);
  }

  addDevice(row: number, entity: number): void {
    const base = this.#half(row, SEEN_HALF);
    const next = addSeen(this.#slab, base, 'device', entity);
    if (next !== base) this.#setHalf(row, SEEN_HALF, next);
  }

  addIssuer(row: number, entity: number): void {
    const base = this.#half(row, SEEN_HALF);
    const next = addSeen(this.#slab, base, 'issuer', entity);
    if (next !== base) this.#setHalf(row, SEEN_HALF, next);
  }

  /** Newest first. */
  devices(row: number): number[] {
    return listSeen(this.#slab, this.#half(row, SEEN_HALF), 'device');
  }

  /** Newest first. */
  issuers(row: number): number[] {
    return listSeen(this.#slab, this.#half(row, SEEN_HALF), 'issuer');
  }

  setSeen(row: number, devices: readonly number[], issuers: readonly number[]): void {
    this.#setHalf(row, SEEN_HALF, writeSeen(this.#slab, this.#half(row, SEEN_HALF), devices, issuers));
  }

  saveHead(): RecordTableHead {
    return this.#records.save();
  }

  loadHead(head: RecordTableHead): void {
    this.#records.load(head);
  }

  #word(row: number, word: number): number {
    return this.#slab.words[this.#records.at(row) + word] as number;
  }

  #setWord(row: number, word: number, value: number): void {
    const at = this.#records.at(row) + word;
    this.#slab.touch(at);
    this.#slab.words[at] = value;
  }

  #half(row: number, half: number): number {
    return this.#slab.halves[this.#records.at(row) * 2 + half] as number;
  }

  #setHalf(row: number, half: number, value: number): void {
    const at = this.#records.at(row) * 2 + half;
    this.#slab.touch(at >>> 1);
    this.#slab.halves[at] = value;
  }
}
