/**
 * One row per customer (and per place, as the owner of its own events): first and newest event times, counts, the
 * devices and card issuers seen, and where its history ring lies. What only some customers have (a profile, bills,
 * offers) is in `customer-details.ts`.
 */

import { DEVICES_KNOWN_MAX, ISSUERS_KNOWN_MAX } from '../limits.ts';
import type { Slab } from '../memory/slab.ts';
import type { SectionReader, SectionWriter } from '../snapshot-format.ts';
import { growColumn } from '../tables/columns.ts';

const ROWS_AT_START = 1_024;
/** Event types that windows take; each has a newest time of its own, by which lateness is judged. */
export const TIMED_TYPES = 3;
/** Devices, then issuers, as 32-bit entities in one block. */
const SEEN_WORDS = 16;

export class CustomerTable {
  count = 0;
  entity = new Uint32Array(ROWS_AT_START);
  firstSeenMs = new Float64Array(ROWS_AT_START);
  lastSeenMs = new Float64Array(ROWS_AT_START);
  /** Newest transaction, location and label, `-Infinity` before the first. */
  newestMs = new Float64Array(ROWS_AT_START * TIMED_TYPES);
  transactions = new Float64Array(ROWS_AT_START);
  seenBase = new Uint32Array(ROWS_AT_START);
  historyBase = new Uint32Array(ROWS_AT_START);
  historyLog2 = new Uint8Array(ROWS_AT_START);
  historyStart = new Uint32Array(ROWS_AT_START);
  historyLength = new Uint32Array(ROWS_AT_START);
  /** Newest event time that the history has let go, `-Infinity` while it is complete. */
  historyFloorMs = new Float64Array(ROWS_AT_START);
  readonly #slab: Slab;

  constructor(slab: Slab) {
    this.#slab = slab;
  }

  /** A new row for `entity`. */
  add(entity: number, timeMs: number): number {
    const row = this.count++;
    if (row >= this.entity.length) this.#grow();
    this.entity[row] = entity;
    this.firstSeenMs[row] = timeMs;
    this.lastSeenMs[row] = timeMs;
    this.newestMs.fill(Number.NEGATIVE_INFINITY, row * TIMED_TYPES, (row + 1) * TIMED_TYPES);
    this.historyFloorMs[row] = Number.NEGATIVE_INFINITY;
    return row;
  }

  /** The newest event that windows take, of any type. */
  newestTimedMs(row: number): number {
    const at = row * TIMED_TYPES;
    return Math.max(this.newestMs[at] as number, this.newestMs[at + 1] as number, this.newestMs[at + 2] as number);
  }

  hasDevice(row: number, entity: number): boolean {
    return this.#sees(row, entity, 0, DEVICES_KNOWN_MAX);
  }

  addDevice(row: number, entity: number): void {
    this.#remember(row, entity, 0, DEVICES_KNOWN_MAX);
  }

  addIssuer(row: number, entity: number): void {
    this.#remember(row, entity, DEVICES_KNOWN_MAX, ISSUERS_KNOWN_MAX);
  }

  devices(row: number): number[] {
    return this.#list(row, 0, DEVICES_KNOWN_MAX);
  }

  issuers(row: number): number[] {
    return this.#list(row, DEVICES_KNOWN_MAX, ISSUERS_KNOWN_MAX);
  }

  get bytes(): number {
    return this.entity.length * (4 + 8 + 8 + 8 * TIMED_TYPES + 8 + 4 + 4 + 1 + 4 + 4 + 8);
  }

  save(out: SectionWriter): void {
    const rows = this.count;
    out.numbers('customers.head', [rows]);
    out.column('customers.entity', this.entity.subarray(0, rows));
    out.column('customers.firstSeenMs', this.firstSeenMs.subarray(0, rows));
    out.column('customers.lastSeenMs', this.lastSeenMs.subarray(0, rows));
    out.column('customers.newestMs', this.newestMs.subarray(0, rows * TIMED_TYPES));
    out.column('customers.transactions', this.transactions.subarray(0, rows));
    out.column('customers.seenBase', this.seenBase.subarray(0, rows));
    out.column('customers.historyBase', this.historyBase.subarray(0, rows));
    out.column('customers.historyLog2', this.historyLog2.subarray(0, rows));
    out.column('customers.historyStart', this.historyStart.subarray(0, rows));
    out.column('customers.historyLength', this.historyLength.subarray(0, rows));
    out.column('customers.historyFloorMs', this.historyFloorMs.subarray(0, rows));
  }

  load(from: SectionReader): void {
    const [count = 0] = from.numbers('customers.head');
    const rows = Math.max(ROWS_AT_START, 2 ** Math.ceil(Math.log2(count + 1)));
    this.count = count;
    this.entity = from.uint32('customers.entity', rows);
    this.firstSeenMs = from.float64('customers.firstSeenMs', rows);
    this.lastSeenMs = from.float64('customers.lastSeenMs', rows);
    this.newestMs = from.float64('customers.newestMs', rows * TIMED_TYPES);
    this.transactions = from.float64('customers.transactions', rows);
    this.seenBase = from.uint32('customers.seenBase', rows);
    this.historyBase = from.uint32('customers.historyBase', rows);
    this.historyLog2 = from.uint8('customers.historyLog2', rows);
    this.historyStart = from.uint32('customers.historyStart', rows);
    this.historyLength = from.uint32('customers.historyLength', rows);
    this.historyFloorMs = from.float64('customers.historyFloorMs', rows);
  }

  #sees(row: number, entity: number, from: number, size: number): boolean {
    const base = (this.seenBase[row] as number) * 2;
    // Entity 0 is one that is not interned yet: nobody has seen it, whatever the empty places hold.
    if (base === 0 || entity === 0) return false;
    const halves = this.#slab.halves;
    for (let i = base + from; i < base + from + size; i++) if (halves[i] === entity) return true;
    return false;
  }

  /** Newest first; the oldest falls off the end. */
  #remember(row: number, entity: number, from: number, size: number): void {
    if (this.#sees(row, entity, from, size)) return;
    if (this.seenBase[row] === 0) {
      this.seenBase[row] = this.#slab.allocateZeroed(SEEN_WORDS);
    }
    this.#slab.touch(this.seenBase[row] as number, SEEN_WORDS);
    const at = (this.seenBase[row] as number) * 2 + from;
    this.#slab.halves.copyWithin(at + 1, at, at + size - 1);
    this.#slab.halves[at] = entity;
  }

  #list(row: number, from: number, size: number): number[] {
    const base = (this.seenBase[row] as number) * 2;
    if (base === 0) return [];
    return Array.from(this.#slab.halves.subarray(base + from, base + from + size)).filter((entity) => entity !== 0);
  }

  #grow(): void {
    const rows = this.entity.length * 2;
    this.entity = growColumn(this.entity, rows);
    this.firstSeenMs = growColumn(this.firstSeenMs, rows);
    this.lastSeenMs = growColumn(this.lastSeenMs, rows);
    this.newestMs = growColumn(this.newestMs, rows * TIMED_TYPES);
    this.transactions = growColumn(this.transactions, rows);
    this.seenBase = growColumn(this.seenBase, rows);
    this.historyBase = growColumn(this.historyBase, rows);
    this.historyLog2 = growColumn(this.historyLog2, rows);
    this.historyStart = growColumn(this.historyStart, rows);
    this.historyLength = growColumn(this.historyLength, rows);
    this.historyFloorMs = growColumn(this.historyFloorMs, rows);
  }
}
