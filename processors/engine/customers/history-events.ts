/**
 * One event of a customer's history: 24 bytes, six halves, in which times are whole milliseconds of 41 bits, from 1990 to 2059.
 *
 * | half | bits |
 * |---|---|
 * | 0 | 32 lower ones of the time |
 * | 1 | 32 of the id's hash |
 * | 2 | 20 of the source's hash, 9 upper ones of the time, 3 flags |
 * | 3 to 5 | 4 further ones of the id's hash and 28 of an entity (`ENTITIES_MAX`), each: card, device and merchant |
 *
 * Any other time is a number of its own behind these, in a fourth word; all events of a ring have it, or none.
 *
 * Hashes are compared among one customer's events. Of those with the same time two pass for one by chance where 64 bits agree,
 * or 20 where two sources gave the same id: one in a million. A label is matched by 44 bits of the id: with
 * a million labels a day for customers of 500 events each, a wrong match comes once in a hundred years.
 *
 * A transaction with an address or a counterparty has a block of 16 bytes: the merchant and these two. Where it lies stands in place
 * of the merchant, in granules of two words, which 28 bits hold for all of the slab.
 */
import { GRANULE_WORDS } from '../memory/size-class.ts';
import type { Slab } from '../memory/slab.ts';
import type { EventName } from './event-name.ts';

export const NARROW_WORDS = 3;
/** The last word is the time. */
export const WIDE_WORDS = 4;
/** Keys of a transaction beside the customer, in the order of `WINDOW_KEYS`. */
export const LINK_KEYS = 5;
export const MORE_WORDS = 2;

const TIME = 0;
const ID = 1;
const MARKS = 2;
const KEYS = 3;
const KEYS_INLINE = 3;
/** Of the marks. */
const IS_TRANSACTION = 1;
const IS_FRAUD = 2;
const HAS_MORE_KEYS = 4;
const TIME_SHIFT = 3;
const TIME_MASK = 0x1ff;
const SOURCE_SHIFT = 12;
/** Of a key. */
const ENTITY_BITS = 28;
const ENTITY_MASK = 2 ** ENTITY_BITS - 1;

/** 1990-01-01, in milliseconds since 1970. */
const EPOCH_MS = 631_152_000_000;
const SPAN_MS = 2 ** 41;
const MODULUS = 2 ** 32;

/** Whether an event of this time takes three words. */
export function fitsNarrow(timeMs: number): boolean {
  return timeMs >= EPOCH_MS && timeMs < EPOCH_MS + SPAN_MS && Number.isInteger(timeMs);
}

/** Time of the event at this word. */
export function timeAt(slab: Slab, word: number, isWide: boolean): number {
  if (isWide) return slab.words[word + WIDE_WORDS - 1] as number;
  const { halves } = slab;
  const upper = ((halves[word * 2 + MARKS] as number) >>> TIME_SHIFT) & TIME_MASK;
  return EPOCH_MS + upper * MODULUS + (halves[word * 2 + TIME] as number);
}

/** Sets the time of an event that is written; one that is not wide must fit. */
function setTime({ words, halves }: Slab, word: number, isWide: boolean, timeMs: number): void {
  if (isWide) {
    words[word + WIDE_WORDS - 1] = timeMs;
    return;
  }
  const sinceMs = timeMs - EPOCH_MS;
  const upper = (sinceMs / MODULUS) | 0;
  const half = word * 2;
  halves[half + TIME] = sinceMs - upper * MODULUS;
  halves[half + MARKS] = ((halves[half + MARKS] as number) & ~(TIME_MASK << TIME_SHIFT)) | (upper << TIME_SHIFT);
}

/** Writes an event to words that are touched. `keys` are a transaction's, `more` the block of those that have no place in it. */
export function writeEvent(
  slab: Slab,
  word: number,
  isWide: boolean,
  timeMs: number,
  { idA, idB, source }: EventName,
  keys: Uint32Array | undefined,
  more: number,
): void {
  const { halves } = slab;
  const half = word * 2;
  const flags = (keys === undefined ? 0 : IS_TRANSACTION) | (more === 0 ? 0 : HAS_MORE_KEYS);
  halves[half + TIME] = 0;
  halves[half + ID] = idA;
  halves[half + MARKS] = ((source >>> SOURCE_SHIFT) << SOURCE_SHIFT) | flags;
  const last = more === 0 && keys !== undefined ? (keys[2] as number) : more / GRANULE_WORDS;
  halves[half + KEYS] = (idB & ~ENTITY_MASK) | (keys === undefined ? 0 : (keys[0] as number));
  halves[half + KEYS + 1] = ((idB << 4) & ~ENTITY_MASK) | (keys === undefined ? 0 : (keys[1] as number));
  halves[half + KEYS + 2] = ((idB << 8) & ~ENTITY_MASK) | last;
  setTime(slab, word, isWide, timeMs);
}

/** The block that a transaction with these keys needs, written; 0 where it needs none. The slab's views may have been replaced. */
export function writeMore(slab: Slab, keys: Uint32Array): number {
  if (keys[KEYS_INLINE] === 0 && keys[KEYS_INLINE + 1] === 0) return 0;
  const more = slab.allocate(MORE_WORDS);
  const { halves } = slab;
  for (let i = KEYS_INLINE - 1; i < LINK_KEYS; i++) halves[more * 2 + i - KEYS_INLINE + 1] = keys[i] as number;
  halves[more * 2 + MORE_WORDS * 2 - 1] = 0;
  return more;
}

/** As integers, but for a time of its own: a float copy may alter bits that look like a NaN. `to` is touched. */
export function copyEvent(slab: Slab, from: number, fromWide: boolean, to: number, toWide: boolean): void {
  const { halves } = slab;
  for (let half = 0; half < NARROW_WORDS * 2; half++) halves[to * 2 + half] = halves[from * 2 + half] as number;
  if (fromWide || toWide) setTime(slab, to, toWide, timeAt(slab, from, fromWide));
}

export function hasId({ halves }: Slab, word: number, { idA, idB }: EventName): boolean {
  const half = word * 2;
  if (halves[half + ID] !== idA) return false;
  const differing =
    ((halves[half + KEYS] as number) ^ idB) |
    ((halves[half + KEYS + 1] as number) ^ (idB << 4)) |
    ((halves[half + KEYS + 2] as number) ^ (idB << 8));
  return differing >>> ENTITY_BITS === 0;
}

export function hasSource({ halves }: Slab, word: number, { source }: EventName): boolean {
  return ((halves[word * 2 + MARKS] as number) ^ source) >>> SOURCE_SHIFT === 0;
}

export function isTransaction(slab: Slab, word: number): boolean {
  return hasMark(slab, word, IS_TRANSACTION);
}

export function isFraud(slab: Slab, word: number): boolean {
  return hasMark(slab, word, IS_FRAUD);
}

export function setFraud(slab: Slab, word: number, fraud: boolean): void {
  slab.touch(word, NARROW_WORDS);
  const { halves } = slab;
  const half = word * 2 + MARKS;
  halves[half] = ((halves[half] as number) & ~IS_FRAUD) | (fraud ? IS_FRAUD : 0);
}

/** The entity of one key of a transaction, 0 where it had none. */
export function keyAt(slab: Slab, word: number, key: number): number {
  const { halves } = slab;
  const last = KEYS_INLINE - 1;
  if (key < last) return (halves[word * 2 + KEYS + key] as number) & ENTITY_MASK;
  const more = moreOf(slab, word);
  if (more !== 0) return halves[more * 2 + key - last] as number;
  return key === last ? (halves[word * 2 + KEYS + last] as number) & ENTITY_MASK : 0;
}

/** The block of the keys that have no place in the event, 0 where there is none. */
export function moreOf(slab: Slab, word: number): number {
  if (!hasMark(slab, word, HAS_MORE_KEYS)) return 0;
  return ((slab.halves[word * 2 + KEYS + KEYS_INLINE - 1] as number) & ENTITY_MASK) * GRANULE_WORDS;
}

function hasMark({ halves }: Slab, word: number, mark: number): boolean {
  return ((halves[word * 2 + MARKS] as number) & mark) !== 0;
}
