/**
 * Timers in the slab, a binary heap by the time at which they are due and, of two at the same time, the order in which they were
 * set: the log alone decides what fires when. Setting and taking one costs the logarithm of how many wait.
 */
import { SHADOW_TIMERS_MAX, TIMERS_MAX } from '../limits.ts';
import { RecordTable, type RecordTableHead } from '../memory/record-table.ts';
import type { Slab } from '../memory/slab.ts';

/** Words and halves of a record. */
const DUE_WORD = 0;
const ORDER_WORD = 1;
const ABSENCE_HALF = 4;
const CUSTOMER_HALF = 5;
const BLOB_HALF = 6;
const RECORD_WORDS = 4;
const CAPACITY_AT_START = 16;

export interface TimerQueueHead {
  readonly records: RecordTableHead;
  readonly base: number;
  readonly capacity: number;
  readonly size: number;
  readonly order: number;
}

export interface Timer {
  readonly dueMs: number;
  /** What it waits for, by the id of `Absences`. */
  readonly absence: number;
  /** The entity of the customer when it was set. */
  readonly customer: number;
  /** Base of the entry that set it, for the taker to release. */
  readonly blob: number;
}

export class TimerQueue {
  readonly #slab: Slab;
  readonly #records: RecordTable;
  /** The heap: record ids as halves. */
  #base = 0;
  #capacity = 0;
  #size = 0;
  #order = 0;

  constructor(slab: Slab) {
    this.#slab = slab;
    this.#records = new RecordTable(slab, RECORD_WORDS, TIMERS_MAX + SHADOW_TIMERS_MAX);
  }

  get size(): number {
    return this.#size;
  }

  /** When the first timer is due, `Infinity` where none waits. */
  get dueMs(): number {
    return this.#size === 0 ? Number.POSITIVE_INFINITY : this.#word(this.#at(0), DUE_WORD);
  }

  /** The caller has seen that there is room. */
  add({ dueMs, absence, customer, blob }: Timer): void {
    if (this.#size === this.#capacity) this.#grow();
    const record = this.#records.add();
    const at = this.#records.at(record);
    const { words, halves } = this.#slab;
    words[at + DUE_WORD] = dueMs;
    words[at + ORDER_WORD] = this.#order++;
    halves[at * 2 + ABSENCE_HALF] = absence;
    halves[at * 2 + CUSTOMER_HALF] = customer;
    halves[at * 2 + BLOB_HALF] = blob;
    this.#rise(this.#size++, record);
  }

  /** Takes the first timer; there must be one. */
  take(): Timer {
    const record = this.#at(0);
    const at = this.#records.at(record);
    const { halves } = this.#slab;
    const timer = {
      dueMs: this.#word(record, DUE_WORD),
      absence: halves[at * 2 + ABSENCE_HALF] as number,
      customer: halves[at * 2 + CUSTOMER_HALF] as number,
      blob: halves[at * 2 + BLOB_HALF] as number,
    };
    this.#records.remove(record);
    const last = this.#at(--this.#size);
    if (this.#size > 0) this.#sink(last);
    return timer;
  }

  saveHead(): TimerQueueHead {
    return {
      records: this.#records.save(),
      base: this.#base,
      capacity: this.#capacity,
      size: this.#size,
      order: this.#order,
    };
  }

  /** After the slab's words are in place. */
  loadHead(head: TimerQueueHead): void {
    this.#records.load(head.records);
    this.#base = head.base;
    this.#capacity = head.capacity;
    this.#size = head.size;
    this.#order = head.order;
  }

  #rise(from: number, record: number): void {
    let i = from;
    while (i > 0) {
      const parent = (i - 1) >>> 1;
      const above = this.#at(parent);
      if (!this.#isBefore(record, above)) break;
      this.#put(i, above);
      i = parent;
    }
    this.#put(i, record);
  }

  #sink(record: number): void {
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= this.#size) break;
      if (child + 1 < this.#size && this.#isBefore(this.#at(child + 1), this.#at(child))) child++;
      const below = this.#at(child);
      if (!this.#isBefore(below, record)) break;
      this.#put(i, below);
      i = child;
    }
    this.#put(i, record);
  }

  #isBefore(a: number, b: number): boolean {
    const [dueA, dueB] = [this.#word(a, DUE_WORD), this.#word(b, DUE_WORD)];
    return dueA < dueB || (dueA === dueB && this.#word(a, ORDER_WORD) < this.#word(b, ORDER_WORD));
  }

  #grow(): void {
    const capacity = Math.max(CAPACITY_AT_START, this.#capacity * 2);
    const base = this.#slab.allocate(capacity / 2);
    const { halves } = this.#slab;
    halves.copyWithin(base * 2, this.#base * 2, this.#base * 2 + this.#size);
    if (this.#base !== 0) this.#slab.release(this.#base, this.#capacity / 2);
    this.#base = base;
    this.#capacity = capacity;
  }

  #at(i: number): number {
    return this.#slab.halves[this.#base * 2 + i] as number;
  }

  #put(i: number, record: number): void {
    const half = this.#base * 2 + i;
    this.#slab.touch(half >>> 1);
    this.#slab.halves[half] = record;
  }

  #word(record: number, word: number): number {
    return this.#slab.words[this.#records.at(record) + word] as number;
  }
}
