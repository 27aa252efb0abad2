/**
 * Which intervals hold a number: a static segment tree over the distinct bounds. Between and on the bounds lie the
 * positions 0, 1, 2 …: even ones are the open gaps, odd ones the bounds themselves, so open and closed ends are exact.
 * A query costs a binary search and one list for each level; building costs O(n log n).
 */

export interface Interval {
  readonly low: number;
  readonly lowOpen: boolean;
  readonly high: number;
  readonly highOpen: boolean;
}

export class IntervalTree {
  readonly #bounds: Float64Array;
  readonly #leaves: number;
  /** Intervals of tree node i: `#items` from `#starts[i]` up to `#starts[i + 1]`. */
  readonly #starts: Int32Array;
  readonly #items: Int32Array;

  /** Intervals are named by their index in the list. Empty ones are held by nothing. */
  constructor(intervals: readonly Interval[]) {
    const bounds = new Set<number>();
    for (const { low, high } of intervals) {
      if (Number.isFinite(low)) bounds.add(low);
      if (Number.isFinite(high)) bounds.add(high);
    }
    this.#bounds = Float64Array.from(bounds).sort();
    this.#leaves = 2 * this.#bounds.length + 1;
    const nodes: number[][] = Array.from({ length: 2 * this.#leaves }, () => []);
    intervals.forEach((interval, index) => {
      let from = this.#leaves + this.#firstPosition(interval);
      let to = this.#leaves + this.#lastPosition(interval) + 1;
      while (from < to) {
        if (from & 1) nodes[from++]?.push(index);
        if (to & 1) nodes[--to]?.push(index);
        from >>= 1;
        to >>= 1;
      }
    });
    this.#starts = new Int32Array(nodes.length + 1);
    for (let i = 0; i < nodes.length; i++) this.#starts[i + 1] = (this.#starts[i] as number) + (nodes[i]?.length ?? 0);
    this.#items = Int32Array.from(nodes.flat());
  }

  /** Writes the intervals that hold `value` into `found` and returns how many. NaN lies in none. */
  query(value: number, found: Int32Array): number {
    if (Number.isNaN(value)) return 0;
    let count = 0;
    for (let node = this.#leaves + this.#position(value); node >= 1; node >>= 1) {
      const end = this.#starts[node + 1] as number;
      for (let i = this.#starts[node] as number; i < end; i++) found[count++] = this.#items[i] as number;
    }
    return count;
  }

  /** Odd where `value` is a bound, else the gap it lies in. */
  #position(value: number): number {
    const bounds = this.#bounds;
    let low = 0;
    let high = bounds.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((bounds[middle] as number) < value) low = middle + 1;
      else high = middle;
    }
    return bounds[low] === value ? 2 * low + 1 : 2 * low;
  }

  #firstPosition({ low, lowOpen }: Interval): number {
    if (low === -Infinity) return 0;
    return low === Infinity ? this.#leaves : this.#position(low) + (lowOpen ? 1 : 0);
  }

  #lastPosition({ high, highOpen }: Interval): number {
    if (high === Infinity) return this.#leaves - 1;
    return high === -Infinity ? -1 : this.#position(high) - (highOpen ? 1 : 0);
  }
}
