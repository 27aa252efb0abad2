/**
 * How a hot ring lies in the slab: chunks of events in order of time, each wide or narrow like a small ring, and a directory of
 * one entry a chunk. What an entry says of sums and ranks is that of all events before its chunk, so that two entries give
 * what lies between them; the entry behind the last chunk holds the totals.
 */
import type { SeriesKind } from '../series.ts';
import { MONEY_SQUARES, NUMBERS, SQUARES } from './exact-sums.ts';

export const CHUNK_EVENTS = 256;

/** Halves of the directory's head: its entries in use are `[FIRST_ENTRY, END_ENTRY)`, the totals stand at `END_ENTRY`. */
export const FIRST_ENTRY = 0;
export const END_ENTRY = 1;
/** Entries that the directory has room for, that of the totals included. */
export const CAPACITY = 2;
/** Events of the first chunk that are let go already. */
export const SKIPPED = 3;
export const KIND = 4;
export const HEAD_WORDS = 3;

/** Words of an entry: the chunk's base (its first half, the second says whether it is narrow), events before it, time of its first event … */
export const CHUNK = 0;
export const RANK = 1;
export const FIRST_MS = 2;
/** … the least and the largest of its values … */
export const MIN = 3;
export const MAX = 4;
/** … for money the sum of all values before it, for numbers how many of those have no exact sums … */
export const SUM = 5;
export const INEXACT = 5;
/** … and the limbs of exact sums of the values before it: squares of money, or numbers and their squares. */
export const LIMBS = 6;
export const NUMBER_SQUARES_AT = NUMBERS.limbs;

export const COUNT_KIND = 0;
export const MONEY_KIND = 1;
export const NUMBER_KIND = 2;
const KINDS: Readonly<Record<SeriesKind, number>> = {
  count: COUNT_KIND,
  money: MONEY_KIND,
  number: NUMBER_KIND,
  scalar: 3,
  position: 4,
};
/** In halves from the start of an entry: 1 where the chunk is a narrow one (`narrow-chunks.ts`). */
export const IS_NARROW = 1;
const PLAIN_WORDS = 3;
const ENTRY_WORDS: readonly number[] = [
  PLAIN_WORDS,
  LIMBS + MONEY_SQUARES.limbs,
  LIMBS + NUMBERS.limbs + SQUARES.limbs,
  PLAIN_WORDS,
  PLAIN_WORDS,
];
const COLUMNS: readonly number[] = [1, 2, 2, 2, 3];

export function kindCode(kind: SeriesKind): number {
  return KINDS[kind];
}

/** Words of an entry of a ring of the kind. */
export function entryWords(kind: number): number {
  return ENTRY_WORDS[kind] as number;
}

export function columnsOf(kind: number): number {
  return COLUMNS[kind] as number;
}
