/**
 * Chunks of money in 8 bytes an event instead of 16, as narrow rings are (`flat/narrow-rings.ts`): of a word, a half is the
 * event's time modulo 2^32, told from the time of the chunk's first event, and the other the sum of the values before it
 * within the chunk. A chunk holds what spans less than 2^32 ms (49.7 days) and comes to less than 2^32 in whole values that
 * are not negative; it becomes wide before it takes anything else, and stays that.
 */
import type { Slab } from '../../memory/slab.ts';
import { MODULUS } from '../flat/narrow-rings.ts';
import { CHUNK_EVENTS } from './hot-layout.ts';

/** Whether a chunk of that first and last time and that sum can take an event. */
export function fitsNarrow(firstMs: number, lastMs: number, sum: number, timeMs: number, value: number): boolean {
  if (value >>> 0 !== value || !Number.isInteger(timeMs)) return false;
  return Math.max(lastMs, timeMs) - Math.min(firstMs, timeMs) < MODULUS && sum + value < MODULUS;
}

/** Time of the j-th event of a chunk that begins at `firstMs`. */
export function narrowTime(slab: Slab, chunk: number, j: number, firstMs: number): number {
  return firstMs + (((slab.halves[2 * (chunk + j)] as number) - (firstMs >>> 0)) >>> 0);
}

/** Sum of the values before the j-th event within its chunk. */
export function narrowSum(slab: Slab, chunk: number, j: number): number {
  return slab.halves[2 * (chunk + j) + 1] as number;
}

/** Number of events of a chunk at or before `timeMs`, of which there are `low` at least and `high` at most. */
export function searchNarrow(
  slab: Slab,
  chunk: number,
  firstMs: number,
  timeMs: number,
  low: number,
  high: number,
): number {
  const mostMs = Math.floor(timeMs - firstMs);
  if (mostMs < 0) return low;
  if (mostMs >= MODULUS) return high;
  const { halves } = slab;
  const first = firstMs >>> 0;
  // As a whole number of 32 bits, which ages are compared with faster.
  const ageMs = mostMs >>> 0;
  if (low < high && ((halves[2 * (chunk + high - 1)] as number) - first) >>> 0 <= ageMs) return high;
  let from = low;
  let to = high;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (((halves[2 * (chunk + middle)] as number) - first) >>> 0 <= ageMs) from = middle + 1;
    else to = middle;
  }
  return from;
}

/** Copies the values of the events `[from, to)`, before which and the next event's there is `sum`, to the target from `at` on. */
export function copyNarrow(
  slab: Slab,
  chunk: number,
  from: number,
  to: number,
  sum: number,
  target: Float64Array,
  at: number,
): void {
  const { halves } = slab;
  let next = sum >>> 0;
  let half = 2 * (chunk + to) - 1;
  for (let i = at + to - from - 1; i >= at; i--, half -= 2) {
    const before = halves[half] as number;
    target[i] = (next - before) >>> 0;
    next = before;
  }
}

/** Puts an event that fits before the j-th of `count` in a chunk of that sum. */
export function placeNarrow(
  slab: Slab,
  chunk: number,
  j: number,
  count: number,
  sum: number,
  timeMs: number,
  value: number,
): void {
  const { halves } = slab;
  const at = 2 * (chunk + j);
  slab.touch(chunk + j, count - j + 1);
  if (j < count) {
    halves.copyWithin(at + 2, at, 2 * (chunk + count));
    for (let i = j + 1; i <= count; i++) {
      const half = 2 * (chunk + i) + 1;
      halves[half] = (halves[half] as number) + value;
    }
  } else {
    halves[at + 1] = sum;
  }
  halves[at] = timeMs >>> 0;
}

/** Writes the events of a chunk to the columns of a wide one. */
export function widenTo(slab: Slab, chunk: number, count: number, firstMs: number, target: number): void {
  const { words } = slab;
  for (let j = 0; j < count; j++) {
    words[target + j] = narrowTime(slab, chunk, j, firstMs);
    words[target + CHUNK_EVENTS + j] = narrowSum(slab, chunk, j);
  }
}

/** Moves the events `[from, to)` of one chunk to the start of another or the same; the sums are counted from the first. */
export function moveNarrow(slab: Slab, chunk: number, from: number, to: number, target: number): void {
  const { halves } = slab;
  const before = narrowSum(slab, chunk, from);
  halves.copyWithin(2 * target, 2 * (chunk + from), 2 * (chunk + to));
  for (let j = 0; j < to - from; j++) {
    const half = 2 * (target + j) + 1;
    halves[half] = (halves[half] as number) - before;
  }
}
