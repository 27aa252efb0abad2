/**
 * Each customer's events in order of event time, 24 bytes each: time, hashes of id and source, and for a transaction a
 * link to the keys it touched. Two questions are answered here: "has this event been seen?" (a duplicate has the same
 * event time, so a binary search and a look at its neighbours decide) and "which keys did transaction X touch?".
 * While an event is in the history, its repetition is recognised, however often the log is replayed.
 */
import { hashString } from '../../../core/hash.ts';
import type { Slab } from '../memory/slab.ts';
import type { CustomerTable } from './customer-table.ts';

const COLUMNS = 3;
const LOG2_AT_START = 2;
const LINK_COLUMNS = 3;
/** A link holds five keys and the fraud flag, as 32-bit numbers. */
const LINK_FLAGS = 5;
export const LINK_KEYS = 5;
const FLAG_FRAUD = 1;

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

export class History {
  readonly #slab: Slab;
  readonly #customers: CustomerTable;

  constructor(slab: Slab, customers: CustomerTable) {
    this.#slab = slab;
    this.#customers = customers;
  }

  holds(row: number, timeMs: number, name: EventName): boolean {
    for (let i = this.#positionAfter(row, timeMs) - 1; i >= 0; i--) {
      const word = this.#word(row, i);
      if (this.#slab.words[word] !== timeMs) return false;
      if (this.#named(row, i, name) && this.#slab.halves[this.#linkHalf(row, i) - 1] === name.source) return true;
    }
    return false;
  }

  /** Whether an event of this time may have been in the history and left it: it cannot be told from a duplicate. */
  isBeyond(row: number, timeMs: number): boolean {
    return timeMs <= (this.#customers.historyFloorMs[row] as number);
  }

  /** The link of the newest transaction with this id, whatever its source; 0 if there is none. */
  findTransaction(row: number, transactionId: string): number {
    const name = { idA: hashString(transactionId, ID_SEED_A), idB: hashString(transactionId, ID_SEED_B), source: 0 };
    for (let i = (this.#customers.historyLength[row] as number) - 1; i >= 0; i--) {
      if (!this.#named(row, i, name)) continue;
      const link = this.#slab.halves[this.#linkHalf(row, i)] as number;
      if (link !== 0) return link;
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
    this.#evict(row, this.#customers.newestTimedMs(row) - keepMs, keepMax - 1);
    this.#reserve(row);
    const at = this.#positionAfter(row, timeMs);
    const length = this.#customers.historyLength[row] as number;
    const mask = (1 << (this.#customers.historyLog2[row] as number)) - 1;
    const base = this.#customers.historyBase[row] as number;
    const start = this.#customers.historyStart[row] as number;
    const link = keys === undefined ? 0 : this.#writeLink(keys);
    this.#slab.touch(base, COLUMNS * (mask + 1));
    const words = this.#slab.words;
    for (let i = length; i > at; i--) {
      const to = (start + i) & mask;
      const from = (start + i - 1) & mask;
      for (let c = 0; c < COLUMNS; c++) {
        const column = base + c * (mask + 1);
        copyWord(this.#slab.halves, column + from, column + to);
      }
    }
    const slot = (start + at) & mask;
    words[base + slot] = timeMs;
    const halves = this.#slab.halves;
    halves[(base + mask + 1 + slot) * 2] = name.idA;
    halves[(base + mask + 1 + slot) * 2 + 1] = name.idB;
    halves[(base + 2 * (mask + 1) + slot) * 2] = name.source;
    halves[(base + 2 * (mask + 1) + slot) * 2 + 1] = link;
    this.#customers.historyLength[row] = length + 1;
  }

  /** The entity of one key of a transaction, 0 where it had none. */
  keyOf(link: number, key: number): number {
    return this.#slab.halves[link * 2 + key] as number;
  }

  isFraud(link: number): boolean {
    return ((this.#slab.halves[link * 2 + LINK_FLAGS] as number) & FLAG_FRAUD) !== 0;
  }

  markFraud(link: number, fraud: boolean): void {
    this.#slab.touch(link, LINK_COLUMNS);
    this.#slab.halves[link * 2 + LINK_FLAGS] = fraud ? FLAG_FRAUD : 0;
  }

  #writeLink(keys: Uint32Array): number {
    const link = this.#slab.allocate(LINK_COLUMNS);
    for (let i = 0; i < LINK_KEYS; i++) this.#slab.halves[link * 2 + i] = keys[i] as number;
    this.#slab.halves[link * 2 + LINK_FLAGS] = 0;
    return link;
  }

  /** Number of events at or before `timeMs`. */
  #positionAfter(row: number, timeMs: number): number {
    let high = this.#customers.historyLength[row] as number;
    if (high === 0 || (this.#slab.words[this.#word(row, high - 1)] as number) <= timeMs) return high;
    let low = 0;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#slab.words[this.#word(row, middle)] as number) <= timeMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #word(row: number, i: number): number {
    const mask = (1 << (this.#customers.historyLog2[row] as number)) - 1;
    return (this.#customers.historyBase[row] as number) + (((this.#customers.historyStart[row] as number) + i) & mask);
  }

  /** Index in `halves` of the link; the source lies before it. */
  #linkHalf(row: number, i: number): number {
    return (this.#word(row, i) + 2 * (1 << (this.#customers.historyLog2[row] as number))) * 2 + 1;
  }

  #named(row: number, i: number, name: EventName): boolean {
    const at = (this.#word(row, i) + (1 << (this.#customers.historyLog2[row] as number))) * 2;
    return this.#slab.halves[at] === name.idA && this.#slab.halves[at + 1] === name.idB;
  }

  #evict(row: number, beforeMs: number, lengthMax: number): void {
    const customers = this.#customers;
    while ((customers.historyLength[row] as number) > 0) {
      const timeMs = this.#slab.words[this.#word(row, 0)] as number;
      if (timeMs >= beforeMs && (customers.historyLength[row] as number) <= lengthMax) return;
      const link = this.#slab.halves[this.#linkHalf(row, 0)] as number;
      if (link !== 0) this.#slab.release(link, LINK_COLUMNS);
      customers.historyFloorMs[row] = Math.max(customers.historyFloorMs[row] as number, timeMs);
      customers.historyStart[row] = ((customers.historyStart[row] as number) + 1) >>> 0;
      customers.historyLength[row] = (customers.historyLength[row] as number) - 1;
    }
  }

  #reserve(row: number): void {
    const customers = this.#customers;
    const length = customers.historyLength[row] as number;
    const base = customers.historyBase[row] as number;
    if (base === 0) {
      customers.historyBase[row] = this.#slab.allocate(COLUMNS << LOG2_AT_START);
      customers.historyLog2[row] = LOG2_AT_START;
      customers.historyStart[row] = 0;
      return;
    }
    const log2 = customers.historyLog2[row] as number;
    const capacity = 1 << log2;
    if (length < capacity) return;
    const grown = this.#slab.allocate(COLUMNS * capacity * 2);
    const halves = this.#slab.halves;
    const start = customers.historyStart[row] as number;
    for (let c = 0; c < COLUMNS; c++) {
      for (let i = 0; i < length; i++) {
        copyWord(halves, base + c * capacity + ((start + i) & (capacity - 1)), grown + c * capacity * 2 + i);
      }
    }
    this.#slab.release(base, COLUMNS * capacity);
    customers.historyBase[row] = grown;
    customers.historyLog2[row] = log2 + 1;
    customers.historyStart[row] = 0;
  }
}

/** As two integers: a float copy may alter bits that look like a NaN. */
function copyWord(halves: Uint32Array, from: number, to: number): void {
  halves[to * 2] = halves[from * 2] as number;
  halves[to * 2 + 1] = halves[from * 2 + 1] as number;
}
