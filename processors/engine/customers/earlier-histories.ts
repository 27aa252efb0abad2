/**
 * Histories as customers of layout 1 have them: 32 bytes an event. A time of 64 bits, 64 bits of the id's hash, 29 of the source's
 * over the same three flags, then three keys of 32 bits, the last of which may be the word of the block with the others.
 */
import { capacityOf, wrapped } from '../memory/ring-steps.ts';
import type { Slab } from '../memory/slab.ts';
import type { CustomerTable } from './customer-table.ts';
import { fitsNarrow, LINK_KEYS, NARROW_WORDS, setFraud, WIDE_WORDS, writeEvent } from './history-events.ts';
import { WIDE_RING } from './history-rings.ts';

const EVENT_WORDS = 4;
/** Halves of an event. */
const ID_A = 2;
const ID_B = 3;
const SOURCE = 4;
const KEYS = 5;
const KEYS_INLINE = 3;
const IS_TRANSACTION = 1;
const IS_FRAUD = 2;
const HAS_MORE_KEYS = 4;

const keys = new Uint32Array(LINK_KEYS);

/** Lays the rings of all customers anew, once after loading. */
export function adoptHistories(slab: Slab, customers: CustomerTable): void {
  for (let row = 1; row <= customers.top; row++) if (customers.historyBase(row) !== 0) adoptRing(slab, customers, row);
}

function adoptRing(slab: Slab, customers: CustomerTable, row: number): void {
  const base = customers.historyBase(row);
  const length = customers.historyLength(row);
  const step = customers.historyStep(row);
  const capacity = capacityOf(step);
  const start = customers.historyStart(row);
  const wordOf = (i: number): number => base + EVENT_WORDS * wrapped(start + i, capacity);
  let isWide = false;
  for (let i = 0; i < length; i++) isWide ||= !fitsNarrow(slab.words[wordOf(i)] as number);
  const eventWords = isWide ? WIDE_WORDS : NARROW_WORDS;
  const moved = slab.allocate(eventWords * capacity);
  for (let i = 0; i < length; i++) adoptEvent(slab, wordOf(i), moved + eventWords * i, isWide);
  slab.release(base, EVENT_WORDS * capacity);
  customers.setHistoryRing(row, moved, isWide ? step + WIDE_RING : step);
  customers.setHistorySpan(row, 0, length);
}

function adoptEvent(slab: Slab, from: number, to: number, isWide: boolean): void {
  const { words, halves } = slab;
  const half = from * 2;
  const source = halves[half + SOURCE] as number;
  for (let i = 0; i < KEYS_INLINE; i++) keys[i] = halves[half + KEYS + i] as number;
  const more = (source & HAS_MORE_KEYS) === 0 ? 0 : (keys[KEYS_INLINE - 1] as number);
  const name = { idA: halves[half + ID_A] as number, idB: halves[half + ID_B] as number, source };
  const isTransaction = (source & IS_TRANSACTION) !== 0;
  writeEvent(slab, to, isWide, words[from] as number, name, isTransaction ? keys : undefined, more);
  if ((source & IS_FRAUD) !== 0) setFraud(slab, to, true);
}
