/**
 * The events that windows look at: one ring per (series, key), in order of event time, in the slab. Nothing in state is
 * precomputed per window: a window is two positions in the ring, so a late event or an offset costs what a fresh one does,
 * and every window is exact to the millisecond. A ring with many events is a hot one (`hot/`, where some windows are
 * followed), all others lie flat (`flat/`).
 */
import { MOVING_WINDOWS_BYTES_MAX } from '../limits.ts';
import type { MemoryReport } from '../memory/memory-report.ts';
import type { RecordTableHead } from '../memory/record-table.ts';
import type { Slab } from '../memory/slab.ts';
import { FlatRings } from './flat/flat-rings.ts';
import { HotRings } from './hot/hot-rings.ts';
import type { Series, SeriesKind } from './series.ts';
import {
  CELL_BASE,
  CELL_CLOCK,
  CELL_COLUMNS,
  CELL_LENGTH,
  CELL_NEWEST,
  CELL_STEP,
  CELL_WORDS,
  HOT_RING,
  NARROW_RING,
  WindowCells,
} from './window-cells.ts';

const MS_PER_SECOND = 1_000;
/** A hot ring with so few events becomes flat again; far below what made it hot, so that it does not go to and fro. */
const HOT_EVENTS_MIN = 128;
/** Saved like this, flat rings held powers of two of events. */
const POWERS_OF_TWO_LAYOUT = 1;
/** Time, value and second value of an event in a list. */
const EVENT_NUMBERS = 3;

export interface WindowStoreHead {
  readonly cells: RecordTableHead;
  readonly cutEvents: number;
}

export class WindowStore {
  /** Events that a full ring let go although a window could still reach them. */
  cutEvents = 0;
  readonly slab: Slab;
  readonly cells: WindowCells;
  readonly hot: HotRings;
  readonly #flat: FlatRings;

  constructor(slab: Slab, movingBytesMax = MOVING_WINDOWS_BYTES_MAX) {
    this.slab = slab;
    this.cells = new WindowCells(slab);
    this.hot = new HotRings(slab, this.cells, movingBytesMax);
    this.#flat = new FlatRings(slab, this.cells);
  }

  /** Number of events in a cell's ring. */
  lengthOf(cell: number): number {
    return this.slab.halves[this.cells.at(cell) * 2 + CELL_LENGTH] as number;
  }

  /** Reads the words that the newest event takes, and where the next will stand; of a hot ring, its directory's head. */
  readNewest(cell: number): number {
    const half = this.cells.at(cell) * 2;
    const { halves } = this.slab;
    const step = halves[half + CELL_STEP] as number;
    if (step === HOT_RING || halves[half + CELL_LENGTH] === 0)
      return this.slab.words[halves[half + CELL_BASE] as number] as number;
    return step >= NARROW_RING ? this.#flat.narrow.readNewest(cell) : this.#flat.wide.readNewest(cell);
  }

  /** Time of the newest event, `-Infinity` for an empty ring. */
  newestMs(cell: number): number {
    return this.slab.words[this.cells.at(cell) + CELL_NEWEST] as number;
  }

  isHot(cell: number): boolean {
    return this.slab.halves[this.cells.at(cell) * 2 + CELL_STEP] === HOT_RING;
  }

  /** Time of the i-th event, oldest first. */
  timeOf(cell: number, i: number): number {
    const step = this.#stepOf(cell);
    if (step >= NARROW_RING) return this.#flat.narrow.timeOf(cell, i);
    return step === HOT_RING ? this.hot.columnOf(cell, i, 0) : this.#flat.wide.columnOf(cell, i, 0);
  }

  /** What the i-th event of a series that is not of money holds in a column past that of its time. */
  columnOf(cell: number, i: number, column: number): number {
    return this.isHot(cell) ? this.hot.columnOf(cell, i, column) : this.#flat.wide.columnOf(cell, i, column);
  }

  /** Number of events among the first `upTo` that lie at or before `timeMs`. */
  positionAfter(cell: number, timeMs: number, upTo: number): number {
    const step = this.#stepOf(cell);
    if (step >= NARROW_RING) return this.#flat.narrow.positionAfter(cell, timeMs, upTo);
    return step === HOT_RING
      ? this.hot.positionAfter(cell, timeMs, upTo)
      : this.#flat.wide.positionAfter(cell, timeMs, upTo);
  }

  /** Where the ring would begin if nothing had to reach further back than `keepMs`: what `insert` keeps then. */
  floorOf(cell: number, keepMs: number): number {
    return Math.max(0, this.positionAfter(cell, this.newestMs(cell) - keepMs, this.lengthOf(cell)) - 1);
  }

  /** Sum of the values of the events `[from, to)` of a money series, at least one. */
  sum(cell: number, from: number, to: number): number {
    const step = this.#stepOf(cell);
    if (step >= NARROW_RING) return this.#flat.narrow.sum(cell, from, to);
    return step === HOT_RING ? this.hot.sum(cell, from, to) : this.#flat.wide.sum(cell, from, to);
  }

  /** Value of the i-th event; of a money series, which keeps sums, the difference of two. */
  value(cell: number, i: number, isMoney: boolean): number {
    return isMoney ? this.sum(cell, i, i + 1) : this.columnOf(cell, i, 1);
  }

  /** Copies the values of the events `[from, to)`, at least one, to the target. */
  copyValues(cell: number, from: number, to: number, isMoney: boolean, target: Float64Array): void {
    const step = this.#stepOf(cell);
    if (step >= NARROW_RING) this.#flat.narrow.copyValues(cell, from, to, target);
    else if (step === HOT_RING) this.hot.copyValues(cell, from, to, target);
    else this.#flat.wide.copyValues(cell, from, to, isMoney, target);
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
    const newestMs = Math.max(this.slab.words[at + CELL_NEWEST] as number, timeMs);
    this.#evict(cell, newestMs - keepMs, keepMax - 1);
    if (!this.isHot(cell) && this.#flat.isFull(cell)) this.#becomeHot(cell, series.kind);
    this.#place(cell, timeMs, value, value2, series.kind === 'money');
    this.slab.touch(at, CELL_WORDS);
    this.slab.halves[at * 2 + CELL_CLOCK] = clockMs / MS_PER_SECOND;
    this.slab.words[at + CELL_NEWEST] = newestMs;
  }

  /** Lets go of what lies beyond `keepMs` of the cell's newest event, and gives back what the ring has too much. */
  trim(cell: number, series: Series, keepMs: number): void {
    this.#evict(cell, this.newestMs(cell) - keepMs, Number.POSITIVE_INFINITY);
    if (!this.isHot(cell)) this.#flat.shrink(cell, series.kind === 'money');
    else if (this.lengthOf(cell) <= HOT_EVENTS_MIN) this.#becomeFlat(cell);
  }

  /** Removes a cell: appends time, value and second value of each of its events to `target`, oldest first. */
  drain(cell: number, series: Series, target: number[]): void {
    this.copyTo(cell, series, target);
    this.remove(cell);
  }

  /** The same, and the cell stays. */
  copyTo(cell: number, series: Series, target: number[]): void {
    this.#list(cell, series.kind === 'money', target);
  }

  /** Gives back the cell and its ring. */
  remove(cell: number): void {
    if (this.isHot(cell)) this.hot.release(cell);
    else this.#flat.release(cell);
    this.cells.remove(cell);
  }

  /** Rings by the kind of key that their series is over. */
  measure(report: MemoryReport, series: ReadonlyMap<number, Series>): void {
    this.cells.measure(report);
    for (let cell = 1; cell <= this.cells.top; cell++) {
      const half = this.cells.at(cell) * 2;
      if (this.cells.seriesOf(cell) === 0 || this.slab.halves[half + CELL_BASE] === 0) continue;
      const over = series.get(this.cells.seriesOf(cell))?.over.join('+') ?? 'no live series';
      const part = `windows over ${over}`;
      if (this.isHot(cell)) this.hot.directory.measure(cell, part, report);
      else this.#flat.measure(cell, part, report);
    }
  }

  saveHead(): WindowStoreHead {
    return { cells: this.cells.saveHead(), cutEvents: this.cutEvents };
  }

  /** `layout`: the number that the state was saved under (`snapshots/layouts.ts`). */
  loadHead(head: WindowStoreHead, layout: number): void {
    this.cells.loadHead(head.cells);
    if (layout === POWERS_OF_TWO_LAYOUT) this.#flat.adoptPowersOfTwo();
    this.cutEvents = head.cutEvents;
  }

  /** What its cell says of the ring's form: `HOT_RING`, or the step of a flat one, with or without `NARROW_RING`. */
  #stepOf(cell: number): number {
    return this.slab.halves[this.cells.at(cell) * 2 + CELL_STEP] as number;
  }

  #evict(cell: number, beforeMs: number, lengthMax: number): void {
    this.cutEvents += this.isHot(cell)
      ? this.hot.evict(cell, beforeMs, lengthMax)
      : this.#flat.evict(cell, beforeMs, lengthMax);
  }

  #place(cell: number, timeMs: number, value: number, value2: number, isMoney: boolean): void {
    if (this.isHot(cell)) {
      this.hot.insert(cell, timeMs, value, value2);
    } else {
      const position = this.positionAfter(cell, timeMs, this.lengthOf(cell));
      this.#flat.insert(cell, position, timeMs, value, value2, isMoney);
    }
  }

  #becomeHot(cell: number, kind: SeriesKind): void {
    const events: number[] = [];
    this.#list(cell, kind === 'money', events);
    this.#flat.release(cell);
    this.slab.halves[this.cells.at(cell) * 2 + CELL_STEP] = HOT_RING;
    this.hot.create(cell, kind);
    this.#fill(cell, events, kind === 'money');
  }

  #becomeFlat(cell: number): void {
    const isMoney = this.hot.isMoney(cell);
    const events: number[] = [];
    this.#list(cell, isMoney, events);
    this.hot.release(cell);
    this.#flat.clear(cell);
    this.#fill(cell, events, isMoney);
  }

  #list(cell: number, isMoney: boolean, target: number[]): void {
    const columns = this.slab.halves[this.cells.at(cell) * 2 + CELL_COLUMNS] as number;
    const length = this.lengthOf(cell);
    for (let i = 0; i < length; i++) {
      const value = columns > 1 ? this.value(cell, i, isMoney) : 0;
      target.push(this.timeOf(cell, i), value, columns > 2 ? this.columnOf(cell, i, 2) : 0);
    }
  }

  #fill(cell: number, events: readonly number[], isMoney: boolean): void {
    for (let i = 0; i < events.length; i += EVENT_NUMBERS)
      this.#place(cell, events[i] as number, events[i + 1] as number, events[i + 2] as number, isMoney);
  }
}
