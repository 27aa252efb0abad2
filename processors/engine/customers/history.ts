/**
 * Each customer's events in order of event time, 32 bytes each: time, hashes of id and source, and of a transaction the
 * keys it touched; one with an address or a counterparty has 16 bytes more. Two questions are answered here: "has this event been seen?" (a duplicate has the same
 * event time, so a binary search and a look at its neighbours decide) and "which keys did transaction X touch?".
 * While an event is in the history, its repetition is recognised, however often the log is replayed.
 */
import { ID, SOURCE as SOURCE_FIELD } from '../../../core/codec/transaction-fields.ts';
import type { TransactionView } from '../../../core/codec/transaction-view.ts';
import { hashAscii, hashString } from '../../../core/hash.ts';
import type { MemoryReport } from '../memory/memory-report.ts';
import { capacityOf, stepAfter, stepFor } from '../memory/ring-steps.ts';
import type { Slab } from '../memory/slab.ts';
import type { CustomerTable } from './customer-table.ts';

/** An event's words stand together: the newest one is one line of the cache for reading, recognising and appending. */
const EVENT_WORDS = 4;
/** Keys of a transaction beside the customer, in the order of `WINDOW_KEYS`. */
export const LINK_KEYS = 5;
/** Halves of an event. */
const ID_A = 2;
const ID_B = 3;
/** Hash of the source, the lowest bits flags. */
const SOURCE = 4;
/** The first keys; with more than these, the last of these halves says where the block lies that holds it and the rest. */
const KEYS = 5;
const KEYS_INLINE = 3;
const MORE_WORDS = 2;
const IS_TRANSACTION = 1;
const IS_FRAUD = 2;
const HAS_MORE_KEYS = 4;
const FLAGS = IS_TRANSACTION | IS_FRAUD | HAS_MORE_KEYS;
/** A ring of a higher capacity that is full to less than a quarter moves to a smaller one. */
const SHRUNK_ABOVE = 8;

const ID_SEED_A = 0x1d_0a;
const ID_SEED_B = 0x1d_0b;
const SOURCE_SEED = 0x50_0c;

/** The hashes that name an event: 64 bits of its id, 32 of its source, of which 29 are compared. */
export interface EventName {
  idA: number;
  idB: number;
  source: number;
}

/** Fills `name`, which the caller reuses. */
export function nameEvent(name: EventName, id: string, source: string): void {
  name.idA = hashString(id, ID_SEED_A);
  name.idB = hashString(id, ID_SEED_B);
  name.source = hashString(source, SOURCE_SEED);
}

/** The same for an event that is read in its frame. */
export function nameViewed(name: EventName, view: TransactionView): void {
  if (!view.isAscii(ID) || !view.isAscii(SOURCE_FIELD)) {
    nameEvent(name, view.event.id, view.event.source);
    return;
  }
  const { bytes } = view;
  name.idA = hashAscii(bytes, view.at(ID), view.length(ID), ID_SEED_A);
  name.idB = hashAscii(bytes, view.at(ID), view.length(ID), ID_SEED_B);
  name.source = hashAscii(bytes, view.at(SOURCE_FIELD), view.length(SOURCE_FIELD), SOURCE_SEED);
}

export class History {
  readonly #slab: Slab;
  readonly #customers: CustomerTable;

  constructor(slab: Slab, customers: CustomerTable) {
    this.#slab = slab;
    this.#customers = customers;
  }

  /** Reads the newest event. */
  readNewest(row: number): number {
    const length = this.#customers.historyLength(row);
    return length === 0 ? 0 : (this.#slab.words[this.word(row, length - 1)] as number);
  }

  holds(row: number, timeMs: number, name: EventName): boolean {
    const { words, halves } = this.#slab;
    for (let i = this.positionAfter(row, timeMs) - 1; i >= 0; i--) {
      const word = this.word(row, i);
      if (words[word] !== timeMs) return false;
      if (this.#isNamed(word, name) && (((halves[word * 2 + SOURCE] as number) ^ name.source) & ~FLAGS) === 0)
        return true;
    }
    return false;
  }

  /** Whether an event of this time may have been in the history and left it: it cannot be told from a duplicate. */
  isBeyond(row: number, timeMs: number): boolean {
    return timeMs <= this.#customers.historyFloorMs(row);
  }

  /** The newest transaction with this id, whatever its source, by the word that it lies at; 0 if there is none. */
  findTransaction(row: number, transactionId: string): number {
    const name = { idA: hashString(transactionId, ID_SEED_A), idB: hashString(transactionId, ID_SEED_B), source: 0 };
    for (let i = this.#customers.historyLength(row) - 1; i >= 0; i--) {
      const word = this.word(row, i);
      if (this.#has(word, IS_TRANSACTION) && this.#isNamed(word, name)) return word;
    }
    return 0;
  }

  /** Records an event; `keys` are the entities a transaction touched, undefined for other types. */
  insert(
    row: number,
    timeMs: number,
    name: EventName,
    keys: Uint32Array | undefined,
    keepMs: number,
    keepMax: number,
  ): void {
    this.evict(row, this.#customers.newestTimedMs(row) - keepMs, keepMax - 1);
    this.#reserve(row);
    const at = this.positionAfter(row, timeMs);
    const length = this.#customers.historyLength(row);
    const more = keys === undefined ? 0 : this.#writeMore(keys);
    for (let i = length; i > at; i--) this.#copy(this.word(row, i - 1), this.word(row, i));
    const word = this.word(row, at);
    this.#slab.touch(word, EVENT_WORDS);
    const { words, halves } = this.#slab;
    words[word] = timeMs;
    halves[word * 2 + ID_A] = name.idA;
    halves[word * 2 + ID_B] = name.idB;
    const flags = (keys === undefined ? 0 : IS_TRANSACTION) | (more === 0 ? 0 : HAS_MORE_KEYS);
    halves[word * 2 + SOURCE] = (name.source & ~FLAGS) | flags;
    for (let i = 0; i < KEYS_INLINE; i++) halves[word * 2 + KEYS + i] = keys === undefined ? 0 : (keys[i] as number);
    if (more !== 0) halves[word * 2 + KEYS + KEYS_INLINE - 1] = more;
    this.#customers.setHistorySpan(row, this.#customers.historyStart(row), length + 1);
  }

  /** The entity of one key of a transaction, 0 where it had none. */
  keyOf(transaction: number, key: number): number {
    const { halves } = this.#slab;
    const at = transaction * 2 + KEYS;
    const last = KEYS_INLINE - 1;
    if (key < last) return halves[at + key] as number;
    if (this.#has(transaction, HAS_MORE_KEYS)) return halves[(halves[at + last] as number) * 2 + key - last] as number;
    return key === last ? (halves[at + last] as number) : 0;
  }

  /** The i-th event by the word that it lies at, 0 where it is no transaction. Valid until an event enters or leaves. */
  transactionAt(row: number, i: number): number {
    const word = this.word(row, i);
    return this.#has(word, IS_TRANSACTION) ? word : 0;
  }

  isFraud(transaction: number): boolean {
    return this.#has(transaction, IS_FRAUD);
  }

  markFraud(transaction: number, fraud: boolean): void {
    this.#slab.touch(transaction, EVENT_WORDS);
    const { halves } = this.#slab;
    const half = transaction * 2 + SOURCE;
    halves[half] = ((halves[half] as number) & ~IS_FRAUD) | (fraud ? IS_FRAUD : 0);
  }

  /** Number of events at or before `timeMs`. */
  positionAfter(row: number, timeMs: number): number {
    const { words } = this.#slab;
    let high = this.#customers.historyLength(row);
    if (high === 0 || (words[this.word(row, high - 1)] as number) <= timeMs) return high;
    let low = 0;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((words[this.word(row, middle)] as number) <= timeMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** First word of the i-th event, oldest first: its time. */
  word(row: number, i: number): number {
    const capacity = capacityOf(this.#customers.historyStep(row));
    const slot = this.#customers.historyStart(row) + i;
    return this.#customers.historyBase(row) + EVENT_WORDS * (slot < capacity ? slot : slot - capacity);
  }

  /** Lets go of what is older than `beforeMs` or more than `lengthMax` events. */
  evict(row: number, beforeMs: number, lengthMax: number): void {
    const customers = this.#customers;
    let length = customers.historyLength(row);
    while (length > 0) {
      const word = this.word(row, 0);
      const timeMs = this.#slab.words[word] as number;
      if (timeMs >= beforeMs && length <= lengthMax) return;
      const more = this.#moreOf(word);
      if (more !== 0) this.#slab.release(more, MORE_WORDS);
      customers.raiseHistoryFloorMs(row, timeMs);
      length--;
      const next = customers.historyStart(row) + 1;
      customers.setHistorySpan(row, next === capacityOf(customers.historyStep(row)) ? 0 : next, length);
    }
  }

  /**
   * Moves the events of `from` into `to`, in order of time; of two at the same time those of `to` come first. Afterwards
   * `from` has no history. Costs the events of both.
   */
  merge(from: number, to: number, keepMs: number, keepMax: number): void {
    const customers = this.#customers;
    const [a, b] = [customers.historyLength(to), customers.historyLength(from)];
    customers.raiseHistoryFloorMs(to, customers.historyFloorMs(from));
    const step = stepFor(a + b);
    const merged = this.#slab.allocate(EVENT_WORDS * capacityOf(step));
    const { words, halves } = this.#slab;
    for (let i = 0, j = 0; i + j < a + b; ) {
      const isOfTo = j === b || (i < a && (words[this.word(to, i)] as number) <= (words[this.word(from, j)] as number));
      const source = isOfTo ? this.word(to, i) : this.word(from, j);
      copyEvent(halves, source, merged + EVENT_WORDS * (i + j));
      if (isOfTo) i++;
      else j++;
    }
    this.#releaseRing(to);
    this.#releaseRing(from);
    customers.setHistoryRing(to, merged, step);
    customers.setHistorySpan(to, 0, a + b);
    this.evict(to, customers.newestTimedMs(to) - keepMs, keepMax);
  }

  measure(report: MemoryReport): void {
    for (let row = 1; row <= this.#customers.top; row++) {
      if (this.#customers.historyBase(row) === 0) continue;
      const length = this.#customers.historyLength(row);
      const capacity = capacityOf(this.#customers.historyStep(row));
      report.addBlock('histories', EVENT_WORDS * capacity, EVENT_WORDS * length);
      for (let i = 0; i < length; i++)
        if (this.#moreOf(this.word(row, i)) !== 0)
          report.addBlock('addresses and counterparties', MORE_WORDS, MORE_WORDS);
    }
  }

  #releaseRing(row: number): void {
    const base = this.#customers.historyBase(row);
    if (base === 0) return;
    this.#slab.release(base, EVENT_WORDS * capacityOf(this.#customers.historyStep(row)));
    this.#customers.setHistoryRing(row, 0, 0);
    this.#customers.setHistorySpan(row, 0, 0);
  }

  /** The block of the last inline key and those that have no place inline; 0 where the transaction has none of these. */
  #writeMore(keys: Uint32Array): number {
    if (keys[KEYS_INLINE] === 0 && keys[KEYS_INLINE + 1] === 0) return 0;
    const more = this.#slab.allocate(MORE_WORDS);
    const { halves } = this.#slab;
    for (let i = KEYS_INLINE - 1; i < LINK_KEYS; i++) halves[more * 2 + i - KEYS_INLINE + 1] = keys[i] as number;
    halves[more * 2 + MORE_WORDS * 2 - 1] = 0;
    return more;
  }

  #moreOf(word: number): number {
    return this.#has(word, HAS_MORE_KEYS) ? (this.#slab.halves[word * 2 + KEYS + KEYS_INLINE - 1] as number) : 0;
  }

  #has(word: number, flag: number): boolean {
    return ((this.#slab.halves[word * 2 + SOURCE] as number) & flag) !== 0;
  }

  #isNamed(word: number, name: EventName): boolean {
    const { halves } = this.#slab;
    return halves[word * 2 + ID_A] === name.idA && halves[word * 2 + ID_B] === name.idB;
  }

  #reserve(row: number): void {
    const customers = this.#customers;
    if (customers.historyBase(row) === 0) {
      customers.setHistoryRing(row, this.#slab.allocate(EVENT_WORDS * capacityOf(0)), 0);
      customers.setHistorySpan(row, 0, 0);
      return;
    }
    const length = customers.historyLength(row);
    const step = customers.historyStep(row);
    const capacity = capacityOf(step);
    if (length === capacity) this.#resize(row, stepAfter(step));
    else if (capacity > SHRUNK_ABOVE && length < capacity / 4) this.#resize(row, stepFor(length * 2));
  }

  #resize(row: number, step: number): void {
    const customers = this.#customers;
    const length = customers.historyLength(row);
    const moved = this.#slab.allocate(EVENT_WORDS * capacityOf(step));
    for (let i = 0; i < length; i++) copyEvent(this.#slab.halves, this.word(row, i), moved + EVENT_WORDS * i);
    this.#releaseRing(row);
    customers.setHistoryRing(row, moved, step);
    customers.setHistorySpan(row, 0, length);
  }

  #copy(from: number, to: number): void {
    this.#slab.touch(to, EVENT_WORDS);
    copyEvent(this.#slab.halves, from, to);
  }
}

/** As integers: a float copy may alter bits that look like a NaN. */
function copyEvent(halves: Uint32Array, from: number, to: number): void {
  for (let half = 0; half < EVENT_WORDS * 2; half++) halves[to * 2 + half] = halves[from * 2 + half] as number;
}
