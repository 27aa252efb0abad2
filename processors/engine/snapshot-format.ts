/**
 * The engine's state as bytes: a versioned head, then named sections, each with its length and digest. Sections are
 * found by name, so a later version may add or drop some; columns are raw little-endian images, rare objects are JSON.
 * A snapshot that is cut short or altered is refused (`checkpoint.damaged`), never half loaded.
 */
import { ByteReader } from '../../core/codec/byte-reader.ts';
import { ByteWriter } from '../../core/codec/byte-writer.ts';
import { WeirError } from '../../core/errors.ts';
import { hashBytes } from '../../core/hash.ts';
import type { Column } from './tables/columns.ts';

const MAGIC = 0x5357_4557;
/** Raise it when a section changes its meaning, and teach `SectionReader` to read the one before. */
const SNAPSHOT_VERSION = 1;
const HEAD_BYTES = 16;
const DIGEST_SEED = 0x736e_6170;

interface Section {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export class SectionWriter {
  readonly #sections: Section[] = [];

  /** The column is copied when `finish` runs: nothing may change it before. */
  column(name: string, column: Column): void {
    this.#sections.push({ name, bytes: new Uint8Array(column.buffer, column.byteOffset, column.byteLength) });
  }

  numbers(name: string, values: readonly number[]): void {
    this.column(name, Float64Array.from(values));
  }

  json(name: string, value: unknown): void {
    this.#sections.push({ name, bytes: new TextEncoder().encode(JSON.stringify(value)) });
  }

  /** Directory first, so that a reader can find a section without walking the others. */
  finish(): Uint8Array {
    const directory = new ByteWriter();
    for (const { name, bytes } of this.#sections) {
      directory.text(name);
      directory.f64(bytes.length);
      directory.u32(digest(bytes));
    }
    const names = directory.take();
    const total = this.#sections.reduce((sum, section) => sum + section.bytes.length, 0);
    const head = new ByteWriter(HEAD_BYTES);
    head.u32(MAGIC);
    head.u16(SNAPSHOT_VERSION);
    head.u16(this.#sections.length);
    head.u32(names.length);
    head.u32(hashBytes(names, DIGEST_SEED));
    const snapshot = new Uint8Array(HEAD_BYTES + names.length + total);
    snapshot.set(head.take(), 0);
    snapshot.set(names, HEAD_BYTES);
    let at = HEAD_BYTES + names.length;
    for (const { bytes } of this.#sections) {
      snapshot.set(bytes, at);
      at += bytes.length;
    }
    return snapshot;
  }
}

export class SectionReader {
  readonly #sections = new Map<string, Uint8Array>();

  /** Throws a `WeirError` `checkpoint.damaged`. */
  constructor(snapshot: Uint8Array) {
    try {
      this.#open(snapshot);
    } catch (error) {
      if (error instanceof WeirError) throw error;
      throw new WeirError('checkpoint.damaged', 'the snapshot is cut short', { cause: error });
    }
  }

  #open(snapshot: Uint8Array): void {
    const head = new ByteReader(snapshot);
    if (head.u32() !== MAGIC) throw damaged('the bytes do not begin like a snapshot');
    const version = head.u16();
    if (version !== SNAPSHOT_VERSION) throw damaged(`snapshot version ${version} is not known`);
    const count = head.u16();
    const directoryBytes = head.u32();
    const directoryDigest = head.u32();
    const directory = head.bytes(directoryBytes);
    if (hashBytes(directory, DIGEST_SEED) !== directoryDigest) throw damaged('its directory is altered');
    const names = new ByteReader(directory);
    for (let i = 0; i < count; i++) {
      const name = names.text();
      const bytes = head.bytes(names.f64());
      if (digest(bytes) !== names.u32()) throw damaged(`section ${name} is altered`);
      this.#sections.set(name, bytes);
    }
    if (head.remaining > 0) throw damaged(`${head.remaining} bytes follow its last section`);
  }

  numbers(name: string): number[] {
    return Array.from(this.float64(name, 0));
  }

  json(name: string): unknown {
    return JSON.parse(new TextDecoder().decode(this.#section(name)));
  }

  float64(name: string, rowsMin: number): Float64Array<ArrayBuffer> {
    const bytes = this.#section(name);
    const column = new Float64Array(Math.max(rowsMin, bytes.length / 8));
    new Uint8Array(column.buffer).set(bytes);
    return column;
  }

  uint32(name: string, rowsMin: number): Uint32Array<ArrayBuffer> {
    const bytes = this.#section(name);
    const column = new Uint32Array(Math.max(rowsMin, bytes.length / 4));
    new Uint8Array(column.buffer).set(bytes);
    return column;
  }

  uint8(name: string, rowsMin: number): Uint8Array<ArrayBuffer> {
    const bytes = this.#section(name);
    const column = new Uint8Array(Math.max(rowsMin, bytes.length));
    column.set(bytes);
    return column;
  }

  #section(name: string): Uint8Array {
    const bytes = this.#sections.get(name);
    if (bytes === undefined) throw damaged(`section ${name} is missing`);
    return bytes;
  }
}

function damaged(why: string): WeirError {
  return new WeirError('checkpoint.damaged', `the snapshot cannot be read: ${why}`);
}

/** Words at a time where the bytes are aligned: a large column is digested at memory speed, not byte by byte. */
function digest(bytes: Uint8Array): number {
  const words = bytes.byteOffset % 4 === 0 ? bytes.length >>> 2 : 0;
  const view = new Uint32Array(bytes.buffer, words === 0 ? 0 : bytes.byteOffset, words);
  let h = bytes.length | 0;
  if (words > 0) {
    for (let i = 0; i < words; i++) {
      h = Math.imul(h ^ (view[i] as number), 0x9e37_79b1);
      h ^= h >>> 15;
    }
    return hashBytes(bytes, h, words * 4);
  }
  // A copy, which `slice` of a Buffer is not: what came from the network would stay where it lies.
  const aligned = new Uint8Array(bytes);
  return aligned.length < 4 ? hashBytes(aligned, h) : digest(aligned);
}
