/**
 * The ring of each customer's events, in order of event time. It takes three words an event (`history-events.ts`), and becomes wide,
 * four words, before it takes one whose time does not fit; when it is laid anew and all that it holds fits, it is narrow again.
 */
import { capacityOf, STEP_AT_START, stepAfter, stepFor, wrapped } from '../memory/ring-steps.ts';
import type { Slab } from '../memory/slab.ts';
import type { CustomerTable } from './customer-table.ts';
import { copyEvent, fitsNarrow, NARROW_WORDS, timeAt, WIDE_WORDS } from './history-events.ts';

/** Beside a ring's step, which is below it: the ring is wide. */
export const WIDE_RING = 0x80;
/** A ring of a higher capacity that is full to less than a quarter moves to a smaller one. */
const SHRUNK_ABOVE = 8;

export class HistoryRings {
  readonly #slab: Slab;
  readonly #customers: CustomerTable;

  constructor(slab: Slab, customers: CustomerTable) {
    this.#slab = slab;
    this.#customers = customers;
  }

  isWide(row: number): boolean {
    return this.#customers.historyStep(row) >= WIDE_RING;
  }

  /** Words that an event takes in the row's ring. */
  eventWords(row: number): number {
    return this.isWide(row) ? WIDE_WORDS : NARROW_WORDS;
  }

  capacityOf(row: number): number {
    return capacityOf(this.#stepOf(row));
  }

  /** First word of the i-th event, oldest first. */
  word(row: number, i: number): number {
    const customers = this.#customers;
    const step = customers.historyStep(row);
    const slot = wrapped(customers.historyStart(row) + i, capacityOf(step & ~WIDE_RING));
    return customers.historyBase(row) + (step >= WIDE_RING ? WIDE_WORDS : NARROW_WORDS) * slot;
  }

  /** Time of the i-th event. */
  timeOf(row: number, i: number): number {
    return timeAt(this.#slab, this.word(row, i), this.isWide(row));
  }

  /** Number of events at or before `timeMs`. */
  positionAfter(row: number, timeMs: number): number {
    const customers = this.#customers;
    const slab = this.#slab;
    let high = customers.historyLength(row);
    if (high === 0) return 0;
    // Read once: this and `open` are on the way of every event.
    const base = customers.historyBase(row);
    const start = customers.historyStart(row);
    const step = customers.historyStep(row);
    const capacity = capacityOf(step & ~WIDE_RING);
    const isWide = step >= WIDE_RING;
    const eventWords = isWide ? WIDE_WORDS : NARROW_WORDS;
    if (timeAt(slab, base + eventWords * wrapped(start + high - 1, capacity), isWide) <= timeMs) return high;
    let low = 0;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (timeAt(slab, base + eventWords * wrapped(start + middle, capacity), isWide) <= timeMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Makes room for an event where its time belongs: the word that it is to be written to, touched. */
  open(row: number, timeMs: number): number {
    this.#reserve(row, fitsNarrow(timeMs));
    const customers = this.#customers;
    const slab = this.#slab;
    const at = this.positionAfter(row, timeMs);
    const base = customers.historyBase(row);
    const start = customers.historyStart(row);
    const length = customers.historyLength(row);
    const step = customers.historyStep(row);
    const capacity = capacityOf(step & ~WIDE_RING);
    const isWide = step >= WIDE_RING;
    const eventWords = isWide ? WIDE_WORDS : NARROW_WORDS;
    let word = base + eventWords * wrapped(start + length, capacity);
    slab.touch(word, eventWords);
    for (let i = length - 1; i >= at; i--) {
      const before = base + eventWords * wrapped(start + i, capacity);
      copyEvent(slab, before, isWide, word, isWide);
      slab.touch(before, eventWords);
      word = before;
    }
    customers.setHistorySpan(row, start, length + 1);
    return word;
  }

  /** Lets go of the oldest event. */
  drop(row: number): void {
    const customers = this.#customers;
    const next = wrapped(customers.historyStart(row) + 1, this.capacityOf(row));
    customers.setHistorySpan(row, next, customers.historyLength(row) - 1);
  }

  /** Moves the events of `from` into `to`; of two at the same time those of `to` come first. */
  merge(from: number, to: number): void {
    const customers = this.#customers;
    const [a, b] = [customers.historyLength(to), customers.historyLength(from)];
    const isWide = !(this.#allFit(from) && this.#allFit(to));
    const eventWords = isWide ? WIDE_WORDS : NARROW_WORDS;
    const step = stepFor(a + b);
    const merged = this.#slab.allocate(eventWords * capacityOf(step));
    for (let i = 0, j = 0; i + j < a + b; ) {
      const isOfTo = j === b || (i < a && this.timeOf(to, i) <= this.timeOf(from, j));
      const row = isOfTo ? to : from;
      const word = this.word(row, isOfTo ? i : j);
      copyEvent(this.#slab, word, this.isWide(row), merged + eventWords * (i + j), isWide);
      if (isOfTo) i++;
      else j++;
    }
    this.#release(from);
    this.#replace(to, merged, step, isWide, a + b);
  }

  /** Puts a ring that was written anew, from its first slot on, in place of the one that the row has. */
  #replace(row: number, base: number, step: number, isWide: boolean, length: number): void {
    this.#release(row);
    this.#customers.setHistoryRing(row, base, isWide ? step + WIDE_RING : step);
    this.#customers.setHistorySpan(row, 0, length);
  }

  #release(row: number): void {
    const base = this.#customers.historyBase(row);
    if (base === 0) return;
    this.#slab.release(base, this.eventWords(row) * this.capacityOf(row));
    this.#customers.setHistoryRing(row, 0, 0);
    this.#customers.setHistorySpan(row, 0, 0);
  }

  #stepOf(row: number): number {
    return this.#customers.historyStep(row) & ~WIDE_RING;
  }

  #allFit(row: number): boolean {
    if (!this.isWide(row)) return true;
    for (let i = this.#customers.historyLength(row) - 1; i >= 0; i--)
      if (!fitsNarrow(this.timeOf(row, i))) return false;
    return true;
  }

  /** Makes room for one event more, which fits narrow rings or does not. */
  #reserve(row: number, fits: boolean): void {
    if (this.#customers.historyBase(row) === 0) {
      const eventWords = fits ? NARROW_WORDS : WIDE_WORDS;
      this.#replace(row, this.#slab.allocate(eventWords * capacityOf(STEP_AT_START)), STEP_AT_START, !fits, 0);
      return;
    }
    const length = this.#customers.historyLength(row);
    const step = this.#stepOf(row);
    const capacity = capacityOf(step);
    if (length === capacity) this.#move(row, stepAfter(step), fits);
    else if (capacity > SHRUNK_ABOVE && length < capacity / 4) this.#move(row, stepFor(length * 2), fits);
    else if (!fits && !this.isWide(row)) this.#move(row, step, fits);
  }

  /** Lays the ring anew, narrow where an event that is to come and all that it holds fit. */
  #move(row: number, step: number, fits: boolean): void {
    const wasWide = this.isWide(row);
    const isWide = !(fits && this.#allFit(row));
    const eventWords = isWide ? WIDE_WORDS : NARROW_WORDS;
    const length = this.#customers.historyLength(row);
    const moved = this.#slab.allocate(eventWords * capacityOf(step));
    for (let i = 0; i < length; i++) copyEvent(this.#slab, this.word(row, i), wasWide, moved + eventWords * i, isWide);
    this.#replace(row, moved, step, isWide, length);
  }
}
