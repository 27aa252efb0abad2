/**
 * The small parts of a snapshot as bytes: a versioned head, then named sections, each with its length and digest. Sections are
 * found by name, so a later version may add or drop some. What is cut short or altered is refused (`checkpoint.damaged`), never
 * half loaded. Up to version 5 the slab's words were a section as well; `manifest.ts` reads those.
 */
import { ByteReader } from '../../../core/codec/byte-reader.ts';
import { ByteWriter } from '../../../core/codec/byte-writer.ts';
import { WeirError } from '../../../core/errors.ts';
import { hashBytes } from '../../../core/hash.ts';

const MAGIC = 0x5357_4557;
const HEAD_BYTES = 16;
const DIGEST_SEED = 0x736e_6170;

interface Section {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export class SectionWriter {
  readonly #sections: Section[] = [];

  /** The bytes must stay as they are until `finish`. */
  bytes(name: string, bytes: Uint8Array): void {
    this.#sections.push({ name, bytes });
  }

  /** The value is written down at once: it may change afterwards. */
  json(name: string, value: unknown): void {
    this.#sections.push({ name, bytes: new TextEncoder().encode(JSON.stringify(value)) });
  }

  finish(version: number): Uint8Array {
    // Offsets do not change the directory's length: its first draft says where sections begin.
    const directory = this.#directory(HEAD_BYTES + this.#directory(0).length);
    const head = new ByteWriter(HEAD_BYTES);
    head.u32(MAGIC);
    head.u16(version);
    head.u16(this.#sections.length);
    head.u32(directory.length);
    head.u32(hashBytes(directory, DIGEST_SEED));
    const small = this.#sections.reduce((sum, section) => sum + section.bytes.length, 0);
    const whole = new Uint8Array(HEAD_BYTES + directory.length + small);
    whole.set(head.take(), 0);
    whole.set(directory, HEAD_BYTES);
    let at = HEAD_BYTES + directory.length;
    for (const { bytes } of this.#sections) {
      whole.set(bytes, at);
      at += bytes.length;
    }
    return whole;
  }

  #directory(firstAt: number): Uint8Array {
    const directory = new ByteWriter();
    let at = firstAt;
    for (const { name, bytes } of this.#sections) {
      directory.text(name);
      directory.f64(at);
      directory.f64(bytes.length);
      directory.u32(digest(bytes));
      at += bytes.length;
    }
    return directory.take();
  }
}

export class SectionReader {
  readonly version: number;
  readonly #sections = new Map<string, Uint8Array>();

  /** Throws a `WeirError` `checkpoint.damaged`. */
  constructor(snapshot: Uint8Array) {
    try {
      this.version = this.#open(snapshot);
    } catch (error) {
      if (error instanceof WeirError) throw error;
      throw new WeirError('checkpoint.damaged', 'the snapshot is cut short', { cause: error });
    }
  }

  #open(snapshot: Uint8Array): number {
    const head = new ByteReader(snapshot);
    if (head.u32() !== MAGIC) throw damaged('the bytes do not begin like a snapshot');
    const version = head.u16();
    const count = head.u16();
    const directoryBytes = head.u32();
    const directoryDigest = head.u32();
    const directory = head.bytes(directoryBytes);
    if (hashBytes(directory, DIGEST_SEED) !== directoryDigest) throw damaged('its directory is altered');
    const names = new ByteReader(directory);
    for (let i = 0; i < count; i++) {
      const name = names.text();
      const at = names.f64();
      const length = names.f64();
      if (at + length > snapshot.length) throw damaged('it is cut short');
      const bytes = snapshot.subarray(at, at + length);
      if (digest(bytes) !== names.u32()) throw damaged(`section ${name} is altered`);
      this.#sections.set(name, bytes);
    }
    const ends = [...this.#sections.values()].map((bytes) => bytes.byteOffset + bytes.length);
    const rest = snapshot.byteOffset + snapshot.length - Math.max(0, ...ends);
    if (rest > 0) throw damaged(`${rest} bytes follow its last section`);
    return version;
  }

  has(name: string): boolean {
    return this.#sections.has(name);
  }

  json(name: string): unknown {
    return JSON.parse(new TextDecoder().decode(this.bytes(name)));
  }

  /** A view: copy what is to stay. */
  bytes(name: string): Uint8Array {
    const bytes = this.#sections.get(name);
    if (bytes === undefined) throw damaged(`section ${name} is missing`);
    return bytes;
  }
}

export function damaged(why: string): WeirError {
  return new WeirError('checkpoint.damaged', `the snapshot cannot be read: ${why}`);
}

/** Words at a time where the bytes are aligned: a large column is digested at memory speed, not byte by byte. */
function digest(bytes: Uint8Array): number {
  const words = bytes.byteOffset % 4 === 0 ? bytes.length >>> 2 : 0;
  const view = new Uint32Array(bytes.buffer, words === 0 ? 0 : bytes.byteOffset, words);
  let h = bytes.length | 0;
  if (words > 0) {
    h = foldWords(h, view);
    return hashBytes(bytes, h, words * 4);
  }
  // A copy, which `slice` of a Buffer is not: what came from the network would stay where it lies.
  const aligned = new Uint8Array(bytes);
  return aligned.length < 4 ? hashBytes(aligned, h) : digest(aligned);
}

function foldWords(digestSoFar: number, words: Uint32Array): number {
  let h = digestSoFar;
  for (let i = 0; i < words.length; i++) {
    h = Math.imul(h ^ (words[i] as number), 0x9e37_79b1);
    h ^= h >>> 15;
  }
  return h;
}
