/**
 * What the slab held when a snapshot began, as far as it has changed since and is not copied yet: before a cache line of
 * 64 bytes changes for the first time, its content goes here, and into the copy of its page when that is made. So each copied
 * page is of one moment although the engine goes on, and what is held beside the slab is what changed, not all of it.
 */
import { UNDO_LINES_MAX } from '../limits.ts';
import { PAGE_SHIFT, PAGE_WORDS, type Slab, type SlabWatcher } from './slab.ts';

export const PAGE_BYTES = PAGE_WORDS * 8;
const LINE_SHIFT = 3;
const LINE_HALVES = 16;
const LINES_SHIFT = PAGE_SHIFT - LINE_SHIFT;
const LINE_MASK = (1 << LINES_SHIFT) - 1;
/** A record: the next one of its page with the line within the page, then the line's content. */
const RECORD_HALVES = LINE_HALVES + 1;
const LINK_SHIFT = LINES_SHIFT;
/** Records are given out in blocks of about a mebibyte. */
const BLOCK_SHIFT = 14;
const BLOCK_MASK = (1 << BLOCK_SHIFT) - 1;

export class UndoLog implements SlabWatcher {
  readonly #slab: Slab;
  readonly #linesMax: number;
  /** Lines of the slab when the snapshot began. */
  readonly #lines: number;
  /** By page: whether it is still to be copied. */
  readonly #pending: Uint8Array;
  /** By line, a bit: whether its content is held, or was. */
  readonly #held: Uint32Array;
  /** By page: the first of its records, 0 for none. */
  readonly #first: Uint32Array;
  readonly #heldIn: Uint32Array;
  readonly #blocks: Uint32Array[] = [];
  #free = 0;
  #records = 0;
  #live = 0;
  #isFull = false;
  #ended = false;

  /** Begins: `isWanted` says of a shard whether it will be copied. Throws a `RangeError` where the slab is watched already. */
  constructor(slab: Slab, isWanted: (shard: number) => boolean, linesMax = UNDO_LINES_MAX) {
    this.#slab = slab;
    this.#linesMax = Math.min(linesMax, UNDO_LINES_MAX);
    slab.watcher = this;
    this.#lines = Math.ceil(slab.top / 2 ** LINE_SHIFT);
    const pages = Math.ceil(slab.top / PAGE_WORDS);
    this.#pending = new Uint8Array(pages);
    this.#held = new Uint32Array(Math.ceil(this.#lines / 32));
    this.#first = new Uint32Array(pages);
    this.#heldIn = new Uint32Array(slab.shards);
    const pagesPerShard = 2 ** (slab.shardShift - PAGE_SHIFT);
    for (let shard = 0; shard < slab.shards; shard++)
      if (isWanted(shard)) this.#pending.fill(1, shard * pagesPerShard, (shard + 1) * pagesPerShard);
  }

  beforeChange(word: number, count: number): void {
    const end = Math.min(((word + count - 1) >>> LINE_SHIFT) + 1, this.#lines);
    for (let line = word >>> LINE_SHIFT; line < end; ) {
      const page = line >>> LINES_SHIFT;
      if (this.#pending[page] === 0) {
        line = (page + 1) << LINES_SHIFT;
        continue;
      }
      const bits = this.#held[line >>> 5] as number;
      if ((bits & (1 << (line & 31))) === 0) {
        this.#held[line >>> 5] = bits | (1 << (line & 31));
        this.#hold(line, page);
      }
      line++;
    }
  }

  /** Bytes that were held at once, at most. */
  get bytesMax(): number {
    return this.#records * RECORD_HALVES * 4;
  }

  /** More changed than is held: what is copied from now on would be of no one moment. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /** Share of the bound that is in use. */
  get fill(): number {
    return this.#live / this.#linesMax;
  }

  /** Lines of a shard that are held. */
  heldIn(shard: number): number {
    return this.#heldIn[shard] as number;
  }

  /** Copies a page as it was when the log began to `[at, at + PAGE_BYTES)`; `halves` is a view of the same memory as `target`. */
  copy(page: number, target: Uint8Array, halves: Uint32Array, at: number): void {
    const from = page * PAGE_BYTES;
    target.set(this.#slab.bytes.subarray(from, from + PAGE_BYTES), at);
    this.#pending[page] = 0;
    let record = this.#first[page] as number;
    if (record === 0) return;
    const shard = page >>> (this.#slab.shardShift - PAGE_SHIFT);
    while (record !== 0) {
      const block = this.#blocks[(record - 1) >>> BLOCK_SHIFT] as Uint32Array;
      const base = ((record - 1) & BLOCK_MASK) * RECORD_HALVES;
      const link = block[base] as number;
      const to = at / 4 + (link & LINE_MASK) * LINE_HALVES;
      for (let i = 0; i < LINE_HALVES; i++) halves[to + i] = block[base + 1 + i] as number;
      block[base] = this.#free << LINK_SHIFT;
      this.#free = record;
      this.#heldIn[shard] = (this.#heldIn[shard] as number) - 1;
      this.#live--;
      record = link >>> LINK_SHIFT;
    }
    this.#first[page] = 0;
  }

  /** Stops watching. Must be called when all is copied, or is not wanted any more. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#slab.watcher = undefined;
  }

  #hold(line: number, page: number): void {
    const record = this.#take();
    if (record === 0) return;
    const block = this.#blocks[(record - 1) >>> BLOCK_SHIFT] as Uint32Array;
    const base = ((record - 1) & BLOCK_MASK) * RECORD_HALVES;
    const { halves } = this.#slab;
    const from = line * LINE_HALVES;
    block[base] = ((this.#first[page] as number) << LINK_SHIFT) | (line & LINE_MASK);
    for (let i = 0; i < LINE_HALVES; i++) block[base + 1 + i] = halves[from + i] as number;
    this.#first[page] = record;
    const shard = page >>> (this.#slab.shardShift - PAGE_SHIFT);
    this.#heldIn[shard] = (this.#heldIn[shard] as number) + 1;
    this.#live++;
  }

  /** A record, 0 where there is none left: then nothing is watched any more. */
  #take(): number {
    const reused = this.#free;
    if (reused !== 0) {
      const block = this.#blocks[(reused - 1) >>> BLOCK_SHIFT] as Uint32Array;
      this.#free = (block[((reused - 1) & BLOCK_MASK) * RECORD_HALVES] as number) >>> LINK_SHIFT;
      return reused;
    }
    if (this.#records === this.#linesMax) {
      this.#isFull = true;
      this.end();
      return 0;
    }
    const record = ++this.#records;
    if ((record - 1) >>> BLOCK_SHIFT === this.#blocks.length)
      this.#blocks.push(new Uint32Array((1 << BLOCK_SHIFT) * RECORD_HALVES));
    return record;
  }
}
