/**
 * Appends little-endian values to a growing buffer. One writer serves a whole frame, so that an entry costs no
 * allocation of its own. Strings are a u16 byte length and UTF-8; `text32` carries longer ones.
 */

import { copyBytes } from './copy-bytes.ts';

const UTF8 = new TextEncoder();
const U16_MAX = 0xffff;

export class ByteWriter {
  #bytes: Uint8Array;
  #view: DataView;
  #length = 0;
  /** What `view` gave last: most of what is viewed again and again has the same length. */
  #viewed: Uint8Array | undefined;
  #viewedStart = 0;
  #viewedEnd = 0;

  constructor(capacityBytes = 4_096) {
    this.#bytes = new Uint8Array(capacityBytes);
    this.#view = new DataView(this.#bytes.buffer);
  }

  get length(): number {
    return this.#length;
  }

  /** Forgets what was written and keeps the memory. */
  reset(): void {
    this.#length = 0;
  }

  /** Forgets what was written from `length` on. */
  truncate(length: number): void {
    if (length < this.#length) this.#length = length;
  }

  /** A copy of what was written since `start`. */
  take(start = 0): Uint8Array {
    return this.#bytes.slice(start, this.#length);
  }

  /** What was written from `start` to `end`, without a copy: valid until the next write. */
  view(start = 0, end = this.#length): Uint8Array {
    if (this.#viewed === undefined || this.#viewedStart !== start || this.#viewedEnd !== end) {
      this.#viewed = this.#bytes.subarray(start, end);
      this.#viewedStart = start;
      this.#viewedEnd = end;
    }
    return this.#viewed;
  }

  u8(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  u16(value: number): void {
    this.#reserve(2);
    this.#view.setUint16(this.#length, value, true);
    this.#length += 2;
  }

  i16(value: number): void {
    this.#reserve(2);
    this.#view.setInt16(this.#length, value, true);
    this.#length += 2;
  }

  u32(value: number): void {
    this.#reserve(4);
    this.#view.setUint32(this.#length, value, true);
    this.#length += 4;
  }

  /** Writes the least bytes, 1 to 4, that hold a u32, and returns how many. Free of branches on the value. */
  leastBytes(value: number): number {
    this.#reserve(4);
    this.#view.setUint32(this.#length, value, true);
    const bytes = (39 - Math.clz32(value | 1)) >> 3;
    this.#length += bytes;
    return bytes;
  }

  /** The memory, with room for `extra` bytes from `length` on: whoever writes there says by `skipTo` how far. */
  room(extra: number): DataView {
    this.#reserve(extra);
    return this.#view;
  }

  /** What `room` gave is written up to here. */
  skipTo(length: number): void {
    this.#length = length;
  }

  f64(value: number): void {
    this.#reserve(8);
    this.#view.setFloat64(this.#length, value, true);
    this.#length += 8;
  }

  bytes(value: Uint8Array): void {
    this.#reserve(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
  }

  /** Appends the bytes `[start, end)` of `from`. */
  copy(from: Uint8Array, start: number, end: number): void {
    const length = end - start;
    this.#reserve(length);
    copyBytes(this.#bytes, this.#length, from, start, length);
    this.#length += length;
  }

  /** Overwrites a u32 written before, for lengths that are known only afterwards. */
  patchU32(offset: number, value: number): void {
    this.#view.setUint32(offset, value, true);
  }

  patchU16(offset: number, value: number): void {
    this.#view.setUint16(offset, value, true);
  }

  /** Throws a `RangeError` past 65,535 bytes. */
  text(value: string): void {
    const at = this.#length;
    this.u16(0);
    const written = this.#utf8(value);
    if (written > U16_MAX) throw new RangeError(`a string of ${written} bytes does not fit a 16-bit length`);
    this.patchU16(at, written);
  }

  text32(value: string): void {
    const at = this.#length;
    this.u32(0);
    this.patchU32(at, this.#utf8(value));
  }

  #utf8(value: string): number {
    this.#reserve(value.length * 3);
    const start = this.#length;
    // Nearly all ids and codes are ASCII; the loop beats the encoder's call for them.
    for (let i = 0; i < value.length; i++) {
      const unit = value.charCodeAt(i);
      if (unit > 0x7f) {
        const { written } = UTF8.encodeInto(value.slice(i), this.#bytes.subarray(this.#length));
        this.#length += written;
        return this.#length - start;
      }
      this.#bytes[this.#length++] = unit;
    }
    return this.#length - start;
  }

  #reserve(extra: number): void {
    const needed = this.#length + extra;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
    this.#viewed = undefined;
    this.#view = new DataView(grown.buffer);
  }
}
