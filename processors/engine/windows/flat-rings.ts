/**
 * Rings of keys with few events, which nearly all are: one block of a power-of-two capacity, columnar, times first. Writes
 * to them; `window-store.ts` reads them itself. Past `FLAT_EVENTS_MAX` a ring becomes a hot one.
 */
import type { Slab } from '../memory/slab.ts';
import {
  CELL_BASE,
  CELL_COLUMNS,
  CELL_LENGTH,
  CELL_LOG2,
  CELL_START,
  CELL_TOTAL,
  CELL_WORDS,
  type WindowCells,
} from './window-cells.ts';

export const LOG2_AT_START = 2;
const LOG2_MAX = 9;
/** More than that are scanned or moved too slowly in one block. */
export const FLAT_EVENTS_MAX = 1 << LOG2_MAX;
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
    const capacity = 1 << (halves[half + CELL_LOG2] as number);
    const mask = capacity - 1;
    const word = base + ((start + position) & mask);
    if (position < length) {
      this.slab.touch(base, columns * capacity);
      for (let i = length; i > position; i--) {
        const to = base + ((start + i) & mask);
        const from = base + ((start + i - 1) & mask);
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
    const mask = (1 << (halves[half + CELL_LOG2] as number)) - 1;
    const lengthBefore = length;
    while (length > 1 && (words[base + ((start + 1) & mask)] as number) <= beforeMs) {
      start = (start + 1) >>> 0;
      length--;
    }
    const cut = Math.max(0, length - lengthMax);
    length -= cut;
    if (length === lengthBefore) return 0;
    this.slab.touch(half / 2, CELL_WORDS);
    halves[half + CELL_START] = start + cut;
    halves[half + CELL_LENGTH] = length;
    return cut;
  }

  /** Gives back what the ring has too much. */
  shrink(cell: number): void {
    const { halves } = this.slab;
    const half = this.#cells.at(cell) * 2;
    const log2 = halves[half + CELL_LOG2] as number;
    const length = halves[half + CELL_LENGTH] as number;
    if (log2 <= LOG2_AT_START || length * 4 > 1 << log2) return;
    this.#resize(cell, Math.max(LOG2_AT_START, 32 - Math.clz32(length * 2 - 1)));
  }

  /** Gives back the ring; the cell is as if it had never had one. */
  release(cell: number): void {
    const { halves } = this.slab;
    const at = this.#cells.at(cell);
    const base = halves[at * 2 + CELL_BASE] as number;
    if (base === 0) return;
    this.slab.release(base, (halves[at * 2 + CELL_COLUMNS] as number) << (halves[at * 2 + CELL_LOG2] as number));
    this.clear(cell);
  }

  /** Forgets where the ring lies. */
  clear(cell: number): void {
    const at = this.#cells.at(cell);
    this.slab.touch(at, CELL_WORDS);
    const { words, halves } = this.slab;
    halves[at * 2 + CELL_BASE] = 0;
    halves[at * 2 + CELL_LOG2] = 0;
    halves[at * 2 + CELL_START] = 0;
    halves[at * 2 + CELL_LENGTH] = 0;
    words[at + CELL_TOTAL] = 0;
  }

  /** Word of the i-th event's time; its further columns lie one capacity apart. */
  #word(cell: number, i: number): number {
    const { halves } = this.slab;
    const half = this.#cells.at(cell) * 2;
    const mask = (1 << (halves[half + CELL_LOG2] as number)) - 1;
    return (halves[half + CELL_BASE] as number) + (((halves[half + CELL_START] as number) + i) & mask);
  }

  #insertMoney(cell: number, position: number, length: number, value: number): void {
    const { words, halves } = this.slab;
    const at = this.#cells.at(cell);
    const capacity = 1 << (halves[at * 2 + CELL_LOG2] as number);
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
    const capacity = 1 << (halves[at * 2 + CELL_LOG2] as number);
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
      const base = this.slab.allocate((halves[half + CELL_COLUMNS] as number) << LOG2_AT_START);
      this.slab.halves[half + CELL_BASE] = base;
      this.slab.halves[half + CELL_LOG2] = LOG2_AT_START;
      return;
    }
    const log2 = halves[half + CELL_LOG2] as number;
    if ((halves[half + CELL_LENGTH] as number) === 1 << log2) this.#resize(cell, log2 + 1);
  }

  /** Moves the ring to one of 2^log2 events, which must hold it. */
  #resize(cell: number, log2: number): void {
    const half = this.#cells.at(cell) * 2;
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
