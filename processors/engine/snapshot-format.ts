/**
 * The engine's state as bytes: a versioned head, then named sections, each with its length and digest. Sections are
 * found by name, so a later version may add or drop some; columns are raw little-endian images, rare objects are JSON.
 * A snapshot that is cut short or altered is refused (`checkpoint.damaged`), never half loaded.
 */
import { ByteReader } from '../../core/codec/byte-reader.ts';
import { ByteWriter } from '../../core/codec/byte-writer.ts';
import { WeirError } from '../../core/errors.ts';
import { hashBytes } from '../../core/hash.ts';

const MAGIC = 0x5357_4557;
/** Raised when a section changes its meaning: a snapshot of another version is passed over, and the log replayed. */
const SNAPSHOT_VERSION = 5;
const HEAD_BYTES = 16;
const DIGEST_SEED = 0x736e_6170;
const DIGEST_BYTES = 4;
const WORD_BYTES = 8;
const NO_BYTES = new Uint8Array(0);

interface Section {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** A section whose bytes come later, page by page. */
interface PagedSection {
  readonly name: string;
  readonly byteLength: number;
}

/**
 * Lays a snapshot out: small sections at once, and one large one whose bytes are filled in over many turns while the
 * engine goes on. The directory comes first, so that a reader can find a section without walking the others.
 */
export class SnapshotWriter {
  readonly #sections: Section[] = [];

  /** The bytes are copied when `begin` runs: nothing may change them before. */
  bytes(name: string, bytes: Uint8Array): void {
    this.#sections.push({ name, bytes });
  }

  json(name: string, value: unknown): void {
    this.#sections.push({ name, bytes: new TextEncoder().encode(JSON.stringify(value)) });
  }

  /** Lays it out in `room` where it fits, else in memory of its own. */
  begin(paged: PagedSection, room?: Uint8Array): PagedSnapshot {
    // Offsets do not change the directory's length: its first draft says where sections may begin.
    const draft = this.#directory(0, paged, 0);
    const small = this.#sections.reduce((sum, section) => sum + section.bytes.length, 0);
    const pagedAt = Math.ceil((HEAD_BYTES + draft.length + small) / WORD_BYTES) * WORD_BYTES;
    const directory = this.#directory(HEAD_BYTES + draft.length, paged, pagedAt);
    const length = pagedAt + paged.byteLength;
    const snapshot = room !== undefined && room.length >= length ? room.subarray(0, length) : new Uint8Array(length);
    // Room that was used before holds other bytes, and what lies between sections would be theirs.
    snapshot.fill(0, 0, pagedAt);
    let at = HEAD_BYTES + directory.length;
    for (const { bytes } of this.#sections) {
      snapshot.set(bytes, at);
      at += bytes.length;
    }
    return new PagedSnapshot(snapshot, directory, this.#sections.length + 1, pagedAt);
  }

  #directory(firstAt: number, paged: PagedSection, pagedAt: number): Uint8Array {
    const directory = new ByteWriter();
    const add = (name: string, at: number, length: number, digestOf: number): void => {
      directory.text(name);
      directory.f64(at);
      directory.f64(length);
      directory.u32(digestOf);
    };
    let at = firstAt;
    for (const { name, bytes } of this.#sections) {
      add(name, at, bytes.length, digest(bytes));
      at += bytes.length;
    }
    // The paged section is the last: its digest is filled in at the end.
    add(paged.name, pagedAt, paged.byteLength, 0);
    return directory.take();
  }
}

/** A snapshot that waits for its paged section. */
export class PagedSnapshot {
  readonly #snapshot: Uint8Array;
  readonly #directory: Uint8Array;
  readonly #sections: number;
  readonly #pagedAt: number;
  #filled = 0;
  #digest: number;

  constructor(snapshot: Uint8Array, directory: Uint8Array, sections: number, pagedAt: number) {
    this.#snapshot = snapshot;
    this.#directory = directory;
    this.#sections = sections;
    this.#pagedAt = pagedAt;
    this.#digest = (snapshot.length - pagedAt) | 0;
  }

  /** A piece of the paged section, to be written in place; shorter where the section ends. Pieces may come in any order. */
  piece(at: number, length: number): Uint8Array {
    return this.#snapshot.subarray(this.#pagedAt + at, this.#pagedAt + at + length);
  }

  /** The piece is written. Pieces are told in their order, without gaps. */
  fold(at: number, length: number): void {
    if (at !== this.#filled) throw new RangeError(`the piece at ${at} comes after ${this.#filled} bytes`);
    const bytes = this.piece(at, length);
    this.#filled += bytes.length;
    this.#digest = foldWords(this.#digest, new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >>> 2));
  }

  /** The whole snapshot; nothing may be missing. */
  finish(): Uint8Array {
    const snapshot = this.#snapshot;
    if (this.#pagedAt + this.#filled !== snapshot.length) throw new RangeError('the snapshot is not filled');
    const directory = this.#directory;
    new DataView(directory.buffer, directory.byteOffset).setUint32(
      directory.length - DIGEST_BYTES,
      hashBytes(NO_BYTES, this.#digest),
      true,
    );
    const head = new ByteWriter(HEAD_BYTES);
    head.u32(MAGIC);
    head.u16(SNAPSHOT_VERSION);
    head.u16(this.#sections);
    head.u32(directory.length);
    head.u32(hashBytes(directory, DIGEST_SEED));
    snapshot.set(head.take(), 0);
    snapshot.set(directory, HEAD_BYTES);
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

function damaged(why: string): WeirError {
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
