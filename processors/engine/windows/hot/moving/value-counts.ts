/**
 * How often each value is in a moving window, and with that how many different ones there are: open addressing with linear
 * probing, where a value that leaves closes the gap behind it (Knuth, vol. 3, algorithm R). Constant time for each value that
 * comes or goes; 12 bytes a slot, between a quarter and half of which are taken once there are more than a few.
 */
import type { WindowContents } from './moving-windows.ts';

const SLOTS_MIN = 64;
const BYTES_PER_SLOT = 12;
/** An event is of a new value at most, and after the table has grown a fourth of the slots may be taken. */
export const EVENT_BYTES_MAX = 4 * BYTES_PER_SLOT;
/** Knuth's multiplicative hashing: 2^32 divided by the golden ratio. */
const GOLDEN = 0x9e37_79b1;

export class ValueCounts implements WindowContents {
  #values = new Float64Array(SLOTS_MIN);
  /** 0: the slot is free. */
  #counts = new Uint32Array(SLOTS_MIN);
  #different = 0;

  get bytes(): number {
    return this.#counts.length * BYTES_PER_SLOT;
  }

  /** Number of different values, with the pending one. */
  distinct(pending: number | undefined): number {
    const isNew = pending !== undefined && this.#counts[this.#slotOf(pending)] === 0;
    return this.#different + (isNew ? 1 : 0);
  }

  fill(values: Float64Array, count: number): void {
    this.#reserve(SLOTS_MIN);
    for (let i = 0; i < count; i++) this.enter(values[i] as number);
  }

  enter(value: number): void {
    let slot = this.#slotOf(value);
    if (this.#counts[slot] === 0) {
      if (this.#different * 2 >= this.#counts.length) {
        this.#grow();
        slot = this.#slotOf(value);
      }
      this.#values[slot] = value;
      this.#different++;
    }
    this.#counts[slot] = (this.#counts[slot] as number) + 1;
  }

  /** Throws where the value is not in the window. */
  leave(value: number): void {
    const slot = this.#slotOf(value);
    const count = this.#counts[slot] as number;
    if (count === 0) throw new Error('a value left a window that it was not in');
    this.#counts[slot] = count - 1;
    if (count > 1) return;
    this.#different--;
    this.#closeGap(slot);
  }

  /** Where the value is, or the free slot where it would be. */
  #slotOf(value: number): number {
    const values = this.#values;
    const counts = this.#counts;
    const mask = counts.length - 1;
    let slot = homeOf(value, mask);
    while (counts[slot] !== 0 && values[slot] !== value) slot = (slot + 1) & mask;
    return slot;
  }

  /** Moves back what was put behind the slot only because that was taken. */
  #closeGap(slot: number): void {
    const values = this.#values;
    const counts = this.#counts;
    const mask = counts.length - 1;
    let gap = slot;
    for (let at = (gap + 1) & mask; counts[at] !== 0; at = (at + 1) & mask) {
      const home = homeOf(values[at] as number, mask);
      if (((at - home) & mask) < ((at - gap) & mask)) continue;
      values[gap] = values[at] as number;
      counts[gap] = counts[at] as number;
      counts[at] = 0;
      gap = at;
    }
  }

  #grow(): void {
    const values = this.#values;
    const counts = this.#counts;
    this.#reserve(counts.length * 2);
    for (let i = 0; i < counts.length; i++) {
      if (counts[i] === 0) continue;
      const slot = this.#slotOf(values[i] as number);
      this.#values[slot] = values[i] as number;
      this.#counts[slot] = counts[i] as number;
      this.#different++;
    }
  }

  #reserve(slots: number): void {
    this.#values = new Float64Array(slots);
    this.#counts = new Uint32Array(slots);
    this.#different = 0;
  }
}

function homeOf(value: number, mask: number): number {
  return (Math.imul(value >>> 0, GOLDEN) >>> 7) & mask;
}
