/**
 * Each customer's events in order of event time (`history-rings.ts`), 24 bytes each: time, hashes of id and source, and of a
 * transaction the keys it touched (`history-events.ts`). Two questions are answered here: "has this event been seen?" (a duplicate has the same
 * event time, so a binary search and a look at its neighbours decide) and "which keys did transaction X touch?".
 * While an event is in the history, its repetition is recognised, however often the log is replayed.
 */
import type { MemoryReport } from '../memory/memory-report.ts';
import type { Slab } from '../memory/slab.ts';
import type { CustomerTable } from './customer-table.ts';
import { type EventName, nameOfId } from './event-name.ts';
import {
  hasId,
  hasSource,
  isFraud,
  isTransaction,
  keyAt,
  MORE_WORDS,
  moreOf,
  setFraud,
  timeAt,
  writeEvent,
  writeMore,
} from './history-events.ts';
import { HistoryRings } from './history-rings.ts';

export class History {
  readonly #slab: Slab;
  readonly #customers: CustomerTable;
  readonly #rings: HistoryRings;

  constructor(slab: Slab, customers: CustomerTable) {
    this.#slab = slab;
    this.#customers = customers;
    this.#rings = new HistoryRings(slab, customers);
  }

  /** Reads the newest event. */
  readNewest(row: number): number {
    const length = this.#customers.historyLength(row);
    return length === 0 ? 0 : (this.#slab.halves[this.#rings.word(row, length - 1) * 2] as number);
  }

  holds(row: number, timeMs: number, name: EventName): boolean {
    const slab = this.#slab;
    const isWide = this.#rings.isWide(row);
    for (let i = this.#rings.positionAfter(row, timeMs) - 1; i >= 0; i--) {
      const word = this.#rings.word(row, i);
      if (timeAt(slab, word, isWide) !== timeMs) return false;
      if (hasId(slab, word, name) && hasSource(slab, word, name)) return true;
    }
    return false;
  }

  /** Whether an event of this time may have been in the history and left it: it cannot be told from a duplicate. */
  isBeyond(row: number, timeMs: number): boolean {
    return timeMs <= this.#customers.historyFloorMs(row);
  }

  /** The newest transaction with this id, whatever its source, by the word that it lies at; 0 if there is none. */
  findTransaction(row: number, transactionId: string): number {
    const name = nameOfId(transactionId);
    for (let i = this.#customers.historyLength(row) - 1; i >= 0; i--) {
      const word = this.#rings.word(row, i);
      if (hasId(this.#slab, word, name) && isTransaction(this.#slab, word)) return word;
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
    const more = keys === undefined ? 0 : writeMore(this.#slab, keys);
    const word = this.#rings.open(row, timeMs);
    writeEvent(this.#slab, word, this.#rings.isWide(row), timeMs, name, keys, more);
  }

  /** The entity of one key of a transaction, 0 where it had none. */
  keyOf(transaction: number, key: number): number {
    return keyAt(this.#slab, transaction, key);
  }

  /** The i-th event by the word that it lies at, 0 where it is no transaction. Valid until an event enters or leaves. */
  transactionAt(row: number, i: number): number {
    const word = this.#rings.word(row, i);
    return isTransaction(this.#slab, word) ? word : 0;
  }

  isFraud(transaction: number): boolean {
    return isFraud(this.#slab, transaction);
  }

  markFraud(transaction: number, fraud: boolean): void {
    setFraud(this.#slab, transaction, fraud);
  }

  /** Lets go of what is older than `beforeMs` or more than `lengthMax` events. */
  evict(row: number, beforeMs: number, lengthMax: number): void {
    const customers = this.#customers;
    const isWide = this.#rings.isWide(row);
    for (let length = customers.historyLength(row); length > 0; length--) {
      const word = this.#rings.word(row, 0);
      const timeMs = timeAt(this.#slab, word, isWide);
      if (timeMs >= beforeMs && length <= lengthMax) return;
      const more = moreOf(this.#slab, word);
      if (more !== 0) this.#slab.release(more, MORE_WORDS);
      customers.raiseHistoryFloorMs(row, timeMs);
      this.#rings.drop(row);
    }
  }

  /**
   * Moves the events of `from` into `to`, in order of time; of two at the same time those of `to` come first. Afterwards
   * `from` has no history. Costs the events of both.
   */
  merge(from: number, to: number, keepMs: number, keepMax: number): void {
    const customers = this.#customers;
    customers.raiseHistoryFloorMs(to, customers.historyFloorMs(from));
    this.#rings.merge(from, to);
    this.evict(to, customers.newestTimedMs(to) - keepMs, keepMax);
  }

  measure(report: MemoryReport): void {
    for (let row = 1; row <= this.#customers.top; row++) {
      if (this.#customers.historyBase(row) === 0) continue;
      const length = this.#customers.historyLength(row);
      const eventWords = this.#rings.eventWords(row);
      report.addBlock('histories', eventWords * this.#rings.capacityOf(row), eventWords * length);
      for (let i = 0; i < length; i++)
        if (moreOf(this.#slab, this.#rings.word(row, i)) !== 0)
          report.addBlock('addresses and counterparties', MORE_WORDS, MORE_WORDS);
    }
  }
}
