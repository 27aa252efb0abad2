/**
 * Flat rings of money in 8 bytes an event instead of 16: one word, of which a half is the event's time and the other the sum
 * of the values before it, both modulo 2^32. A time is told by how long before the cell's newest it lies, and a sum by what
 * comes after it up to the total: so no ring ever has to be counted anew, and a ring holds whatever reaches back less than
 * 2^32 ms (49.7 days) from the cell's newest event and comes to less than 2^32 in whole values that are not negative.
 *
 * Words are copied as halves: as numbers, some of them would be NaN, whose bits no engine promises to keep.
 */
import { capacityOf, wrapped } from '../../memory/ring-steps.ts';
import type { Slab } from '../../memory/slab.ts';
import {
  CELL_BASE,
  CELL_LENGTH,
  CELL_NEWEST,
  CELL_START,
  CELL_STEP,
  CELL_TOTAL,
  NARROW_RING,
  type WindowCells,
} from '../window-cells.ts';

/** Times and sums are kept modulo that. */
export const MODULUS = 2 ** 32;

export class NarrowRings {
  readonly slab: Slab;
  readonly #cells: WindowCells;

  constructor(slab: Slab, cells: WindowCells) {
    this.slab = slab;
    this.#cells = cells;
  }

  /** Whether a narrow ring, or one that has no event yet, can take the event. */
  fits(cell: number, timeMs: number, value: number): boolean {
    if (value >>> 0 !== value || !Number.isInteger(timeMs)) return false;
    const { words, halves } = this.slab;
    const at = this.#cells.at(cell);
    const cellMs = words[at + CELL_NEWEST] as number;
    const newestMs = Math.max(cellMs, timeMs);
    if (newestMs - timeMs >= MODULUS) return false;
    if (halves[at * 2 + CELL_LENGTH] === 0) return true;
    const first = this.#slot(at * 2, 0);
    const ageMs = ((cellMs >>> 0) - (halves[first] as number)) >>> 0;
    const sum = ((words[at + CELL_TOTAL] as number) - (halves[first + 1] as number)) >>> 0;
    return newestMs - cellMs + ageMs < MODULUS && sum + value < MODULUS;
  }

  /** Reads the word of the newest event of a ring that has one. */
  readNewest(cell: number): number {
    const half = this.#cells.at(cell) * 2;
    const { halves } = this.slab;
    return halves[this.#slot(half, (halves[half + CELL_LENGTH] as number) - 1)] as number;
  }

  /** Time of the i-th event, oldest first. */
  timeOf(cell: number, i: number): number {
    const { words, halves } = this.slab;
    const at = this.#cells.at(cell);
    const newestMs = words[at + CELL_NEWEST] as number;
    return newestMs - (((newestMs >>> 0) - (halves[this.#slot(at * 2, i)] as number)) >>> 0);
  }

  /** Sum of the values of the events `[from, to)`, at least one. */
  sum(cell: number, from: number, to: number): number {
    const { words, halves } = this.slab;
    const at = this.#cells.at(cell);
    const end =
      to < (halves[at * 2 + CELL_LENGTH] as number)
        ? (halves[this.#slot(at * 2, to) + 1] as number)
        : (words[at + CELL_TOTAL] as number) >>> 0;
    return (end - (halves[this.#slot(at * 2, from) + 1] as number)) >>> 0;
  }

  /** Number of events among the first `upTo` that lie at or before `timeMs`; galloping from the newest. */
  positionAfter(cell: number, timeMs: number, upTo: number): number {
    const { words, halves } = this.slab;
    const at = this.#cells.at(cell);
    const newestMs = words[at + CELL_NEWEST] as number;
    if (newestMs <= timeMs || upTo === 0) return upTo;
    const leastMs = Math.ceil(newestMs - timeMs);
    if (leastMs >= MODULUS) return 0;
    const newest = newestMs >>> 0;
    // As a whole number of 32 bits, which ages are compared with faster.
    const ageMs = leastMs >>> 0;
    const base = halves[at * 2 + CELL_BASE] as number;
    const start = halves[at * 2 + CELL_START] as number;
    const capacity = capacityOf((halves[at * 2 + CELL_STEP] as number) - NARROW_RING);
    let high = upTo - 1;
    if ((newest - (halves[2 * (base + wrapped(start + high, capacity))] as number)) >>> 0 >= ageMs) return upTo;
    let step = 1;
    let low = high - 1;
    while (low >= 0 && (newest - (halves[2 * (base + wrapped(start + low, capacity))] as number)) >>> 0 < ageMs) {
      high = low;
      step *= 2;
      low -= step;
    }
    if (low < -1) low = -1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((newest - (halves[2 * (base + wrapped(start + middle, capacity))] as number)) >>> 0 >= ageMs) low = middle;
      else high = middle;
    }
    return high;
  }

  /** Copies the values of the events `[from, to)` to the target. */
  copyValues(cell: number, from: number, to: number, target: Float64Array): void {
    const { words, halves } = this.slab;
    const at = this.#cells.at(cell);
    const base = halves[at * 2 + CELL_BASE] as number;
    const start = halves[at * 2 + CELL_START] as number;
    const capacity = capacityOf((halves[at * 2 + CELL_STEP] as number) - NARROW_RING);
    let next =
      to < (halves[at * 2 + CELL_LENGTH] as number)
        ? (halves[2 * (base + wrapped(start + to, capacity)) + 1] as number)
        : (words[at + CELL_TOTAL] as number) >>> 0;
    for (let i = to - 1; i >= from; i--) {
      const before = halves[2 * (base + wrapped(start + i, capacity)) + 1] as number;
      target[i - from] = (next - before) >>> 0;
      next = before;
    }
  }

  /** How many events have one behind them that is not after `beforeMs`. */
  passed(cell: number, beforeMs: number): number {
    const { words, halves } = this.slab;
    const at = this.#cells.at(cell);
    const newestMs = words[at + CELL_NEWEST] as number;
    const newest = newestMs >>> 0;
    const ageMs = newestMs - beforeMs;
    const base = halves[at * 2 + CELL_BASE] as number;
    const start = halves[at * 2 + CELL_START] as number;
    const last = (halves[at * 2 + CELL_LENGTH] as number) - 1;
    const capacity = capacityOf((halves[at * 2 + CELL_STEP] as number) - NARROW_RING);
    let passed = 0;
    while (
      passed < last &&
      (newest - (halves[2 * (base + wrapped(start + passed + 1, capacity))] as number)) >>> 0 >= ageMs
    )
      passed++;
    return passed;
  }

  /** Puts an event that fits before the one at `position`, in a ring that has room. The caller touches the cell. */
  insert(cell: number, position: number, timeMs: number, value: number): void {
    const { words, halves } = this.slab;
    const at = this.#cells.at(cell);
    const base = halves[at * 2 + CELL_BASE] as number;
    const start = halves[at * 2 + CELL_START] as number;
    const length = halves[at * 2 + CELL_LENGTH] as number;
    const capacity = capacityOf((halves[at * 2 + CELL_STEP] as number) - NARROW_RING);
    const word = base + wrapped(start + position, capacity);
    const total = words[at + CELL_TOTAL] as number;
    let before = total;
    if (position < length) {
      before = halves[2 * word + 1] as number;
      this.slab.touch(base, capacity);
      for (let i = length; i > position; i--) {
        const to = 2 * (base + wrapped(start + i, capacity));
        const from = 2 * (base + wrapped(start + i - 1, capacity));
        halves[to] = halves[from] as number;
        halves[to + 1] = ((halves[from + 1] as number) + value) >>> 0;
      }
    } else {
      this.slab.touch(word);
    }
    halves[2 * word] = timeMs >>> 0;
    halves[2 * word + 1] = before;
    halves[at * 2 + CELL_LENGTH] = length + 1;
    words[at + CELL_TOTAL] = (total + value) >>> 0;
  }

  /** Copies the events to words from `target` on. */
  copyTo(cell: number, target: number): void {
    const { halves } = this.slab;
    const half = this.#cells.at(cell) * 2;
    const base = halves[half + CELL_BASE] as number;
    const start = halves[half + CELL_START] as number;
    const length = halves[half + CELL_LENGTH] as number;
    const capacity = capacityOf((halves[half + CELL_STEP] as number) - NARROW_RING);
    for (let i = 0; i < length; i++) {
      const from = 2 * (base + wrapped(start + i, capacity));
      halves[2 * (target + i)] = halves[from] as number;
      halves[2 * (target + i) + 1] = halves[from + 1] as number;
    }
  }

  /** First half of the i-th event of the cell at this half. */
  #slot(half: number, i: number): number {
    const { halves } = this.slab;
    const capacity = capacityOf((halves[half + CELL_STEP] as number) - NARROW_RING);
    return 2 * ((halves[half + CELL_BASE] as number) + wrapped((halves[half + CELL_START] as number) + i, capacity));
  }
}
