/**
 * Sum and spread of windows with so many events that they are not looked at one by one. Both are computed from exact sums
 * and rounded at the end, so they depend on the window's values alone: not on their order, nor on what else the ring holds.
 */
import { FLAT_EVENTS_MAX } from '../flat/flat-rings.ts';
import type { WindowStore } from '../window-store.ts';
import { MONEY_SQUARES, NUMBERS, SQUARES, wholeOf } from './exact-sums.ts';
import {
  CHUNK_EVENTS,
  entryWords,
  INEXACT,
  KIND,
  LIMBS,
  MONEY_KIND,
  NUMBER_KIND,
  NUMBER_SQUARES_AT,
  RANK,
  SUM,
} from './hot-layout.ts';
import type { HotRings } from './hot-rings.ts';
import { addValue } from './hot-sums.ts';

/** A window with more events than that, the one at hand left aside, is summed here: only a hot ring has them. */
export const SCANNED_EVENTS_MAX = FLAT_EVENTS_MAX;

const LIMBS_AT = LIMBS - SUM;
/** Values of a part of a chunk; mean nothing between calls, like the sums. */
const edge = new Float64Array(CHUNK_EVENTS);
const sums = new Float64Array(LIMBS_AT + NUMBERS.limbs + SQUARES.limbs);

/**
 * Sum of the numbers of the events `[from, to)` and the pending one, rounded once; undefined where one of them is beyond
 * what is summed exactly.
 */
export function exactSum(
  store: WindowStore,
  cell: number,
  from: number,
  to: number,
  pending: number | undefined,
): number | undefined {
  gather(store, cell, from, to, pending, NUMBER_KIND);
  if (sums[INEXACT - SUM] !== 0) return undefined;
  return Number(wholeOf(sums, LIMBS_AT, NUMBERS)) * 2 ** NUMBERS.lowest;
}

/** Standard deviation of the sample of `count` values: √((n·Σv² − (Σv)²) / (n·(n − 1))); undefined as above. */
export function exactStddev(
  store: WindowStore,
  cell: number,
  from: number,
  to: number,
  pending: number | undefined,
  isMoney: boolean,
  count: number,
): number | undefined {
  gather(store, cell, from, to, pending, isMoney ? MONEY_KIND : NUMBER_KIND);
  if (!isMoney && sums[INEXACT - SUM] !== 0) return undefined;
  const sum = isMoney ? BigInt(sums[0] as number) : wholeOf(sums, LIMBS_AT, NUMBERS);
  const squares = isMoney
    ? wholeOf(sums, LIMBS_AT, MONEY_SQUARES)
    : wholeOf(sums, LIMBS_AT + NUMBER_SQUARES_AT, SQUARES);
  const spread = Number(BigInt(count) * squares - sum * sum) * 2 ** (isMoney ? 0 : SQUARES.lowest);
  return Math.sqrt(spread / (count * (count - 1)));
}

function gather(
  store: WindowStore,
  cell: number,
  from: number,
  to: number,
  pending: number | undefined,
  kind: number,
): void {
  sums.fill(0);
  addSumsBefore(store.hot, cell, to, 1, sums);
  addSumsBefore(store.hot, cell, from, -1, sums);
  if (pending !== undefined) addValue(sums, kind, pending, 1);
}

/**
 * Adds `sign` times what is to say of the events before position `i` to `sums`, which are laid out like an entry from `SUM`
 * on. Two of these, of opposite signs, give a window's sums at the cost of its two ends.
 */
function addSumsBefore(hot: HotRings, cell: number, i: number, sign: 1 | -1, sums: Float64Array): void {
  const { directory } = hot;
  const { words, halves } = hot.slab;
  const dir = directory.at(cell);
  const kind = halves[dir * 2 + KIND] as number;
  const rank = directory.rankOfFirst(dir) + i;
  const k = directory.chunkOfRank(dir, rank);
  const j = rank - (words[directory.entry(dir, k) + RANK] as number);
  const count = directory.eventsIn(dir, k);
  // From the nearer end of the chunk.
  const isBehind = j * 2 > count;
  const entry = directory.entry(dir, isBehind ? k + 1 : k);
  const size = entryWords(kind);
  for (let w = SUM; w < size; w++) sums[w - SUM] = (sums[w - SUM] as number) + sign * (words[entry + w] as number);
  const start = isBehind ? j : 0;
  const end = isBehind ? count : j;
  hot.chunks.copyValues(dir, k, start, end, edge, 0);
  const edgeSign = isBehind ? (-sign as 1 | -1) : sign;
  for (let e = 0; e < end - start; e++) addValue(sums, kind, edge[e] as number, edgeSign);
}
