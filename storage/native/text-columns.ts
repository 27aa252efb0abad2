/**
 * Text in Native format. `StringColumn` writes a length and UTF-8 bytes; `TagColumn` (LowCardinality) writes each distinct
 * value of the block once and an index per row, which costs the server no hashing of its own.
 */
import { copyBytes } from '../../core/codec/copy-bytes.ts';
import { ByteBuffer, type Column, FlatColumn, varUintLength, writeVarUint } from './column.ts';

const UTF8 = new TextEncoder();
const ONE_BYTE_LENGTH_MAX = 0x7f;

function pushString(buffer: ByteBuffer, value: string): void {
  const units = value.length;
  const start = buffer.reserve(units * 3 + 5);
  const { bytes } = buffer;
  // Nearly all ids and codes are short ASCII; the loop beats the encoder's call for them.
  if (units <= ONE_BYTE_LENGTH_MAX) {
    let i = 0;
    for (; i < units; i++) {
      const unit = value.charCodeAt(i);
      if (unit > 0x7f) break;
      bytes[start + 1 + i] = unit;
    }
    if (i === units) {
      bytes[start] = units;
      buffer.length = start + 1 + units;
      return;
    }
  }
  const encoded = UTF8.encode(value);
  const at = writeVarUint(bytes, start, encoded.length);
  bytes.set(encoded, at);
  buffer.length = at + encoded.length;
}

export class StringColumn extends FlatColumn {
  constructor() {
    super('String');
  }

  push(value: string): void {
    pushString(this.buffer, value);
  }

  /** ClickHouse strings are bytes. */
  pushBytes(value: Uint8Array): void {
    this.pushFrom(value, 0, value.length);
  }

  /** `length` bytes of `from` from `start` on. */
  pushFrom(from: Uint8Array, start: number, length: number): void {
    const { buffer } = this;
    const head = buffer.reserve(length + varUintLength(length));
    const { bytes } = buffer;
    const at = writeVarUint(bytes, head, length);
    copyBytes(bytes, at, from, start, length);
    buffer.length = at + length;
  }
}

/** Keys come in the block itself: "additional keys" that replace the dictionary. */
const DICTIONARY_VERSION = 1;
const KEYS_IN_BLOCK = (1 << 9) | (1 << 10);
const HEAD_BYTES = 32;

export class TagColumn implements Column {
  readonly type = 'LowCardinality(String)';
  readonly #dictionary = new Map<string, number>();
  /** Of the row before: most often the same, and often the same string object. */
  #last: string | undefined;
  #lastIndex = 0;
  readonly #keys = new ByteBuffer();
  #indexes = new Uint32Array(64);
  #rows = 0;

  push(value: string): void {
    if (value !== this.#last) {
      this.#lastIndex = this.#indexOf(value);
      this.#last = value;
    }
    if (this.#rows === this.#indexes.length) {
      const grown = new Uint32Array(this.#rows * 2);
      grown.set(this.#indexes);
      this.#indexes = grown;
    }
    this.#indexes[this.#rows++] = this.#lastIndex;
  }

  #indexOf(value: string): number {
    let index = this.#dictionary.get(value);
    if (index === undefined) {
      index = this.#dictionary.size;
      this.#dictionary.set(value, index);
      pushString(this.#keys, value);
    }
    return index;
  }

  get #indexBytes(): 1 | 2 | 4 {
    const { size } = this.#dictionary;
    return size <= 0x100 ? 1 : size <= 0x1_0000 ? 2 : 4;
  }

  get byteLength(): number {
    return this.#rows === 0 ? 8 : HEAD_BYTES + this.#keys.length + this.#rows * this.#indexBytes;
  }

  writeTo(target: Uint8Array, at: number): number {
    const view = new DataView(target.buffer, target.byteOffset, target.byteLength);
    let offset = writeUint64(view, at, DICTIONARY_VERSION);
    if (this.#rows === 0) return offset;
    const width = this.#indexBytes;
    offset = writeUint64(view, offset, KEYS_IN_BLOCK | (width >> 1));
    offset = writeUint64(view, offset, this.#dictionary.size);
    offset = this.#keys.copyTo(target, offset);
    offset = writeUint64(view, offset, this.#rows);
    for (let row = 0; row < this.#rows; row++) {
      const index = this.#indexes[row] as number;
      if (width === 1) target[offset] = index;
      else if (width === 2) view.setUint16(offset, index, true);
      else view.setUint32(offset, index, true);
      offset += width;
    }
    return offset;
  }

  clear(): void {
    this.#dictionary.clear();
    this.#last = undefined;
    this.#keys.length = 0;
    this.#rows = 0;
  }
}

function writeUint64(view: DataView, at: number, value: number): number {
  view.setUint32(at, value, true);
  view.setUint32(at + 4, 0, true);
  return at + 8;
}
