/**
 * Records of a fixed number of words in the slab, numbered from 1 on. They lie in chunks, so that the table grows without
 * moving anything, and a record's words stay where they are for as long as it lives.
 */
import type { MemoryReport } from './memory-report.ts';
import type { Slab } from './slab.ts';

const CHUNK_SHIFT = 10;
const CHUNK_RECORDS = 1 << CHUNK_SHIFT;
const LINE_WORDS = 8;
const BYTES_PER_WORD = 8;

export interface RecordTableHead {
  readonly top: number;
  readonly removed: number;
  readonly free: number;
  readonly chunks: readonly number[];
}

export class RecordTable {
  readonly wordsPerRecord: number;
  readonly #slab: Slab;
  readonly #most: number;
  /** Base word of each chunk. */
  #chunks = new Uint32Array(16);
  /** The highest id given out. */
  #top = 0;
  #removed = 0;
  /** First removed record, linked through the first half of each. */
  #free = 0;

  /** `most` bounds the records; `assertRoom` tells in time. */
  constructor(slab: Slab, wordsPerRecord: number, most: number) {
    this.#slab = slab;
    this.wordsPerRecord = wordsPerRecord;
    this.#most = most;
  }

  get count(): number {
    return this.#top - this.#removed;
  }

  /** Ids run from 1 to `top`; some of them may have been removed. */
  get top(): number {
    return this.#top;
  }

  /** Adds the chunks, of which the records in use are what is used. */
  measure(part: string, report: MemoryReport): void {
    const chunks = this.#chunks.reduce((count, base) => count + (base === 0 ? 0 : 1), 0);
    const chunkBytes = this.#slab.sizeOf(this.#wordsPerChunk) * BYTES_PER_WORD;
    report.add(part, this.count, chunks * chunkBytes, this.count * this.wordsPerRecord * BYTES_PER_WORD);
  }

  /** First word of a record. */
  at(id: number): number {
    return (this.#chunks[id >>> CHUNK_SHIFT] as number) + (id & (CHUNK_RECORDS - 1)) * this.wordsPerRecord;
  }

  /** The id of a new record, all zero and touched. The slab's views may have been replaced. */
  add(): number {
    let id = this.#free;
    if (id !== 0) {
      this.#free = this.#slab.halves[this.at(id) * 2] as number;
      this.#removed--;
    } else {
      id = ++this.#top;
      if (this.#chunks[id >>> CHUNK_SHIFT] === undefined || this.#chunks[id >>> CHUNK_SHIFT] === 0) this.#addChunk(id);
    }
    const at = this.at(id);
    this.#slab.touch(at, this.wordsPerRecord);
    this.#slab.words.fill(0, at, at + this.wordsPerRecord);
    return id;
  }

  /** The id may be given out again. What the record points to is the caller's to release. */
  remove(id: number): void {
    const at = this.at(id);
    this.#slab.touch(at);
    this.#slab.halves[at * 2] = this.#free;
    this.#free = id;
    this.#removed++;
  }

  /** Throws where `add` of `records` more would pass the bound: called before any state changes. */
  assertRoom(records: number, what: string): void {
    if (this.count + records > this.#most)
      throw new RangeError(`the engine holds its maximum of ${this.#most} ${what}`);
  }

  save(): RecordTableHead {
    const chunks = this.#top === 0 ? 0 : (this.#top >>> CHUNK_SHIFT) + 1;
    return {
      top: this.#top,
      removed: this.#removed,
      free: this.#free,
      chunks: Array.from(this.#chunks.subarray(0, chunks)),
    };
  }

  load(head: RecordTableHead): void {
    this.#top = head.top;
    this.#removed = head.removed;
    this.#free = head.free;
    this.#chunks = new Uint32Array(Math.max(16, head.chunks.length));
    this.#chunks.set(head.chunks);
  }

  get #wordsPerChunk(): number {
    return CHUNK_RECORDS * this.wordsPerRecord + LINE_WORDS - 1;
  }

  #addChunk(id: number): void {
    const chunk = id >>> CHUNK_SHIFT;
    if (chunk >= this.#chunks.length) {
      const chunks = new Uint32Array(this.#chunks.length * 2);
      chunks.set(this.#chunks);
      this.#chunks = chunks;
    }
    // Records of whole cache lines begin at one.
    const base = this.#slab.allocate(this.#wordsPerChunk);
    this.#chunks[chunk] = Math.ceil(base / LINE_WORDS) * LINE_WORDS;
  }
}
