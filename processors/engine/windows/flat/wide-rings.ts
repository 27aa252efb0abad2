/**
 * Flat rings of columns of numbers, one word each: times first, then what the series stores. Rings of money lie like this
 * where they hold what a narrow one cannot (`narrow-rings.ts`).
 */
import { capacityOf, wrapped } from '../../memory/ring-steps.ts';
import type { Slab } from '../../memory/slab.ts';
import {
  CELL_BASE,
  CELL_COLUMNS,
  CELL_LENGTH,
  CELL_START,
  CELL_STEP,
  CELL_TOTAL,
  type WindowCells,
} from '../window-cells.ts';

/** Sums stay exact up to 2^53; at half of that a ring's prefix sums are rebased. */
const REBASE_ABOVE = 2 ** 52;

export class WideRings {
  readonly slab: Slab;
  readonly #cells: WindowCells;

  constructor(slab: Slab, cells: WindowCells) {
    this.slab = slab;
    this.#cells = cells;
  }

  /** Reads the words that the newest event of a ring takes. */
  readNewest(cell: number): number {
    const { words, halves } = this.slab;
    const half = this.#cells.at(cell) * 2;
    const word = this.#word(cell, (halves[half + CELL_LENGTH] as number) - 1);
    return (words[word] as number) + (words[word + capacityOf(halves[half + CELL_STEP] as number)] as number);
  }

  /** What the i-th event holds in a column: 0 is its time; of money, 1 is the sum before it. */
  columnOf(cell: number, i: number, column: number): number {
    const { halves, words } = this.slab;
    const half = this.#cells.at(cell) * 2;
    const capacity = capacityOf(halves[half + CELL_STEP] as number);
    const slot = wrapped((halves[half + CELL_START] as number) + i, capacity);
    return words[(halves[half + CELL_BASE] as number) + slot + column * capacity] as number;
  }

  /** Sum of the values of the events `[from, to)` of money, at least one. */
  sum(cell: number, from: number, to: number): number {
    return this.prefix(cell, to) - this.columnOf(cell, from, 1);
  }

  /** Sum of the values of the events before position `i` of money; from the same origin for any `i`. */
  prefix(cell: number, i: number): number {
    const at = this.#cells.at(cell);
    if (i >= (this.slab.halves[at * 2 + CELL_LENGTH] as number)) return this.slab.words[at + CELL_TOTAL] as number;
    return this.columnOf(cell, i, 1);
  }

  /** Number of events among the first `upTo` that lie at or before `timeMs`; galloping from the newest. */
  positionAfter(cell: number, timeMs: number, upTo: number): number {
    const { words, halves } = this.slab;
    const half = this.#cells.at(cell) * 2;
    const base = halves[half + CELL_BASE] as number;
    const start = halves[half + CELL_START] as number;
    const capacity = capacityOf(halves[half + CELL_STEP] as number);
    let high = upTo;
    if (high === 0 || (words[base + wrapped(start + high - 1, capacity)] as number) <= timeMs) return high;
    high--;
    let step = 1;
    let low = high - 1;
    while (low >= 0 && (words[base + wrapped(start + low, capacity)] as number) > timeMs) {
      high = low;
      step *= 2;
      low -= step;
    }
    if (low < -1) low = -1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((words[base + wrapped(start + middle, capacity)] as number) <= timeMs) low = middle;
      else high = middle;
    }
    return high;
  }

  /** Copies the values of the events `[from, to)`, at least one, to the target. */
  copyValues(cell: number, from: number, to: number, isMoney: boolean, target: Float64Array): void {
    const { words, halves } = this.slab;
    const at = this.#cells.at(cell);
    const capacity = capacityOf(halves[at * 2 + CELL_STEP] as number);
    const column = (halves[at * 2 + CELL_BASE] as number) + capacity;
    const start = halves[at * 2 + CELL_START] as number;
    const count = to - from;
    for (let i = 0; i < count; i++) target[i] = words[column + wrapped(start + from + i, capacity)] as number;
    if (!isMoney) return;
    for (let i = 1; i < count; i++) target[i - 1] = (target[i] as number) - (target[i - 1] as number);
    target[count - 1] = this.prefix(cell, to) - (target[count - 1] as number);
  }

  /** How many events have one behind them that is not after `beforeMs`. */
  passed(cell: number, beforeMs: number): number {
    const { words, halves } = this.slab;
    const half = this.#cells.at(cell) * 2;
    const base = halves[half + CELL_BASE] as number;
    const start = halves[half + CELL_START] as number;
    const last = (halves[half + CELL_LENGTH] as number) - 1;
    const capacity = capacityOf(halves[half + CELL_STEP] as number);
    let passed = 0;
    while (passed < last && (words[base + wrapped(start + passed + 1, capacity)] as number) <= beforeMs) passed++;
    return passed;
  }

  /** Puts an event before the one at `position`, in a ring that has room. The caller touches the cell. */
  insert(cell: number, position: number, timeMs: number, value: number, value2: number, isMoney: boolean): void {
    const { words, halves } = this.slab;
    const half = this.#cells.at(cell) * 2;
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

  /** Copies the events to columns of so many words from `target` on. */
  copyTo(cell: number, target: number, capacity: number): void {
    const { words, halves } = this.slab;
    const half = this.#cells.at(cell) * 2;
    const columns = halves[half + CELL_COLUMNS] as number;
    const base = halves[half + CELL_BASE] as number;
    const start = halves[half + CELL_START] as number;
    const length = halves[half + CELL_LENGTH] as number;
    const before = capacityOf(halves[half + CELL_STEP] as number);
    for (let column = 0; column < columns; column++) {
      for (let i = 0; i < length; i++)
        words[target + column * capacity + i] = words[base + column * before + wrapped(start + i, before)] as number;
    }
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
}
