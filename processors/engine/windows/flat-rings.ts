/**
 * Rings of keys with few events, which nearly all are: one block, columnar, times first. Writes
 * to them; `window-store.ts` reads them itself. Past `FLAT_EVENTS_MAX` a ring becomes a hot one.
 */
import { capacityOf, STEP_AT_START, stepAfter, stepFor, wrapped } from '../memory/ring-steps.ts';
import type { Slab } from '../memory/slab.ts';
import {
  CELL_BASE,
  CELL_COLUMNS,
  CELL_LENGTH,
  CELL_START,
  CELL_STEP,
  CELL_TOTAL,
  CELL_WORDS,
  HOT_RING,
  type WindowCells,
} from './window-cells.ts';

/** More than that are scanned or moved too slowly in one block. */
export const FLAT_EVENTS_MAX = 512;
/** Rings of a higher capacity shrink when they are full to less than a quarter. */
const SHRUNK_ABOVE = 8;
/** Sums stay exact up to 2^53; at half of that a ring's prefix sums are rebased. */
const REBASE_ABOVE = 2 ** 52;

export class FlatRings {
  readonly slab: Slab;
  readonly #cells: WindowCells;

  constructor(slab: Slab, cells: WindowCells) {
    this.slab = slab;
    this.#cells = cells;
  }

  /** Whether the ring takes no further event. */
  isFull(cell: number): boolean {
    return (this.slab.halves[this.#cells.at(cell) * 2 + CELL_LENGTH] as number) >= FLAT_EVENTS_MAX;
  }

  /** Puts an event before the one at `position`, in a ring that is not full. The slab's views may have been replaced. */
  insert(cell: number, position: number, timeMs: number, value: number, value2: number, isMoney: boolean): void {
    const at = this.#cells.at(cell);
    const half = at * 2;
    this.slab.touch(at, CELL_WORDS);
    this.#reserve(cell);
    const { words, halves } = this.slab;
    const columns = halves[half + CELL_COLUMNS] as number;
    const length = halves[half + CELL_LENGTH] as number;
    const base = halves[half + CELL_BASE] as number;
    const start = halves[half + CELL_START] as number;
    const capacity = capacityOf(halves[half + CELL_STEP] as number);
    const word = base + wrapped(start + position, capacity);
    if (position < length) {
      this.slab.touch(base, columns * capacity);
      for (let i = length; i > position; i--) {
        const to = base + wrapped(start + i, capacity);
        const from = base + wrapped(start + i - 1, capacity);
        words[to] = words[from] as number;
        if (columns > 1) words[to + capacity] = words[from + capacity] as number;
        if (columns > 2) words[to + 2 * capacity] = words[from + 2 * capacity] as number;
      }
    } else {
      for (let column = 0; column < columns; column++) this.slab.touch(word + column * capacity);
    }
    words[word] = timeMs;
    halves[half + CELL_LENGTH] = length + 1;
    if (isMoney) this.#insertMoney(cell, position, length + 1, value);
    else if (columns > 1) words[word + capacity] = value;
    if (columns > 2) words[word + 2 * capacity] = value2;
  }

  /**
   * Lets go of what lies before the newest event that is not after `beforeMs` (`recency` and `travel` ask for the one
   * before), and of the oldest past `lengthMax`; how many of these.
   */
  evict(cell: number, beforeMs: number, lengthMax: number): number {
    const { words, halves } = this.slab;
    const half = this.#cells.at(cell) * 2;
    let length = halves[half + CELL_LENGTH] as number;
    let start = halves[half + CELL_START] as number;
    const base = halves[half + CELL_BASE] as number;
    const capacity = capacityOf(halves[half + CELL_STEP] as number);
    const lengthBefore = length;
    while (length > 1 && (words[base + wrapped(start + 1, capacity)] as number) <= beforeMs) {
      start++;
      length--;
    }
    const cut = Math.max(0, length - lengthMax);
    length -= cut;
    if (length === lengthBefore) return 0;
    this.slab.touch(half / 2, CELL_WORDS);
    halves[half + CELL_START] = wrapped(start + cut, capacity);
    halves[half + CELL_LENGTH] = length;
    return cut;
  }

  /** Gives back what the ring has too much. */
  shrink(cell: number): void {
    const { halves } = this.slab;
    const half = this.#cells.at(cell) * 2;
    const capacity = capacityOf(halves[half + CELL_STEP] as number);
    const length = halves[half + CELL_LENGTH] as number;
    if (capacity > SHRUNK_ABOVE && length < capacity / 4) this.#resize(cell, stepFor(length * 2));
  }

  /** Gives back the ring; the cell is as if it had never had one. */
  release(cell: number): void {
    const { halves } = this.slab;
    const at = this.#cells.at(cell);
    const base = halves[at * 2 + CELL_BASE] as number;
    if (base === 0) return;
    this.slab.release(
      base,
      (halves[at * 2 + CELL_COLUMNS] as number) * capacityOf(halves[at * 2 + CELL_STEP] as number),
    );
    this.clear(cell);
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

  /** Word of the i-th event's time; its further columns lie one capacity apart. */
  #word(cell: number, i: number): number {
    const { halves } = this.slab;
    const half = this.#cells.at(cell) * 2;
    const capacity = capacityOf(halves[half + CELL_STEP] as number);
    return (halves[half + CELL_BASE] as number) + wrapped((halves[half + CELL_START] as number) + i, capacity);
  }

  #insertMoney(cell: number, position: number, length: number, value: number): void {
    const { words, halves } = this.slab;
    const at = this.#cells.at(cell);
    const capacity = capacityOf(halves[at * 2 + CELL_STEP] as number);
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
    const at = this.#cells.at(cell);
    const capacity = capacityOf(halves[at * 2 + CELL_STEP] as number);
    this.slab.touch(halves[at * 2 + CELL_BASE] as number, 2 * capacity);
    const taken = words[this.#word(cell, 0) + capacity] as number;
    for (let i = 0; i < length; i++) {
      const word = this.#word(cell, i) + capacity;
      words[word] = (words[word] as number) - taken;
    }
    words[at + CELL_TOTAL] = (words[at + CELL_TOTAL] as number) - taken;
  }

  #reserve(cell: number): void {
    const { halves } = this.slab;
    const half = this.#cells.at(cell) * 2;
    if (halves[half + CELL_BASE] === 0) {
      const base = this.slab.allocate((halves[half + CELL_COLUMNS] as number) * capacityOf(STEP_AT_START));
      this.slab.halves[half + CELL_BASE] = base;
      this.slab.halves[half + CELL_STEP] = STEP_AT_START;
      return;
    }
    const step = halves[half + CELL_STEP] as number;
    if (halves[half + CELL_LENGTH] === capacityOf(step)) this.#resize(cell, stepAfter(step));
  }

  /** Moves the ring to one of that step, which must hold it. */
  #resize(cell: number, step: number): void {
    const half = this.#cells.at(cell) * 2;
    const columns = this.slab.halves[half + CELL_COLUMNS] as number;
    const capacity = capacityOf(step);
    const moved = this.slab.allocate(columns * capacity);
    this.slab.touch(half / 2, CELL_WORDS);
    const { words, halves } = this.slab;
    const base = halves[half + CELL_BASE] as number;
    const before = capacityOf(halves[half + CELL_STEP] as number);
    const start = halves[half + CELL_START] as number;
    const length = halves[half + CELL_LENGTH] as number;
    for (let column = 0; column < columns; column++) {
      for (let i = 0; i < length; i++)
        words[moved + column * capacity + i] = words[base + column * before + wrapped(start + i, before)] as number;
    }
    this.slab.release(base, columns * before);
    halves[half + CELL_BASE] = moved;
    halves[half + CELL_STEP] = step;
    halves[half + CELL_START] = 0;
  }
}
