/**
 * Rings of keys with few events, which nearly all are: one block, wide (`wide-rings.ts`) or narrow (`narrow-rings.ts`). A
 * ring of money begins narrow and becomes wide before it takes an event that does not fit; when the sweeper comes by and all
 * that it holds fits again, it becomes narrow. Past `FLAT_EVENTS_MAX` a ring becomes a hot one.
 */
import type { MemoryReport } from '../../memory/memory-report.ts';
import { capacityOf, STEP_AT_START, stepFor, wrapped } from '../../memory/ring-steps.ts';
import type { Slab } from '../../memory/slab.ts';
import {
  CELL_BASE,
  CELL_COLUMNS,
  CELL_LENGTH,
  CELL_NEWEST,
  CELL_START,
  CELL_STEP,
  CELL_TOTAL,
  CELL_WORDS,
  HOT_RING,
  NARROW_RING,
  type WindowCells,
} from '../window-cells.ts';
import { MODULUS, NarrowRings } from './narrow-rings.ts';
import { WideRings } from './wide-rings.ts';

/** More than that are scanned or moved too slowly in one block. */
export const FLAT_EVENTS_MAX = 512;
/** Rings of a higher capacity shrink when they are full to less than a quarter. */
const SHRUNK_ABOVE = 8;

export class FlatRings {
  readonly slab: Slab;
  readonly #cells: WindowCells;
  readonly narrow: NarrowRings;
  readonly wide: WideRings;

  constructor(slab: Slab, cells: WindowCells) {
    this.slab = slab;
    this.#cells = cells;
    this.narrow = new NarrowRings(slab, cells);
    this.wide = new WideRings(slab, cells);
  }

  /** Whether the ring takes no further event. */
  isFull(cell: number): boolean {
    return (this.slab.halves[this.#cells.at(cell) * 2 + CELL_LENGTH] as number) >= FLAT_EVENTS_MAX;
  }

  /** Whether the ring lies narrow. */
  isNarrow(cell: number): boolean {
    return (this.slab.halves[this.#cells.at(cell) * 2 + CELL_STEP] as number) >= NARROW_RING;
  }

  /** Puts an event before the one at `position`, in a ring that is not full. The slab's views may have been replaced. */
  insert(cell: number, position: number, timeMs: number, value: number, value2: number, isMoney: boolean): void {
    const at = this.#cells.at(cell);
    this.slab.touch(at, CELL_WORDS);
    const isNew = this.slab.halves[at * 2 + CELL_BASE] === 0;
    const fits = (isNew ? isMoney : this.isNarrow(cell)) && this.narrow.fits(cell, timeMs, value);
    if (isNew) this.#create(cell, fits);
    else this.#reserve(cell, fits);
    if (fits) this.narrow.insert(cell, position, timeMs, value);
    else this.wide.insert(cell, position, timeMs, value, value2, isMoney);
  }

  /**
   * Lets go of what lies before the newest event that is not after `beforeMs` (`recency` and `travel` ask for the one
   * before), and of the oldest past `lengthMax`; how many of these.
   */
  evict(cell: number, beforeMs: number, lengthMax: number): number {
    const { halves } = this.slab;
    const half = this.#cells.at(cell) * 2;
    const length = halves[half + CELL_LENGTH] as number;
    const passed = this.isNarrow(cell) ? this.narrow.passed(cell, beforeMs) : this.wide.passed(cell, beforeMs);
    const cut = Math.max(0, length - passed - lengthMax);
    if (passed + cut === 0) return 0;
    const capacity = this.#capacityOf(half);
    this.slab.touch(half / 2, CELL_WORDS);
    halves[half + CELL_START] = wrapped((halves[half + CELL_START] as number) + passed + cut, capacity);
    halves[half + CELL_LENGTH] = length - passed - cut;
    return cut;
  }

  /** Gives back what the ring has too much, of money also by becoming narrow. */
  shrink(cell: number, isMoney: boolean): void {
    const half = this.#cells.at(cell) * 2;
    if (this.slab.halves[half + CELL_BASE] === 0) return;
    const capacity = this.#capacityOf(half);
    const length = this.slab.halves[half + CELL_LENGTH] as number;
    const isSparse = capacity > SHRUNK_ABOVE && length < capacity / 4;
    const isNarrow = this.isNarrow(cell);
    const narrows = isMoney && !isNarrow && this.#wouldFit(cell);
    if (isSparse || narrows) this.#move(cell, isSparse ? length * 2 : capacity, isNarrow || narrows);
  }

  /** Gives back the ring; the cell is as if it had never had one. */
  release(cell: number): void {
    const half = this.#cells.at(cell) * 2;
    const base = this.slab.halves[half + CELL_BASE] as number;
    if (base === 0) return;
    this.slab.release(base, this.#capacityOf(half) * this.#eventWords(half));
    this.clear(cell);
  }

  measure(cell: number, part: string, report: MemoryReport): void {
    const half = this.#cells.at(cell) * 2;
    const words = this.#eventWords(half);
    report.addBlock(part, words * this.#capacityOf(half), words * (this.slab.halves[half + CELL_LENGTH] as number));
  }

  /** Rings as they were saved when their capacities were powers of two, and `start` counted on without wrapping. */
  adoptPowersOfTwo(): void {
    const { halves } = this.slab;
    for (let cell = 1; cell <= this.#cells.top; cell++) {
      const at = this.#cells.at(cell);
      const log2 = halves[at * 2 + CELL_STEP] as number;
      if (this.#cells.seriesOf(cell) === 0 || halves[at * 2 + CELL_BASE] === 0 || log2 === HOT_RING) continue;
      this.slab.touch(at, CELL_WORDS);
      halves[at * 2 + CELL_STEP] = stepFor(2 ** log2);
      halves[at * 2 + CELL_START] = (halves[at * 2 + CELL_START] as number) & (2 ** log2 - 1);
    }
  }

  /** Forgets where the ring lies. */
  clear(cell: number): void {
    const at = this.#cells.at(cell);
    this.slab.touch(at, CELL_WORDS);
    const { words, halves } = this.slab;
    halves[at * 2 + CELL_BASE] = 0;
    halves[at * 2 + CELL_STEP] = 0;
    halves[at * 2 + CELL_START] = 0;
    halves[at * 2 + CELL_LENGTH] = 0;
    words[at + CELL_TOTAL] = 0;
  }

  /** Events that the ring of the cell at this half has room for. */
  #capacityOf(half: number): number {
    return capacityOf((this.slab.halves[half + CELL_STEP] as number) & ~NARROW_RING);
  }

  /** Words that an event takes in it. */
  #eventWords(half: number): number {
    const { halves } = this.slab;
    return (halves[half + CELL_STEP] as number) >= NARROW_RING ? 1 : (halves[half + CELL_COLUMNS] as number);
  }

  #create(cell: number, isNarrow: boolean): void {
    const half = this.#cells.at(cell) * 2;
    const step = isNarrow ? STEP_AT_START + NARROW_RING : STEP_AT_START;
    this.slab.halves[half + CELL_STEP] = step;
    const base = this.slab.allocate(this.#eventWords(half) * capacityOf(STEP_AT_START));
    this.slab.halves[half + CELL_BASE] = base;
  }

  /** Makes room for one event more, in a ring that stays or becomes what is asked for. */
  #reserve(cell: number, isNarrow: boolean): void {
    const half = this.#cells.at(cell) * 2;
    const length = this.slab.halves[half + CELL_LENGTH] as number;
    if (length === this.#capacityOf(half) || isNarrow !== this.isNarrow(cell)) this.#move(cell, length + 1, isNarrow);
  }

  /** Whether all that a wide ring of money holds could lie in a narrow one. */
  #wouldFit(cell: number): boolean {
    const { wide } = this;
    const at = this.#cells.at(cell);
    const length = this.slab.halves[at * 2 + CELL_LENGTH] as number;
    if (length === 0) return true;
    const newestMs = this.slab.words[at + CELL_NEWEST] as number;
    if (newestMs - wide.columnOf(cell, 0, 0) >= MODULUS || wide.sum(cell, 0, length) >= MODULUS) return false;
    for (let i = 0; i < length; i++) {
      const value = wide.sum(cell, i, i + 1);
      if (value >>> 0 !== value || !Number.isInteger(wide.columnOf(cell, i, 0))) return false;
    }
    return true;
  }

  /** Lays the ring anew, narrow or wide, with room for so many events, which it must not exceed. */
  #move(cell: number, events: number, isNarrow: boolean): void {
    const at = this.#cells.at(cell);
    const half = at * 2;
    const wasNarrow = this.isNarrow(cell);
    const eventWords = isNarrow ? 1 : (this.slab.halves[half + CELL_COLUMNS] as number);
    // Of one word each, an odd number would leave a word of the last granule empty.
    const step = stepFor(eventWords === 1 ? events + (events & 1) : events);
    const capacity = capacityOf(step);
    const moved = this.slab.allocate(eventWords * capacity);
    this.slab.touch(at, CELL_WORDS);
    if (isNarrow && wasNarrow) this.narrow.copyTo(cell, moved);
    else if (isNarrow) this.#narrowTo(cell, moved);
    else if (wasNarrow) this.#widenTo(cell, moved, capacity);
    else this.wide.copyTo(cell, moved, capacity);
    const { halves } = this.slab;
    this.slab.release(halves[half + CELL_BASE] as number, this.#capacityOf(half) * this.#eventWords(half));
    halves[half + CELL_BASE] = moved;
    halves[half + CELL_STEP] = isNarrow ? step + NARROW_RING : step;
    halves[half + CELL_START] = 0;
  }

  /** Writes the events of a wide ring of money as those of a narrow one to words from `target` on. */
  #narrowTo(cell: number, target: number): void {
    const { halves } = this.slab;
    const length = halves[this.#cells.at(cell) * 2 + CELL_LENGTH] as number;
    for (let i = 0; i < length; i++) {
      halves[2 * (target + i)] = this.wide.columnOf(cell, i, 0) >>> 0;
      halves[2 * (target + i) + 1] = this.wide.columnOf(cell, i, 1) >>> 0;
    }
  }

  /** Writes the events of a narrow ring as those of a wide one to columns from `target` on. */
  #widenTo(cell: number, target: number, capacity: number): void {
    const { words, halves } = this.slab;
    const at = this.#cells.at(cell);
    const length = halves[at * 2 + CELL_LENGTH] as number;
    const total = words[at + CELL_TOTAL] as number;
    for (let i = 0; i < length; i++) {
      words[target + i] = this.narrow.timeOf(cell, i);
      words[target + capacity + i] = total - this.narrow.sum(cell, i, length);
    }
  }
}
