/**
 * Texts of any length in the slab: the first half of a block says how many bytes follow, as UTF-8. Customer details,
 * places and values of lists lie here, so that the collector never sees them.
 */
import type { Slab } from './slab.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();
/** UTF-8 takes at most three bytes for a UTF-16 unit. */
const BYTES_PER_UNIT_MAX = 3;
const HEAD_BYTES = 4;

/** Grows to the longest text; its content means nothing between calls. */
let scratch = new Uint8Array(1 << 12);

export class Blobs {
  readonly #slab: Slab;

  constructor(slab: Slab) {
    this.#slab = slab;
  }

  /** Base of a new block that holds `text`. The slab's views may have been replaced. */
  add(text: string): number {
    const length = encode(text);
    const base = this.#slab.allocate(wordsFor(length));
    this.#slab.halves[base * 2] = length;
    this.#slab.bytes.set(scratch.subarray(0, length), base * 8 + HEAD_BYTES);
    return base;
  }

  /** Base of a new block that holds the bytes. The slab's views may have been replaced. */
  addBytes(bytes: Uint8Array): number {
    const base = this.#slab.allocate(wordsFor(bytes.length));
    this.#slab.halves[base * 2] = bytes.length;
    this.#slab.bytes.set(bytes, base * 8 + HEAD_BYTES);
    return base;
  }

  /** A copy of what a block holds. */
  bytes(base: number): Uint8Array {
    const at = base * 8 + HEAD_BYTES;
    return this.#slab.bytes.slice(at, at + this.bytesOf(base));
  }

  /** The block for `text` in place of `base` (0 for none), the same one where its size class serves. */
  replace(base: number, text: string): number {
    if (base === 0) return this.add(text);
    const length = encode(text);
    const words = wordsFor(length);
    if (words !== this.wordsOf(base)) {
      this.release(base);
      return this.add(text);
    }
    this.#slab.touch(base, words);
    this.#slab.halves[base * 2] = length;
    this.#slab.bytes.set(scratch.subarray(0, length), base * 8 + HEAD_BYTES);
    return base;
  }

  release(base: number): void {
    this.#slab.release(base, this.wordsOf(base));
  }

  text(base: number): string {
    const at = base * 8 + HEAD_BYTES;
    return decoder.decode(this.#slab.bytes.subarray(at, at + this.bytesOf(base)));
  }

  holds(base: number, text: string): boolean {
    const { bytes } = this.#slab;
    const at = base * 8 + HEAD_BYTES;
    const length = this.bytesOf(base);
    if (length < text.length) return false;
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      if (unit > 0x7f) return length === encode(text) && equals(bytes, at, length);
      if (bytes[at + i] !== unit) return false;
    }
    return length === text.length;
  }

  /** Words that the block was allocated with. */
  wordsOf(base: number): number {
    return wordsFor(this.bytesOf(base));
  }

  bytesOf(base: number): number {
    return this.#slab.halves[base * 2] as number;
  }
}

function wordsFor(length: number): number {
  return Math.ceil((length + HEAD_BYTES) / 8);
}

function encode(text: string): number {
  if (text.length * BYTES_PER_UNIT_MAX > scratch.length) scratch = new Uint8Array(text.length * BYTES_PER_UNIT_MAX);
  return encoder.encodeInto(text, scratch).written;
}

function equals(bytes: Uint8Array, at: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (bytes[at + i] !== scratch[i]) return false;
  return true;
}
