/**
 * Columns of ClickHouse's Native format, filled value by value and written as they lie in memory (little-endian, as
 * every machine we run on). A column keeps its memory from block to block, so that a row costs no allocation.
 */

/** One column of a block. `type` is ClickHouse's name of it and goes into the block's header. */
export interface Column {
  readonly type: string;
  /** Bytes that `writeTo` will write now. */
  readonly byteLength: number;
  /** Returns the offset after the last byte. */
  writeTo(target: Uint8Array, at: number): number;
  /** Forgets the values and keeps the memory. */
  clear(): void;
}

const FIRST_CAPACITY_BYTES = 512;

/** Bytes that grow; the base of all columns. */
export class ByteBuffer {
  bytes = new Uint8Array(FIRST_CAPACITY_BYTES);
  view = new DataView(this.bytes.buffer);
  length = 0;

  /** Makes room and returns the offset to write at; the caller moves `length`. */
  reserve(extra: number): number {
    const needed = this.length + extra;
    if (needed > this.bytes.length) {
      const grown = new Uint8Array(Math.max(needed, this.bytes.length * 2));
      grown.set(this.bytes.subarray(0, this.length));
      this.bytes = grown;
      this.view = new DataView(grown.buffer);
    }
    return this.length;
  }

  copyTo(target: Uint8Array, at: number): number {
    target.set(this.bytes.subarray(0, this.length), at);
    return at + this.length;
  }
}

/** A column whose bytes are its values, one after the other. */
export abstract class FlatColumn implements Column {
  readonly type: string;
  protected readonly buffer = new ByteBuffer();

  constructor(type: string) {
    this.type = type;
  }

  get byteLength(): number {
    return this.buffer.length;
  }

  writeTo(target: Uint8Array, at: number): number {
    return this.buffer.copyTo(target, at);
  }

  clear(): void {
    this.buffer.length = 0;
  }
}

/** Bytes of a variable-length unsigned integer (LEB128). */
export function varUintLength(value: number): number {
  let length = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) length++;
  return length;
}

export function writeVarUint(target: Uint8Array, at: number, value: number): number {
  let rest = value;
  let offset = at;
  while (rest >= 0x80) {
    target[offset++] = (rest % 0x80) | 0x80;
    rest = Math.floor(rest / 0x80);
  }
  target[offset++] = rest;
  return offset;
}
