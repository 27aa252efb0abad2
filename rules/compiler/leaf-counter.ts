/**
 * How often the comparisons of a live rule set hold, counted on a sample of its traffic. Each sampled event looks at a
 * bounded number of comparisons in turn, so that ten thousand rules cost a sample no more than ten.
 */
import type { Leaf } from './expression.ts';
import type { Facts } from './read-slot.ts';
import { keyOfLeaf, type Selectivity } from './selectivity.ts';
import { SlotFile } from './slot-file.ts';
import type { Slot } from './slot-table.ts';

/** Comparisons that one sampled event looks at: about 10 µs. */
const LEAVES_PER_SAMPLE = 128;
/** Comparisons looked at fewer times than this say nothing yet. */
export const SAMPLES_MIN = 20;
/** At this many samples of a comparison its counts are halved: old traffic fades. */
const SAMPLES_MAX = 4_096;

export class LeafCounter {
  readonly #leaves: readonly Leaf[];
  readonly #slots: readonly Slot[];
  readonly #file: SlotFile;
  readonly #samples: Uint32Array;
  readonly #hits: Uint32Array;
  #next = 0;

  constructor(leaves: readonly Leaf[], slots: readonly Slot[]) {
    this.#leaves = leaves;
    this.#slots = slots;
    this.#file = new SlotFile(slots, new Set());
    this.#samples = new Uint32Array(leaves.length);
    this.#hits = new Uint32Array(leaves.length);
  }

  count(facts: Facts, values: readonly unknown[]): void {
    const file = this.#file;
    file.begin(facts, values);
    const looked = Math.min(LEAVES_PER_SAMPLE, this.#leaves.length);
    for (let i = 0; i < looked; i++) {
      const at = this.#next;
      this.#next = (at + 1) % this.#leaves.length;
      const leaf = this.#leaves[at] as Leaf;
      file.load(leaf.slot);
      if (leaf.rightSlot !== undefined) file.load(leaf.rightSlot);
      const right = leaf.rightSlot === undefined ? leaf.value : file.s[leaf.rightSlot];
      this.#samples[at] = (this.#samples[at] as number) + 1;
      if (leaf.operator.test(file.s[leaf.slot], right)) this.#hits[at] = (this.#hits[at] as number) + 1;
      if (this.#samples[at] === SAMPLES_MAX) {
        this.#samples[at] = SAMPLES_MAX / 2;
        this.#hits[at] = (this.#hits[at] as number) >>> 1;
      }
    }
  }

  /** Adds the shares of what was looked at often enough. */
  addTo(selectivity: Map<string, number>): void {
    for (let i = 0; i < this.#leaves.length; i++) {
      const samples = this.#samples[i] as number;
      if (samples < SAMPLES_MIN) continue;
      selectivity.set(keyOfLeaf(this.#leaves[i] as Leaf, this.#slots), (this.#hits[i] as number) / samples);
    }
  }
}

/** Of several counters, one for each event type. A comparison of rules on several types keeps the last one's share. */
export function sharesOf(counters: Iterable<LeafCounter>): Selectivity {
  const selectivity = new Map<string, number>();
  for (const counter of counters) counter.addTo(selectivity);
  return selectivity;
}
