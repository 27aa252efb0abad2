/**
 * The values around a percentile of a moving window, sorted, and of the others only how many lie below. A value that comes or
 * goes moves the percentile's rank by at most one, so that it stays within the band for long; where it leaves it, the
 * window is looked at once more and the band laid around it again. A band reaches 2·√n events to either side, so that this, and
 * shifting the band for a value, take O(√n) an event, amortised, whatever the values; where they come from one distribution
 * the band is hardly ever laid again. Bands are small: 12 KiB for a window of 25,000 events.
 */
import type { WindowContents } from './moving-windows.ts';
import { selectRank } from './select-rank.ts';

const REACH_MIN = 32;
const BYTES_PER_SLOT = 12;

export class RankBand implements WindowContents {
  readonly #p: number;
  /** Events in the window, of them with values below the band, and in it. */
  #count = 0;
  #below = 0;
  #inside = 0;
  /** The band holds every event whose value lies from `low` to `high`; before it is laid, none does. */
  #low = Number.POSITIVE_INFINITY;
  #high = Number.NEGATIVE_INFINITY;
  /** Its different values, ascending, and how many events have each. */
  #values = new Float64Array(0);
  #counts = new Uint32Array(0);
  #size = 0;
  /** Where the last search ended: a slot, and how many events have values below that one's. */
  #cursor = 0;
  #before = 0;

  /** `p`: per cent. */
  constructor(p: number) {
    this.#p = p;
  }

  get bytes(): number {
    return this.#counts.length * BYTES_PER_SLOT;
  }

  /**
   * The value at rank ⌈p/100 × n⌉ in ascending order, the pending one included; undefined where the band does not reach so
   * far, and for an empty window.
   */
  percentile(pending: number | undefined): number | undefined {
    const rank = rankOf(this.#p, this.#count + (pending === undefined ? 0 : 1));
    if (pending === undefined) return this.#seek(rank);
    // The pending value is either at the rank, or it moves a neighbour there.
    const above = rank < this.#count ? this.#seek(rank) : Number.POSITIVE_INFINITY;
    if (above === undefined || above <= pending) return above;
    const under = rank > 0 ? this.#seek(rank - 1) : Number.NEGATIVE_INFINITY;
    return under === undefined ? undefined : Math.max(under, pending);
  }

  /** Lays the band around the percentile of the first `count` values, at least one, which are brought into another order. */
  fill(values: Float64Array, count: number): void {
    const rank = rankOf(this.#p, count);
    const reach = Math.max(REACH_MIN, Math.ceil(2 * Math.sqrt(count)));
    const first = Math.max(0, rank - reach);
    const last = Math.min(count - 1, rank + reach);
    selectRank(values, 0, count - 1, first);
    selectRank(values, first, count - 1, last);
    this.#low = first === 0 ? Number.NEGATIVE_INFINITY : (values[first] as number);
    this.#high = last === count - 1 ? Number.POSITIVE_INFINITY : (values[last] as number);
    this.#count = count;
    this.#below = 0;
    for (let i = 0; i < first; i++) if ((values[i] as number) < this.#low) this.#below++;
    this.#reserve(reach * 3);
    const sorted = values.subarray(first, last + 1).sort();
    for (let i = 0; i < sorted.length; i++) this.#append(sorted[i] as number, 1);
    if (first > this.#below) this.#counts[0] = (this.#counts[0] as number) + first - this.#below;
    let beyond = 0;
    for (let i = last + 1; i < count; i++) if (values[i] === this.#high) beyond++;
    this.#counts[this.#size - 1] = (this.#counts[this.#size - 1] as number) + beyond;
    this.#inside = first - this.#below + sorted.length + beyond;
    this.#cursor = 0;
    this.#before = this.#below;
  }

  enter(value: number): void {
    let slot = this.#slotOf(value);
    if (value >= this.#low && value <= this.#high && !this.#isAt(slot, value) && this.#size === this.#values.length) {
      this.#narrow();
      slot = this.#slotOf(value);
    }
    this.#count++;
    if (value < this.#low) {
      this.#below++;
      this.#before++;
    } else if (value <= this.#high) {
      this.#inside++;
      if (!this.#isAt(slot, value)) this.#open(slot, value);
      this.#counts[slot] = (this.#counts[slot] as number) + 1;
      if (slot < this.#cursor) this.#before++;
    }
  }

  /** Throws where the band should hold the value and does not. */
  leave(value: number): void {
    this.#count--;
    if (value < this.#low) {
      this.#below--;
      this.#before--;
    } else if (value <= this.#high) {
      const slot = this.#slotOf(value);
      if (!this.#isAt(slot, value)) throw new Error('a value left a window that it was not in');
      this.#inside--;
      this.#counts[slot] = (this.#counts[slot] as number) - 1;
      if (slot < this.#cursor) this.#before--;
      if (this.#counts[slot] === 0) this.#close(slot);
    }
  }

  /** The value of that rank, counted from 0; the search goes on from where the last one ended. */
  #seek(rank: number): number | undefined {
    if (rank < this.#below || rank >= this.#below + this.#inside) return undefined;
    while (this.#before > rank) this.#before -= this.#counts[--this.#cursor] as number;
    while (this.#before + (this.#counts[this.#cursor] as number) <= rank)
      this.#before += this.#counts[this.#cursor++] as number;
    return this.#values[this.#cursor];
  }

  /** The first slot whose value is not below; the one behind the last where all are. */
  #slotOf(value: number): number {
    const values = this.#values;
    let low = 0;
    let high = this.#size;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((values[middle] as number) < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #isAt(slot: number, value: number): boolean {
    return slot < this.#size && this.#values[slot] === value;
  }

  /** Makes a slot without events; the caller counts those. The cursor stays at its value. */
  #open(slot: number, value: number): void {
    this.#values.copyWithin(slot + 1, slot, this.#size);
    this.#counts.copyWithin(slot + 1, slot, this.#size);
    this.#values[slot] = value;
    this.#counts[slot] = 0;
    this.#size++;
    if (slot <= this.#cursor) this.#cursor++;
  }

  #close(slot: number): void {
    this.#values.copyWithin(slot, slot + 1, this.#size);
    this.#counts.copyWithin(slot, slot + 1, this.#size);
    this.#size--;
    if (slot < this.#cursor) this.#cursor--;
  }

  /** Keeps a half of the slots, those around the cursor. */
  #narrow(): void {
    const kept = this.#size >> 1;
    const first = Math.max(0, Math.min(this.#cursor - (kept >> 1), this.#size - kept));
    for (let i = 0; i < first; i++) this.#below += this.#counts[i] as number;
    if (first > 0) this.#low = this.#values[first] as number;
    if (first + kept < this.#size) this.#high = this.#values[first + kept - 1] as number;
    this.#values.copyWithin(0, first, first + kept);
    this.#counts.copyWithin(0, first, first + kept);
    this.#cursor -= first;
    this.#size = kept;
    this.#inside = 0;
    for (let i = 0; i < kept; i++) this.#inside += this.#counts[i] as number;
  }

  #append(value: number, count: number): void {
    if (this.#size > 0 && this.#values[this.#size - 1] === value) {
      this.#counts[this.#size - 1] = (this.#counts[this.#size - 1] as number) + count;
    } else {
      this.#values[this.#size] = value;
      this.#counts[this.#size++] = count;
    }
  }

  #reserve(slots: number): void {
    this.#size = 0;
    if (this.#counts.length === slots) return;
    this.#values = new Float64Array(slots);
    this.#counts = new Uint32Array(slots);
  }
}

function rankOf(p: number, count: number): number {
  return Math.ceil((p / 100) * count) - 1;
}
