/** What the entries of a hot ring's directory sum up, and the sums of a window: the difference of those at its two ends. */
import type { Slab } from '../../memory/slab.ts';
import { addExact, addSquare, isExact, MONEY_SQUARES, NUMBERS, SQUARES } from './exact-sums.ts';
import type { HotDirectory } from './hot-directory.ts';
import {
  END_ENTRY,
  entryWords,
  FIRST_ENTRY,
  INEXACT,
  KIND,
  LIMBS,
  MONEY_KIND,
  NUMBER_KIND,
  NUMBER_SQUARES_AT,
  RANK,
  SUM,
} from './hot-layout.ts';

/** Limbs hold as many numbers. */
const EVENTS_MAX = 2 ** 25;
/** Sums stay exact up to 2^53. */
const SUM_MAX = 2 ** 52;

/** Adds an event to an entry, or takes it back. The caller touches the entry. */
export function addToSums(slab: Slab, entry: number, kind: number, value: number, sign: 1 | -1): void {
  const { words } = slab;
  words[entry + RANK] = (words[entry + RANK] as number) + sign;
  if (kind === MONEY_KIND) {
    words[entry + SUM] = (words[entry + SUM] as number) + sign * value;
    addSquare(words, entry + LIMBS, MONEY_SQUARES, value, sign);
  } else if (kind === NUMBER_KIND) {
    addNumber(words, entry + INEXACT, value, sign);
  }
}

/** The same for a number: the count of those without exact sums stands before the limbs. */
function addNumber(words: Float64Array, at: number, value: number, sign: 1 | -1): void {
  if (isExact(value)) {
    addExact(words, at + 1, NUMBERS, value * sign);
    addSquare(words, at + 1 + NUMBER_SQUARES_AT, SQUARES, value, sign);
  } else {
    words[at] = (words[at] as number) + sign;
  }
}

/** Writes what one entry says of the events before it to another. */
export function copySums(slab: Slab, from: number, to: number, kind: number): void {
  const { words } = slab;
  words[to + RANK] = words[from + RANK] as number;
  if (kind === MONEY_KIND || kind === NUMBER_KIND) words.copyWithin(to + SUM, from + SUM, from + entryWords(kind));
}

/** Counts from the oldest chunk on again where sums might round otherwise. */
export function rebase(slab: Slab, directory: HotDirectory, dir: number): void {
  const { words, halves } = slab;
  const kind = halves[dir * 2 + KIND] as number;
  const end = directory.entry(dir, halves[dir * 2 + END_ENTRY] as number);
  const sum = kind === MONEY_KIND ? Math.abs(words[end + SUM] as number) : 0;
  if ((words[end + RANK] as number) <= EVENTS_MAX && sum <= SUM_MAX) return;
  const first = directory.entry(dir, halves[dir * 2 + FIRST_ENTRY] as number);
  const size = entryWords(kind);
  const taken = words.slice(first, first + size);
  slab.touch(first, end + size - first);
  for (let entry = first; entry <= end; entry += size) {
    words[entry + RANK] = (words[entry + RANK] as number) - (taken[RANK] as number);
    if (kind !== MONEY_KIND && kind !== NUMBER_KIND) continue;
    for (let i = SUM; i < size; i++) words[entry + i] = (words[entry + i] as number) - (taken[i] as number);
  }
}

/** Adds an event to sums that are laid out like an entry from `SUM` on. */
export function addValue(sums: Float64Array, kind: number, value: number, sign: 1 | -1): void {
  if (kind === NUMBER_KIND) {
    addNumber(sums, 0, value, sign);
  } else {
    sums[0] = (sums[0] as number) + sign * value;
    addSquare(sums, LIMBS - SUM, MONEY_SQUARES, value, sign);
  }
}
