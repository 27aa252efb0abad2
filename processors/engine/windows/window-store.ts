/**
 * The events that windows look at: one ring per (series, key), in order of event time, in the slab. A ring is columnar:
 * times, then what its series stores. Nothing is precomputed per window: a window is two positions in the ring, so
 * a late event or an offset costs what a fresh one does, and every window is exact to the millisecond.
 */

import { CELLS_MAX } from '../limits.ts';
import type { Slab } from '../memory/slab.ts';
import type { SectionReader, SectionWriter } from '../snapshot-format.ts';
import { growColumn } from '../tables/columns.ts';
import { mixKey } from './mix-key.ts';
import type { Series } from './series.ts';

const ROWS_AT_START = 1_024;
const LOG2_AT_START = 2;
/** Sums stay exact up to 2^53; at half of that a ring's prefix sums are rebased. */
const REBASE_ABOVE = 2 ** 52;
/** No cell: the key has no events in the series. */
export const NO_CELL = 0;

export class WindowStore {
  /** Cells are numbered from 1. */
  count = 0;
  /** Events that a full ring let go although a window could still reach them. */
  cutEvents = 0;
  #slots = new Uint32Array(ROWS_AT_START * 2);
  series = new Uint32Array(ROWS_AT_START);
  keyA = new Uint32Array(ROWS_AT_START);
  keyB = new Uint32Array(ROWS_AT_START);
  keyC = new Uint32Array(ROWS_AT_START);
  base = new Uint32Array(ROWS_AT_START);
  log2 = new Uint8Array(ROWS_AT_START);
  start = new Uint32Array(ROWS_AT_START);
  length = new Uint32Array(ROWS_AT_START);
  /** Sum of all values ever appended, less what rebasing took off. */
  total = new Float64Array(ROWS_AT_START);
  readonly slab: Slab;

  constructor(slab: Slab) {
    this.slab = slab;
  }

  find(series: number, keyA: number, keyB: number, keyC: number): number {
    const mask = this.#slots.length - 1;
    for (let slot = mixKey(series, keyA, keyB, keyC) & mask; ; slot = (slot + 1) & mask) {
      const cell = this.#slots[slot] as number;
      if (cell === NO_CELL) return NO_CELL;
      if (
        this.keyA[cell] === keyA &&
        this.series[cell] === series &&
        this.keyB[cell] === keyB &&
        this.keyC[cell] === keyC
      )
        return cell;
    }
  }

  findOrAdd(series: number, keyA: number, keyB: number, keyC: number): number {
    const found = this.find(series, keyA, keyB, keyC);
    if (found !== NO_CELL) return found;
    const cell = ++this.count;
    if (cell >= this.series.length) this.#growRows();
    this.series[cell] = series;
    this.keyA[cell] = keyA;
    this.keyB[cell] = keyB;
    this.keyC[cell] = keyC;
    if (cell * 4 > this.#slots.length * 3) this.#rehash(this.#slots.length * 2);
    else this.#place(cell);
    return cell;
  }

  /** Throws where `findOrAdd` of `cells` further keys could not succeed: called before any state changes. */
  assertRoom(cells: number): void {
    if (this.count + cells > CELLS_MAX)
      throw new RangeError(`the engine holds its maximum of ${CELLS_MAX} window keys`);
  }

  /** Time of the newest event, `-Infinity` for an empty ring. */
  newestMs(cell: number): number {
    const length = this.length[cell] as number;
    return length === 0 ? Number.NEGATIVE_INFINITY : (this.slab.words[this.word(cell, length - 1)] as number);
  }

  /** Word of the i-th event's time, oldest first; its further columns lie one capacity apart. */
  word(cell: number, i: number): number {
    return (
      (this.base[cell] as number) + (((this.start[cell] as number) + i) & ((1 << (this.log2[cell] as number)) - 1))
    );
  }

  /** Number of events among the first `upTo` that lie at or before `timeMs`; galloping from the newest. */
  positionAfter(cell: number, timeMs: number, upTo: number): number {
    const words = this.slab.words;
    let high = upTo;
    if (high === 0 || (words[this.word(cell, high - 1)] as number) <= timeMs) return high;
    high--;
    let step = 1;
    let low = high - 1;
    while (low >= 0 && (words[this.word(cell, low)] as number) > timeMs) {
      high = low;
      step *= 2;
      low -= step;
    }
    if (low < -1) low = -1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((words[this.word(cell, middle)] as number) <= timeMs) low = middle;
      else high = middle;
    }
    return high;
  }

  /**
   * Puts an event where its time belongs, behind those of the same time, and lets go of what no window can reach.
   * `value2` is the second coordinate of a position.
   */
  insert(
    cell: number,
    series: Series,
    timeMs: number,
    value: number,
    value2: number,
    keepMs: number,
    keepMax: number,
  ): void {
    this.#evict(cell, Math.max(this.newestMs(cell), timeMs) - keepMs, keepMax - 1);
    this.#reserve(cell, series.columns);
    const length = this.length[cell] as number;
    const at = this.positionAfter(cell, timeMs, length);
    const capacity = 1 << (this.log2[cell] as number);
    this.slab.touch(this.base[cell] as number, series.columns * capacity);
    const words = this.slab.words;
    for (let i = length; i > at; i--) {
      const to = this.word(cell, i);
      const from = this.word(cell, i - 1);
      words[to] = words[from] as number;
      if (series.columns > 1) words[to + capacity] = words[from + capacity] as number;
      if (series.columns > 2) words[to + 2 * capacity] = words[from + 2 * capacity] as number;
    }
    const word = this.word(cell, at);
    words[word] = timeMs;
    this.length[cell] = length + 1;
    if (series.kind === 'money') this.#insertMoney(cell, at, value, capacity);
    else if (series.columns > 1) words[word + capacity] = value;
    if (series.columns > 2) words[word + 2 * capacity] = value2;
  }

  /** Sum of the values of the events before position `i`, for a money series. */
  prefix(cell: number, i: number): number {
    if (i >= (this.length[cell] as number)) return this.total[cell] as number;
    return this.slab.words[this.word(cell, i) + (1 << (this.log2[cell] as number))] as number;
  }

  /** Value of the i-th event; of a money series, which keeps sums, the difference of two. */
  value(cell: number, i: number, isMoney: boolean): number {
    if (isMoney) return this.prefix(cell, i + 1) - this.prefix(cell, i);
    return this.slab.words[this.word(cell, i) + (1 << (this.log2[cell] as number))] as number;
  }

  get bytes(): number {
    return this.#slots.byteLength + this.series.length * (4 * 7 + 1 + 8);
  }

  /** Keeps the cells whose series is in `kept` and frees the others. */
  retainSeries(kept: ReadonlySet<number>, columnsOf: (series: number) => number): void {
    let next = 0;
    for (let cell = 1; cell <= this.count; cell++) {
      const series = this.series[cell] as number;
      if (!kept.has(series)) {
        if (this.base[cell] !== 0)
          this.slab.release(this.base[cell] as number, columnsOf(series) << (this.log2[cell] as number));
        continue;
      }
      next++;
      for (const column of this.#columns()) column[next] = column[cell] as number;
    }
    for (const column of this.#columns()) column.fill(0, next + 1, this.count + 1);
    this.count = next;
    this.#rehash(this.#slots.length);
  }

  save(out: SectionWriter): void {
    out.numbers('windows.head', [this.count, this.#slots.length, this.cutEvents]);
    const rows = this.count + 1;
    for (const [i, column] of this.#columns().entries()) out.column(`windows.${i}`, column.subarray(0, rows));
  }

  load(from: SectionReader): void {
    const [count = 0, slots = ROWS_AT_START * 2, cutEvents = 0] = from.numbers('windows.head');
    const rows = Math.max(ROWS_AT_START, 2 ** Math.ceil(Math.log2(count + 2)));
    this.count = count;
    this.cutEvents = cutEvents;
    this.series = from.uint32('windows.0', rows);
    this.keyA = from.uint32('windows.1', rows);
    this.keyB = from.uint32('windows.2', rows);
    this.keyC = from.uint32('windows.3', rows);
    this.base = from.uint32('windows.4', rows);
    this.log2 = from.uint8('windows.5', rows);
    this.start = from.uint32('windows.6', rows);
    this.length = from.uint32('windows.7', rows);
    this.total = from.float64('windows.8', rows);
    this.#rehash(slots);
  }

  #columns(): (Uint32Array | Uint8Array | Float64Array)[] {
    return [this.series, this.keyA, this.keyB, this.keyC, this.base, this.log2, this.start, this.length, this.total];
  }

  #insertMoney(cell: number, at: number, value: number, capacity: number): void {
    const words = this.slab.words;
    const length = this.length[cell] as number;
    const total = this.total[cell] as number;
    // The event that was at this position carries the sum before it; a new last event carries the total.
    words[this.word(cell, at) + capacity] =
      at === length - 1 ? total : (words[this.word(cell, at + 1) + capacity] as number);
    for (let i = at + 1; i < length; i++) {
      const word = this.word(cell, i) + capacity;
      words[word] = (words[word] as number) + value;
    }
    this.total[cell] = total + value;
    if (Math.abs(total + value) > REBASE_ABOVE) this.#rebase(cell, capacity);
  }

  #rebase(cell: number, capacity: number): void {
    const words = this.slab.words;
    const taken = words[this.word(cell, 0) + capacity] as number;
    for (let i = 0; i < (this.length[cell] as number); i++) {
      const word = this.word(cell, i) + capacity;
      words[word] = (words[word] as number) - taken;
    }
    this.total[cell] = (this.total[cell] as number) - taken;
  }

  /** Keeps one event beyond the reach: `recency` and `travel` ask for the one before. */
  #evict(cell: number, beforeMs: number, lengthMax: number): void {
    let length = this.length[cell] as number;
    let start = this.start[cell] as number;
    const mask = (1 << (this.log2[cell] as number)) - 1;
    const base = this.base[cell] as number;
    while (length > 1 && (this.slab.words[base + ((start + 1) & mask)] as number) <= beforeMs) {
      start = (start + 1) >>> 0;
      length--;
    }
    while (length > lengthMax) {
      start = (start + 1) >>> 0;
      length--;
      this.cutEvents++;
    }
    this.start[cell] = start;
    this.length[cell] = length;
  }

  #reserve(cell: number, columns: number): void {
    const base = this.base[cell] as number;
    if (base === 0) {
      this.base[cell] = this.slab.allocate(columns << LOG2_AT_START);
      this.log2[cell] = LOG2_AT_START;
      return;
    }
    const log2 = this.log2[cell] as number;
    const capacity = 1 << log2;
    const length = this.length[cell] as number;
    if (length < capacity) return;
    const grown = this.slab.allocate(columns * capacity * 2);
    const words = this.slab.words;
    for (let i = 0; i < length; i++) {
      const from = this.word(cell, i);
      for (let c = 0; c < columns; c++) words[grown + c * 2 * capacity + i] = words[from + c * capacity] as number;
    }
    this.slab.release(base, columns * capacity);
    this.base[cell] = grown;
    this.log2[cell] = log2 + 1;
    this.start[cell] = 0;
  }

  #growRows(): void {
    const rows = this.series.length * 2;
    this.series = growColumn(this.series, rows);
    this.keyA = growColumn(this.keyA, rows);
    this.keyB = growColumn(this.keyB, rows);
    this.keyC = growColumn(this.keyC, rows);
    this.base = growColumn(this.base, rows);
    this.log2 = growColumn(this.log2, rows);
    this.start = growColumn(this.start, rows);
    this.length = growColumn(this.length, rows);
    this.total = growColumn(this.total, rows);
  }

  #rehash(slots: number): void {
    this.#slots = new Uint32Array(slots);
    for (let cell = 1; cell <= this.count; cell++) this.#place(cell);
  }

  #place(cell: number): void {
    const mask = this.#slots.length - 1;
    let slot =
      mixKey(
        this.series[cell] as number,
        this.keyA[cell] as number,
        this.keyB[cell] as number,
        this.keyC[cell] as number,
      ) & mask;
    while (this.#slots[slot] !== NO_CELL) slot = (slot + 1) & mask;
    this.#slots[slot] = cell;
  }
}
