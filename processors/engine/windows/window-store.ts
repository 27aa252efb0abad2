/**
 * The events that windows look at: one ring per (series, key), in order of event time, in the slab. A ring is columnar:
 * times, then what its series stores. Nothing is precomputed per window: a window is two positions in the ring, so
 * a late event or an offset costs what a fresh one does, and every window is exact to the millisecond.
 */
import type { MemoryReport } from '../memory/memory-report.ts';
import type { RecordTableHead } from '../memory/record-table.ts';
import type { Slab } from '../memory/slab.ts';
import type { Series } from './series.ts';
import {
  CELL_BASE,
  CELL_CLOCK,
  CELL_COLUMNS,
  CELL_LENGTH,
  CELL_LOG2,
  CELL_NEWEST,
  CELL_START,
  CELL_TOTAL,
  CELL_WORDS,
  WindowCells,
} from './window-cells.ts';

const LOG2_AT_START = 2;
/** Sums stay exact up to 2^53; at half of that a ring's prefix sums are rebased. */
const REBASE_ABOVE = 2 ** 52;
const MS_PER_SECOND = 1_000;

export interface WindowStoreHead {
  readonly cells: RecordTableHead;
  readonly cutEvents: number;
}

export class WindowStore {
  /** Events that a full ring let go although a window could still reach them. */
  cutEvents = 0;
  readonly slab: Slab;
  readonly cells: WindowCells;

  constructor(slab: Slab) {
    this.slab = slab;
    this.cells = new WindowCells(slab);
  }

  /** Number of events in a cell's ring. */
  lengthOf(cell: number): number {
    return this.slab.halves[this.cells.at(cell) * 2 + CELL_LENGTH] as number;
  }

  /** Reads the words that the newest event takes, and where the next will stand. */
  readNewest(cell: number): number {
    const { words, halves } = this.slab;
    const half = this.cells.at(cell) * 2;
    const base = halves[half + CELL_BASE] as number;
    const capacity = 1 << (halves[half + CELL_LOG2] as number);
    const at =
      base + (((halves[half + CELL_START] as number) + (halves[half + CELL_LENGTH] as number) - 1) & (capacity - 1));
    return (words[at] as number) + (words[at + capacity] as number);
  }

  /** Time of the newest event, `-Infinity` for an empty ring. */
  newestMs(cell: number): number {
    return this.slab.words[this.cells.at(cell) + CELL_NEWEST] as number;
  }

  /** Time of the i-th event, oldest first. */
  timeOf(cell: number, i: number): number {
    return this.slab.words[this.#word(cell, i)] as number;
  }

  /** What the i-th event holds in a further column, from 1 on. */
  columnOf(cell: number, i: number, column: number): number {
    return this.slab.words[this.#word(cell, i) + column * this.#capacity(cell)] as number;
  }

  /** Number of events among the first `upTo` that lie at or before `timeMs`; galloping from the newest. */
  positionAfter(cell: number, timeMs: number, upTo: number): number {
    const { words, halves } = this.slab;
    const half = this.cells.at(cell) * 2;
    const base = halves[half + CELL_BASE] as number;
    const start = halves[half + CELL_START] as number;
    const mask = (1 << (halves[half + CELL_LOG2] as number)) - 1;
    let high = upTo;
    if (high === 0 || (words[base + ((start + high - 1) & mask)] as number) <= timeMs) return high;
    high--;
    let step = 1;
    let low = high - 1;
    while (low >= 0 && (words[base + ((start + low) & mask)] as number) > timeMs) {
      high = low;
      step *= 2;
      low -= step;
    }
    if (low < -1) low = -1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((words[base + ((start + middle) & mask)] as number) <= timeMs) low = middle;
      else high = middle;
    }
    return high;
  }

  /** Where the ring would begin if nothing had to reach further back than `keepMs`: what `insert` keeps then. */
  floorOf(cell: number, keepMs: number): number {
    return Math.max(0, this.positionAfter(cell, this.newestMs(cell) - keepMs, this.lengthOf(cell)) - 1);
  }

  /**
   * Puts an event where its time belongs, behind those of the same time, and lets go of what no window can reach.
   * `value2` is the second coordinate of a position, `clockMs` the log's clock.
   */
  insert(
    cell: number,
    series: Series,
    timeMs: number,
    value: number,
    value2: number,
    keepMs: number,
    keepMax: number,
    clockMs: number,
  ): void {
    const at = this.cells.at(cell);
    const half = at * 2;
    this.slab.touch(at, CELL_WORDS);
    const newestMs = Math.max(this.slab.words[at + CELL_NEWEST] as number, timeMs);
    this.#evict(cell, newestMs - keepMs, keepMax - 1);
    this.#reserve(cell, series.columns);
    const { words, halves } = this.slab;
    const length = halves[half + CELL_LENGTH] as number;
    const position = this.positionAfter(cell, timeMs, length);
    const base = halves[half + CELL_BASE] as number;
    const start = halves[half + CELL_START] as number;
    const capacity = 1 << (halves[half + CELL_LOG2] as number);
    const mask = capacity - 1;
    const word = base + ((start + position) & mask);
    if (position < length) {
      this.slab.touch(base, series.columns * capacity);
      for (let i = length; i > position; i--) {
        const to = base + ((start + i) & mask);
        const from = base + ((start + i - 1) & mask);
        words[to] = words[from] as number;
        if (series.columns > 1) words[to + capacity] = words[from + capacity] as number;
        if (series.columns > 2) words[to + 2 * capacity] = words[from + 2 * capacity] as number;
      }
    } else {
      for (let column = 0; column < series.columns; column++) this.slab.touch(word + column * capacity);
    }
    words[word] = timeMs;
    halves[half + CELL_LENGTH] = length + 1;
    halves[half + CELL_CLOCK] = clockMs / MS_PER_SECOND;
    words[at + CELL_NEWEST] = newestMs;
    if (series.kind === 'money') this.#insertMoney(cell, position, length + 1, value);
    else if (series.columns > 1) words[word + capacity] = value;
    if (series.columns > 2) words[word + 2 * capacity] = value2;
  }

  /** Sum of the values of the events before position `i`, for a money series. */
  prefix(cell: number, i: number): number {
    if (i >= this.lengthOf(cell)) return this.slab.words[this.cells.at(cell) + CELL_TOTAL] as number;
    return this.columnOf(cell, i, 1);
  }

  /** Value of the i-th event; of a money series, which keeps sums, the difference of two. */
  value(cell: number, i: number, isMoney: boolean): number {
    return isMoney ? this.prefix(cell, i + 1) - this.prefix(cell, i) : this.columnOf(cell, i, 1);
  }

  /** Lets go of what lies beyond `keepMs` of the cell's newest event, and gives back what the ring has too much. */
  trim(cell: number, keepMs: number): void {
    const half = this.cells.at(cell) * 2;
    this.#evict(cell, this.newestMs(cell) - keepMs, Number.POSITIVE_INFINITY);
    const { halves } = this.slab;
    const log2 = halves[half + CELL_LOG2] as number;
    const length = halves[half + CELL_LENGTH] as number;
    if (log2 <= LOG2_AT_START || length * 4 > 1 << log2) return;
    this.#resize(cell, Math.max(LOG2_AT_START, 32 - Math.clz32(length * 2 - 1)));
  }

  /** Removes a cell: appends time, value and second value of each of its events to `target`, oldest first. */
  drain(cell: number, series: Series, target: number[]): void {
    this.copyTo(cell, series, target);
    this.cells.remove(cell);
  }

  /** The same, and the cell stays. */
  copyTo(cell: number, series: Series, target: number[]): void {
    const length = this.lengthOf(cell);
    for (let i = 0; i < length; i++) {
      const value = series.columns > 1 ? this.value(cell, i, series.kind === 'money') : 0;
      target.push(this.timeOf(cell, i), value, series.columns > 2 ? this.columnOf(cell, i, 2) : 0);
    }
  }

  /** Rings by the kind of key that their series is over. */
  measure(report: MemoryReport, series: ReadonlyMap<number, Series>): void {
    this.cells.measure(report);
    for (let cell = 1; cell <= this.cells.top; cell++) {
      const half = this.cells.at(cell) * 2;
      if (this.cells.seriesOf(cell) === 0 || this.slab.halves[half + CELL_BASE] === 0) continue;
      const columns = this.slab.halves[half + CELL_COLUMNS] as number;
      const over = series.get(this.cells.seriesOf(cell))?.over.join('+') ?? 'no live series';
      report.addBlock(`windows over ${over}`, columns * this.#capacity(cell), columns * this.lengthOf(cell));
    }
  }

  saveHead(): WindowStoreHead {
    return { cells: this.cells.saveHead(), cutEvents: this.cutEvents };
  }

  loadHead(head: WindowStoreHead): void {
    this.cells.loadHead(head.cells);
    this.cutEvents = head.cutEvents;
  }

  #capacity(cell: number): number {
    return 1 << (this.slab.halves[this.cells.at(cell) * 2 + CELL_LOG2] as number);
  }

  /** Word of the i-th event's time; its further columns lie one capacity apart. */
  #word(cell: number, i: number): number {
    const { halves } = this.slab;
    const half = this.cells.at(cell) * 2;
    const mask = (1 << (halves[half + CELL_LOG2] as number)) - 1;
    return (halves[half + CELL_BASE] as number) + (((halves[half + CELL_START] as number) + i) & mask);
  }

  #insertMoney(cell: number, position: number, length: number, value: number): void {
    const { words } = this.slab;
    const at = this.cells.at(cell);
    const capacity = this.#capacity(cell);
    const total = words[at + CELL_TOTAL] as number;
    // The event that was at this position carries the sum before it; a new last event carries the total.
    words[this.#word(cell, position) + capacity] =
      position === length - 1 ? total : (words[this.#word(cell, position + 1) + capacity] as number);
    for (let i = position + 1; i < length; i++) {
      const word = this.#word(cell, i) + capacity;
      words[word] = (words[word] as number) + value;
    }
    words[at + CELL_TOTAL] = total + value;
    if (Math.abs(total + value) > REBASE_ABOVE) this.#rebase(cell, length);
  }

  #rebase(cell: number, length: number): void {
    const { words, halves } = this.slab;
    const at = this.cells.at(cell);
    const capacity = this.#capacity(cell);
    this.slab.touch(halves[at * 2 + CELL_BASE] as number, 2 * capacity);
    const taken = words[this.#word(cell, 0) + capacity] as number;
    for (let i = 0; i < length; i++) {
      const word = this.#word(cell, i) + capacity;
      words[word] = (words[word] as number) - taken;
    }
    words[at + CELL_TOTAL] = (words[at + CELL_TOTAL] as number) - taken;
  }

  /** Keeps one event beyond the reach: `recency` and `travel` ask for the one before. */
  #evict(cell: number, beforeMs: number, lengthMax: number): void {
    const { words, halves } = this.slab;
    const half = this.cells.at(cell) * 2;
    let length = halves[half + CELL_LENGTH] as number;
    let start = halves[half + CELL_START] as number;
    const base = halves[half + CELL_BASE] as number;
    const mask = (1 << (halves[half + CELL_LOG2] as number)) - 1;
    const lengthBefore = length;
    while (length > 1 && (words[base + ((start + 1) & mask)] as number) <= beforeMs) {
      start = (start + 1) >>> 0;
      length--;
    }
    while (length > lengthMax) {
      start = (start + 1) >>> 0;
      length--;
      this.cutEvents++;
    }
    if (length === lengthBefore) return;
    this.slab.touch(half / 2, CELL_WORDS);
    halves[half + CELL_START] = start;
    halves[half + CELL_LENGTH] = length;
  }

  #reserve(cell: number, columns: number): void {
    const { halves } = this.slab;
    const half = this.cells.at(cell) * 2;
    if (halves[half + CELL_BASE] === 0) {
      const base = this.slab.allocate(columns << LOG2_AT_START);
      this.slab.halves[half + CELL_BASE] = base;
      this.slab.halves[half + CELL_LOG2] = LOG2_AT_START;
      return;
    }
    const log2 = halves[half + CELL_LOG2] as number;
    if ((halves[half + CELL_LENGTH] as number) === 1 << log2) this.#resize(cell, log2 + 1);
  }

  /** Moves the ring to one of 2^log2 events, which must hold it. */
  #resize(cell: number, log2: number): void {
    const half = this.cells.at(cell) * 2;
    const columns = this.slab.halves[half + CELL_COLUMNS] as number;
    const moved = this.slab.allocate(columns << log2);
    this.slab.touch(half / 2, CELL_WORDS);
    const { words, halves } = this.slab;
    const base = halves[half + CELL_BASE] as number;
    const before = 1 << (halves[half + CELL_LOG2] as number);
    const start = halves[half + CELL_START] as number;
    const length = halves[half + CELL_LENGTH] as number;
    for (let column = 0; column < columns; column++) {
      for (let i = 0; i < length; i++)
        words[moved + column * 2 ** log2 + i] = words[base + column * before + ((start + i) & (before - 1))] as number;
    }
    this.slab.release(base, columns * before);
    halves[half + CELL_BASE] = moved;
    halves[half + CELL_LOG2] = log2;
    halves[half + CELL_START] = 0;
  }
}
