/**
 * Collects a frame's outcomes as bytes and packs them into parts that fit a message. An entry's outcomes are written
 * before its changes are committed, so what cannot be encoded is found in time and rolled back.
 */
import { ByteWriter } from '../../../core/codec/byte-writer.ts';
import { appendItem, beginFrame, endFrame, FRAME_ITEM_OVERHEAD_BYTES } from '../../../core/codec/frame.ts';
import type { Outcome, OutcomeHead } from '../../../core/outcomes/outcome.ts';
import { OUTCOMES_OFFSET, writeOutcome, writeOutcomeHead } from '../../../core/outcomes/outcome-codec.ts';
import { PART_BYTES_MAX } from '../limits.ts';

const ITEM_BYTES_MAX = PART_BYTES_MAX - OUTCOMES_OFFSET - FRAME_ITEM_OVERHEAD_BYTES;

export class OutcomeParts {
  /** Items as they stand in a frame, each behind its length. */
  readonly #items = new ByteWriter(1 << 16);
  readonly #frame = new ByteWriter(1 << 16);
  /** Where each item ends in `#items`. */
  readonly #ends: number[] = [];
  /** Where the outcome that is being written begins. */
  #begun = 0;

  get count(): number {
    return this.#ends.length;
  }

  clear(): void {
    this.#items.reset();
    this.#ends.length = 0;
  }

  /** Throws a `RangeError` where the outcome cannot be encoded or does not fit a message; call `rollBack` then. */
  add(outcome: Outcome): void {
    const items = this.begin();
    writeOutcome(items, outcome);
    this.end();
  }

  /** For an outcome that the caller writes to what this returns; `end` follows. */
  begin(): ByteWriter {
    this.#begun = this.#items.length;
    this.#items.u32(0);
    return this.#items;
  }

  /** Throws a `RangeError` where the outcome does not fit a message; call `rollBack` then. */
  end(): void {
    const items = this.#items;
    const start = this.#begun;
    const size = items.length - start - FRAME_ITEM_OVERHEAD_BYTES;
    if (size > ITEM_BYTES_MAX)
      throw new RangeError(`an outcome of ${size} bytes does not fit a message of ${PART_BYTES_MAX}`);
    items.patchU32(start, size);
    this.#ends.push(items.length);
  }

  /** Forgets the outcomes from the `count`-th on, and what was written of one that failed. */
  rollBack(count: number): void {
    this.#ends.length = count;
    this.#items.truncate(this.#endOf(count));
  }

  /** The frame's parts; the counts of `head` go with the final one, so that a sum over parts counts once. */
  pack(head: Omit<OutcomeHead, 'part' | 'final'>): Uint8Array[] {
    const parts: Uint8Array[] = [];
    let item = 0;
    do {
      const first = item;
      const roomEnd = this.#endOf(first) + PART_BYTES_MAX - OUTCOMES_OFFSET;
      while (item < this.#ends.length && (item === first || this.#endOf(item + 1) <= roomEnd)) item++;
      const final = item === this.#ends.length;
      const counts = final ? head : { ...head, accepted: 0, duplicates: 0, late: 0 };
      parts.push(this.#packPart({ ...counts, part: parts.length, final }, first, item));
    } while (item < this.#ends.length);
    return parts;
  }

  #packPart(head: OutcomeHead, first: number, end: number): Uint8Array {
    const frame = this.#frame;
    frame.reset();
    beginFrame(frame);
    appendItem(frame, (writer) => writeOutcomeHead(writer, head));
    frame.bytes(this.#items.view(this.#endOf(first), this.#endOf(end)));
    return endFrame(frame, end - first + 1);
  }

  /** Where the first `count` items end. */
  #endOf(count: number): number {
    return count === 0 ? 0 : (this.#ends[count - 1] as number);
  }
}
