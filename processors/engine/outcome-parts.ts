/**
 * Collects a frame's outcomes as bytes and packs them into parts that fit a message. An entry's outcomes are written
 * before its changes are committed, so what cannot be encoded is found in time and rolled back.
 */
import { ByteWriter } from '../../core/codec/byte-writer.ts';
import { appendItem, beginFrame, endFrame, FRAME_ITEM_OVERHEAD_BYTES } from '../../core/codec/frame.ts';
import type { Outcome, OutcomeHead } from '../../core/outcomes/outcome.ts';
import { OUTCOMES_OFFSET, writeOutcome, writeOutcomeHead } from '../../core/outcomes/outcome-codec.ts';
import { PART_BYTES_MAX } from './limits.ts';

const ITEM_BYTES_MAX = PART_BYTES_MAX - OUTCOMES_OFFSET - FRAME_ITEM_OVERHEAD_BYTES;

export class OutcomeParts {
  readonly #items = new ByteWriter(1 << 16);
  readonly #frame = new ByteWriter(1 << 16);
  /** Where each item ends in `#items`. */
  #ends: number[] = [];

  get count(): number {
    return this.#ends.length;
  }

  clear(): void {
    this.#items.reset();
    this.#ends = [];
  }

  /** Throws a `RangeError` where the outcome does not fit a message; what was written before stays. */
  add(outcome: Outcome): void {
    const start = this.#items.length;
    writeOutcome(this.#items, outcome);
    const size = this.#items.length - start;
    if (size > ITEM_BYTES_MAX) {
      this.#items.truncate(start);
      throw new RangeError(`an outcome of ${size} bytes does not fit a message of ${PART_BYTES_MAX}`);
    }
    this.#ends.push(this.#items.length);
  }

  /** Forgets the outcomes from the `count`-th on. */
  rollBack(count: number): void {
    this.#ends.length = count;
    this.#items.truncate(count === 0 ? 0 : (this.#ends[count - 1] as number));
  }

  /** The frame's parts; the counts of `head` go with the final one, so that a sum over parts counts once. */
  pack(head: Omit<OutcomeHead, 'part' | 'final'>): Uint8Array[] {
    const bytes = this.#items.take();
    const parts: Uint8Array[] = [];
    let item = 0;
    do {
      const first = item;
      const from = first === 0 ? 0 : (this.#ends[first - 1] as number);
      let size = OUTCOMES_OFFSET;
      while (item < this.#ends.length) {
        const start = item === 0 ? 0 : (this.#ends[item - 1] as number);
        const grown = size + FRAME_ITEM_OVERHEAD_BYTES + (this.#ends[item] as number) - start;
        if (grown > PART_BYTES_MAX && item > first) break;
        size = grown;
        item++;
      }
      const final = item === this.#ends.length;
      const counts = final ? head : { ...head, accepted: 0, duplicates: 0, late: 0 };
      parts.push(this.#packPart({ ...counts, part: parts.length, final }, bytes, first, item, from));
    } while (item < this.#ends.length);
    return parts;
  }

  #packPart(head: OutcomeHead, bytes: Uint8Array, first: number, end: number, from: number): Uint8Array {
    const frame = this.#frame;
    frame.reset();
    beginFrame(frame);
    appendItem(frame, (writer) => writeOutcomeHead(writer, head));
    let start = from;
    for (let item = first; item < end; item++) {
      const stop = this.#ends[item] as number;
      frame.u32(stop - start);
      frame.bytes(bytes.subarray(start, stop));
      start = stop;
    }
    return endFrame(frame, end - first + 1);
  }
}
