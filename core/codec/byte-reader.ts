/** Reads what `ByteWriter` wrote. Reading past the end throws a `RangeError`: a short frame is never taken for a whole one. */

export const UTF8 = new TextDecoder('utf-8', { fatal: true });
const ASCII_LOOP_MAX = 32;

export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #end: number;
  #at: number;

  constructor(bytes: Uint8Array, start = 0, end: number = bytes.length) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = start;
    this.#end = end;
  }

  get offset(): number {
    return this.#at;
  }

  get remaining(): number {
    return this.#end - this.#at;
  }

  u8(): number {
    return this.#bytes[this.#advance(1)] as number;
  }

  u16(): number {
    return this.#view.getUint16(this.#advance(2), true);
  }

  i16(): number {
    return this.#view.getInt16(this.#advance(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#advance(4), true);
  }

  f64(): number {
    return this.#view.getFloat64(this.#advance(8), true);
  }

  /** A view, not a copy: it keeps the frame's memory alive for as long as it is held. */
  bytes(length: number): Uint8Array {
    const at = this.#advance(length);
    return this.#bytes.subarray(at, at + length);
  }

  text(): string {
    return this.#utf8(this.u16());
  }

  text32(): string {
    return this.#utf8(this.u32());
  }

  #utf8(length: number): string {
    const at = this.#advance(length);
    if (length <= ASCII_LOOP_MAX) {
      let text = '';
      let i = at;
      for (; i < at + length; i++) {
        const byte = this.#bytes[i] as number;
        if (byte > 0x7f) break;
        text += String.fromCharCode(byte);
      }
      if (i === at + length) return text;
    }
    return UTF8.decode(this.#bytes.subarray(at, at + length));
  }

  #advance(length: number): number {
    const at = this.#at;
    if (at + length > this.#end)
      throw new RangeError(`needed ${length} bytes at ${at}, the frame ends at ${this.#end}`);
    this.#at = at + length;
    return at;
  }
}
