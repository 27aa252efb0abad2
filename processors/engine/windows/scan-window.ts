/**
 * Aggregates that look at every event of a window: sum, spread, extremes, distinct values and percentiles of one with few
 * events, and the last two of one that no moving window follows (`hot/moving/`). 1–8 ns an event, whatever the offset or
 * lateness, and exact; the ring's bound (`historyEventsMax`) is theirs. Scratch memory is shared and grows to the largest
 * window seen.
 */
import { selectRank } from './hot/moving/select-rank.ts';
import type { WindowStore } from './window-store.ts';

/** Open-addressing set that is emptied by raising the stamp. */
let seenValues = new Float64Array(256);
let seenStamps = new Uint32Array(256);
let stamp = 0;
let scanned = new Float64Array(256);

/** The values of the events `[from, to)` and behind them the pending one; they mean nothing after the next call. */
function valuesOf(
  store: WindowStore,
  cell: number,
  from: number,
  to: number,
  pending: number | undefined,
  isMoney: boolean,
): Float64Array {
  const count = to - from;
  if (count >= scanned.length) scanned = new Float64Array(2 ** Math.ceil(Math.log2(count + 1)));
  if (count > 0) store.copyValues(cell, from, to, isMoney, scanned);
  if (pending !== undefined) scanned[count] = pending;
  return scanned;
}

/** Sum of numbers in order of time. */
export function sumInOrder(
  store: WindowStore,
  cell: number,
  from: number,
  to: number,
  pending: number | undefined,
): number {
  const count = to - from + (pending === undefined ? 0 : 1);
  const values = valuesOf(store, cell, from, to, pending, false);
  let sum = 0;
  for (let i = 0; i < count; i++) sum += values[i] as number;
  return sum;
}

/** The largest of `sign` times a value, -Infinity where there is none. */
export function extremeOf(
  store: WindowStore,
  cell: number,
  from: number,
  to: number,
  isMoney: boolean,
  sign: 1 | -1,
): number {
  const values = valuesOf(store, cell, from, to, undefined, isMoney);
  let best = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < to - from; i++) if ((values[i] as number) * sign > best) best = (values[i] as number) * sign;
  return best;
}

/** Number of different values among the events `[from, to)` and the pending one. */
export function countDistinct(
  store: WindowStore,
  cell: number,
  from: number,
  to: number,
  pending: number | undefined,
): number {
  const size = to - from + 1;
  if (size === 1) return pending === undefined ? 0 : 1;
  if (size * 2 > seenValues.length) {
    const slots = 2 ** Math.ceil(Math.log2(size * 2));
    seenValues = new Float64Array(slots);
    seenStamps = new Uint32Array(slots);
    stamp = 0;
  }
  if (++stamp > 0xffff_fff0) {
    seenStamps.fill(0);
    stamp = 1;
  }
  const count = to - from + (pending === undefined ? 0 : 1);
  const values = valuesOf(store, cell, from, to, pending, false);
  let distinct = 0;
  for (let i = 0; i < count; i++) distinct += addSeen(values[i] as number);
  return distinct;
}

/** Standard deviation of the sample, in two passes so that large values close together lose nothing; undefined below two. */
export function stddevOf(
  store: WindowStore,
  cell: number,
  from: number,
  to: number,
  pending: number | undefined,
  isMoney: boolean,
): number | undefined {
  const count = to - from + (pending === undefined ? 0 : 1);
  if (count < 2) return undefined;
  const values = valuesOf(store, cell, from, to, pending, isMoney);
  let sum = 0;
  for (let i = 0; i < count; i++) sum += values[i] as number;
  const mean = sum / count;
  let squares = 0;
  for (let i = 0; i < count; i++) squares += ((values[i] as number) - mean) ** 2;
  return Math.sqrt(squares / (count - 1));
}

/** The value at rank ⌈p/100 × n⌉ in ascending order (nearest rank); undefined for an empty window. */
export function percentileOf(
  store: WindowStore,
  cell: number,
  from: number,
  to: number,
  pending: number | undefined,
  isMoney: boolean,
  p: number,
): number | undefined {
  const count = to - from + (pending === undefined ? 0 : 1);
  if (count === 0) return undefined;
  return selectRank(valuesOf(store, cell, from, to, pending, isMoney), 0, count - 1, Math.ceil((p / 100) * count) - 1);
}

function addSeen(value: number): 0 | 1 {
  const mask = seenValues.length - 1;
  const low = value % 4_294_967_296;
  for (let slot = Math.imul(low, 0x9e37_79b1) >>> 7; ; slot++) {
    const at = slot & mask;
    if (seenStamps[at] !== stamp) {
      seenStamps[at] = stamp;
      seenValues[at] = value;
      return 1;
    }
    if (seenValues[at] === value) return 0;
  }
}
