/**
 * Who has a ring: one record of a cache line per (series, key), found by hash. Sits between the event's keys and the rings
 * of `window-store.ts`. Cells are numbered from 1; one that nothing can reach any more is removed and its number used again.
 */
import { CELLS_MAX } from '../limits.ts';
import { HashIndex } from '../memory/hash-index.ts';
import type { MemoryReport } from '../memory/memory-report.ts';
import { RecordTable, type RecordTableHead } from '../memory/record-table.ts';
import type { Slab } from '../memory/slab.ts';
import { mixKey } from './mix-key.ts';

/** No cell: the key has no events in the series. */
export const NO_CELL = 0;

/**
 * A cell's words: time of the newest event, and the sum of all values ever appended, less what rebasing took off; of a narrow
 * ring, modulo 2^32.
 */
export const CELL_NEWEST = 0;
export const CELL_TOTAL = 1;
/** Its halves, counted from its first word: where the ring lies and which part of it is in use … */
export const CELL_BASE = 4;
export const CELL_START = 5;
export const CELL_LENGTH = 6;
export const CELL_STEP = 7;
/** In place of the step of its capacity: the ring is a hot one, and its directory lies at the base. */
export const HOT_RING = 0xff;
/** Added to the step: the ring is a narrow one (`flat/narrow-rings.ts`). */
export const NARROW_RING = 0x100;
/** … whose it is … */
const SERIES = 8;
const KEY_A = 9;
const KEY_B = 10;
const KEY_C = 11;
const HASH = 12;
/** … how many columns the ring has, and by the log's clock the second in which the cell was last written to. */
export const CELL_COLUMNS = 13;
export const CELL_CLOCK = 14;
/** Whether what it held before it was followed has been put into it. */
const FILLED = 15;
export const CELL_WORDS = 8;

export class WindowCells {
  readonly slab: Slab;
  readonly #table: RecordTable;
  #index = new HashIndex();

  constructor(slab: Slab) {
    this.slab = slab;
    this.#table = new RecordTable(slab, CELL_WORDS, CELLS_MAX);
  }

  get count(): number {
    return this.#table.count;
  }

  /** Numbers run from 1 to `top`; removed cells among them belong to no series. */
  get top(): number {
    return this.#table.top;
  }

  get index(): HashIndex {
    return this.#index;
  }

  measure(report: MemoryReport): void {
    this.#table.measure('window keys', report);
  }

  /** First word of a cell. */
  at(cell: number): number {
    return this.#table.at(cell);
  }

  /** The id of a cell's series, 0 where the cell was removed. */
  seriesOf(cell: number): number {
    return this.slab.halves[this.#table.at(cell) * 2 + SERIES] as number;
  }

  /** The entity of the k-th of the ids that make up a cell's key. */
  keyOf(cell: number, k: number): number {
    return this.slab.halves[this.#table.at(cell) * 2 + KEY_A + k] as number;
  }

  /** Whether history was put into the cell (`activation/fill-windows.ts`). */
  isFilled(cell: number): boolean {
    return this.slab.halves[this.#table.at(cell) * 2 + FILLED] !== 0;
  }

  markFilled(cell: number): void {
    const at = this.#table.at(cell);
    this.slab.touch(at, CELL_WORDS);
    this.slab.halves[at * 2 + FILLED] = 1;
  }

  /** Under which the cell of these keys is in the index. */
  hashOf(series: number, keyA: number, keyB: number, keyC: number): number {
    return mixKey(series, keyA, keyB, keyC);
  }

  isAt(cell: number, series: number, keyA: number, keyB: number, keyC: number): boolean {
    const { halves } = this.slab;
    const half = this.#table.at(cell) * 2;
    return (
      halves[half + KEY_A] === keyA &&
      halves[half + SERIES] === series &&
      halves[half + KEY_B] === keyB &&
      halves[half + KEY_C] === keyC
    );
  }

  find(series: number, keyA: number, keyB: number, keyC: number): number {
    return this.#find(mixKey(series, keyA, keyB, keyC), series, keyA, keyB, keyC);
  }

  /** A cell that is new has columns and no ring yet. The slab's views may have been replaced. */
  findOrAdd(series: number, columns: number, keyA: number, keyB: number, keyC: number): number {
    const hash = mixKey(series, keyA, keyB, keyC);
    const found = this.#find(hash, series, keyA, keyB, keyC);
    if (found !== NO_CELL) return found;
    const cell = this.#table.add();
    const { halves, words } = this.slab;
    const at = this.#table.at(cell);
    words[at + CELL_NEWEST] = Number.NEGATIVE_INFINITY;
    halves[at * 2 + SERIES] = series;
    halves[at * 2 + KEY_A] = keyA;
    halves[at * 2 + KEY_B] = keyB;
    halves[at * 2 + KEY_C] = keyC;
    halves[at * 2 + HASH] = hash;
    halves[at * 2 + CELL_COLUMNS] = columns;
    this.#index.add(hash, cell);
    return cell;
  }

  /** Gives back the cell; its ring is the caller's to release. */
  remove(cell: number): void {
    const half = this.#table.at(cell) * 2;
    this.#index.remove(this.slab.halves[half + HASH] as number, cell);
    this.slab.touch(half / 2, CELL_WORDS);
    this.slab.halves[half + SERIES] = 0;
    this.#table.remove(cell);
  }

  /** Throws where `findOrAdd` of `cells` further keys could not succeed: called before any state changes. */
  assertRoom(cells: number): void {
    this.#table.assertRoom(cells, 'window keys');
  }

  saveHead(): RecordTableHead {
    return this.#table.save();
  }

  loadHead(head: RecordTableHead): void {
    this.#table.load(head);
    this.#index = new HashIndex(this.#table.count);
    for (let cell = 1; cell <= this.top; cell++) {
      if (this.seriesOf(cell) !== 0) this.#index.add(this.slab.halves[this.#table.at(cell) * 2 + HASH] as number, cell);
    }
  }

  #find(hash: number, series: number, keyA: number, keyB: number, keyC: number): number {
    const shard = this.#index.shardOf(hash);
    const mask = (shard.length >>> 1) - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const cell = shard[2 * slot + 1] as number;
      if (cell === 0) return NO_CELL;
      if (shard[2 * slot] !== hash) continue;
      if (this.isAt(cell, series, keyA, keyB, keyC)) return cell;
    }
  }
}
