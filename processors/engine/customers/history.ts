/**
 * Each customer's events in order of event time, 24 bytes each: time, hashes of id and source, and for a transaction a
 * link to the keys it touched. Two questions are answered here: "has this event been seen?" (a duplicate has the same
 * event time, so a binary search and a look at its neighbours decide) and "which keys did transaction X touch?".
 * While an event is in the history, its repetition is recognised, however often the log is replayed.
 */
import { ID, SOURCE as SOURCE_FIELD } from '../../../core/codec/transaction-fields.ts';
import type { TransactionView } from '../../../core/codec/transaction-view.ts';
import { hashAscii, hashString } from '../../../core/hash.ts';
import type { MemoryReport } from '../memory/memory-report.ts';
import type { Slab } from '../memory/slab.ts';
import type { CustomerTable } from './customer-table.ts';

/** An event's words stand together: the newest one is one line of the cache for reading, recognising and appending. */
const EVENT_WORDS = 3;
const LOG2_AT_START = 2;
const LINK_WORDS = 3;
/** A link holds five keys and the fraud flag, as 32-bit numbers. */
const LINK_FLAGS = 5;
export const LINK_KEYS = 5;
const FLAG_FRAUD = 1;
/** Halves of an event. */
const ID_A = 2;
const ID_B = 3;
const SOURCE = 4;
const LINK = 5;

const ID_SEED_A = 0x1d_0a;
const ID_SEED_B = 0x1d_0b;
const SOURCE_SEED = 0x50_0c;

/** The hashes that name an event: 64 bits of its id, 32 of its source. */
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
      if (this.#isNamed(word, name) && halves[word * 2 + SOURCE] === name.source) return true;
    }
    return false;
  }

  /** Whether an event of this time may have been in the history and left it: it cannot be told from a duplicate. */
  isBeyond(row: number, timeMs: number): boolean {
    return timeMs <= this.#customers.historyFloorMs(row);
  }

  /** The link of the newest transaction with this id, whatever its source; 0 if there is none. */
  findTransaction(row: number, transactionId: string): number {
    const name = { idA: hashString(transactionId, ID_SEED_A), idB: hashString(transactionId, ID_SEED_B), source: 0 };
    for (let i = this.#customers.historyLength(row) - 1; i >= 0; i--) {
      const word = this.word(row, i);
      const link = this.#slab.halves[word * 2 + LINK] as number;
      if (link !== 0 && this.#isNamed(word, name)) return link;
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
    const link = keys === undefined ? 0 : this.#writeLink(keys);
    for (let i = length; i > at; i--) this.#copy(this.word(row, i - 1), this.word(row, i));
    const word = this.word(row, at);
    this.#slab.touch(word, EVENT_WORDS);
    const { words, halves } = this.#slab;
    words[word] = timeMs;
    halves[word * 2 + ID_A] = name.idA;
    halves[word * 2 + ID_B] = name.idB;
    halves[word * 2 + SOURCE] = name.source;
    halves[word * 2 + LINK] = link;
    this.#customers.setHistorySpan(row, this.#customers.historyStart(row), length + 1);
  }

  /** The entity of one key of a transaction, 0 where it had none. */
  keyOf(link: number, key: number): number {
    return this.#slab.halves[link * 2 + key] as number;
  }

  /** The link of the i-th event, 0 where it is no transaction. */
  linkOf(row: number, i: number): number {
    return this.#slab.halves[this.word(row, i) * 2 + LINK] as number;
  }

  isFraud(link: number): boolean {
    return ((this.#slab.halves[link * 2 + LINK_FLAGS] as number) & FLAG_FRAUD) !== 0;
  }

  markFraud(link: number, fraud: boolean): void {
    this.#slab.touch(link, LINK_WORDS);
    this.#slab.halves[link * 2 + LINK_FLAGS] = fraud ? FLAG_FRAUD : 0;
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
    const mask = (1 << this.#customers.historyLog2(row)) - 1;
    const slot = (this.#customers.historyStart(row) + i) & mask;
    return this.#customers.historyBase(row) + EVENT_WORDS * slot;
  }

  /** Lets go of what is older than `beforeMs` or more than `lengthMax` events. */
  evict(row: number, beforeMs: number, lengthMax: number): void {
    const customers = this.#customers;
    let length = customers.historyLength(row);
    while (length > 0) {
      const word = this.word(row, 0);
      const timeMs = this.#slab.words[word] as number;
      if (timeMs >= beforeMs && length <= lengthMax) return;
      const link = this.#slab.halves[word * 2 + LINK] as number;
      if (link !== 0) this.#slab.release(link, LINK_WORDS);
      customers.raiseHistoryFloorMs(row, timeMs);
      length--;
      customers.setHistorySpan(row, (customers.historyStart(row) + 1) >>> 0, length);
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
    let log2 = LOG2_AT_START;
    while (1 << log2 < a + b) log2++;
    const merged = this.#slab.allocate(EVENT_WORDS << log2);
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
    customers.setHistoryRing(to, merged, log2);
    customers.setHistorySpan(to, 0, a + b);
    this.evict(to, customers.newestTimedMs(to) - keepMs, keepMax);
  }

  measure(report: MemoryReport): void {
    for (let row = 1; row <= this.#customers.top; row++) {
      if (this.#customers.historyBase(row) === 0) continue;
      const length = this.#customers.historyLength(row);
      report.addBlock('histories', EVENT_WORDS << this.#customers.historyLog2(row), EVENT_WORDS * length);
      for (let i = 0; i < length; i++)
        if (this.linkOf(row, i) !== 0) report.addBlock('keys of transactions', LINK_WORDS, LINK_WORDS);
    }
  }

  #releaseRing(row: number): void {
    const base = this.#customers.historyBase(row);
    if (base === 0) return;
    this.#slab.release(base, EVENT_WORDS << this.#customers.historyLog2(row));
    this.#customers.setHistoryRing(row, 0, 0);
    this.#customers.setHistorySpan(row, 0, 0);
  }

  #writeLink(keys: Uint32Array): number {
    const link = this.#slab.allocate(LINK_WORDS);
    for (let i = 0; i < LINK_KEYS; i++) this.#slab.halves[link * 2 + i] = keys[i] as number;
    this.#slab.halves[link * 2 + LINK_FLAGS] = 0;
    return link;
  }

  #isNamed(word: number, name: EventName): boolean {
    const { halves } = this.#slab;
    return halves[word * 2 + ID_A] === name.idA && halves[word * 2 + ID_B] === name.idB;
  }

  #reserve(row: number): void {
    const customers = this.#customers;
    const base = customers.historyBase(row);
    if (base === 0) {
      customers.setHistoryRing(row, this.#slab.allocate(EVENT_WORDS << LOG2_AT_START), LOG2_AT_START);
      customers.setHistorySpan(row, 0, 0);
      return;
    }
    const length = customers.historyLength(row);
    const log2 = customers.historyLog2(row);
    const capacity = 1 << log2;
    if (length < capacity) return;
    const grown = this.#slab.allocate(EVENT_WORDS * capacity * 2);
    for (let i = 0; i < length; i++) copyEvent(this.#slab.halves, this.word(row, i), grown + EVENT_WORDS * i);
    this.#slab.release(base, EVENT_WORDS * capacity);
    customers.setHistoryRing(row, grown, log2 + 1);
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
