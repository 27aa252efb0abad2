/**
 * The engine's memory: one block of 8-byte words that holds every record, ring and blob, so that the collector has
 * nothing to walk and a snapshot is a walk over pages. Blocks are of any size; freed ones are joined and split again
 * (`free-blocks.ts`). Word 0 is never given out: base 0 means "none".
 *
 * `words`, `halves` and `bytes` are views of the same buffer and are replaced when the slab grows: read them anew after
 * `allocate`. Whoever writes to words that are in use calls `touch` for them first: it is the write barrier by which the
 * state of one log position can be copied while the engine goes on (`undo-log.ts`), and it tells which shards changed.
 */
import { FreeBlocks } from './free-blocks.ts';
import { GRANULE_WORDS } from './size-class.ts';

/** 16 KiB: what is copied at a time. */
export const PAGE_SHIFT = 11;
export const PAGE_WORDS = 1 << PAGE_SHIFT;
/** 8 MiB: what a checkpoint writes, or leaves as it is, as a whole. */
export const SHARD_SHIFT = 20;
/** 4 GiB, the longest typed array of Node.js 20, less 64 MiB. */
export const SLAB_WORDS_MAX = 2 ** 29 - 2 ** 23;
const WORDS_AT_START = 1 << 15;
/**
 * Past 16 MiB all that the slab may ever hold is reserved at once: memory is committed as it is used, and a state that grows is
 * not copied any more. Smaller ones double: a process may hold many.
 */
const RESERVE_ALL_ABOVE_WORDS = 2 ** 21;

export interface SlabWatcher {
  /** Called before words `[word, word + count)` change. */
  beforeChange(word: number, count: number): void;
}

/** What the slab needs beside its words to go on: part of a snapshot's head. */
export interface SlabHead {
  readonly top: number;
  /** First free block per size class, 0 for none. */
  readonly free: readonly number[];
}

export class Slab {
  words: Float64Array;
  halves: Uint32Array;
  bytes: Uint8Array;
  /** Words given out so far, those in free lists included. */
  top = GRANULE_WORDS;
  /** Words of a shard, as a power of two. */
  shardShift = SHARD_SHIFT;
  /** By shard: the round in which it last changed. */
  #changedIn = new Uint32Array(SLAB_WORDS_MAX >>> SHARD_SHIFT);
  #round = 1;
  #watcher: SlabWatcher | undefined;
  readonly #free: FreeBlocks;

  /** `capacityWords` is reserved at once and committed as it is used, so that a large one costs nothing and never moves. */
  constructor(capacityWords = WORDS_AT_START) {
    const words = Math.ceil(capacityWords / PAGE_WORDS) * PAGE_WORDS;
    const buffer = new ArrayBuffer(words * 8);
    this.words = new Float64Array(buffer);
    this.halves = new Uint32Array(buffer);
    this.bytes = new Uint8Array(buffer);
    this.#free = new FreeBlocks(this, words);
  }

  /** Cuts it into shards of `2 ** shardShift` words, whole pages: before anything is in it. */
  cutInto(shardShift: number): void {
    if (this.top > GRANULE_WORDS || shardShift < PAGE_SHIFT)
      throw new RangeError(`shards of 2 ** ${shardShift} words cannot be`);
    this.shardShift = shardShift;
    this.#changedIn = new Uint32Array(Math.ceil(SLAB_WORDS_MAX / 2 ** shardShift));
  }

  /** Words in free blocks. */
  get freeWords(): number {
    return this.#free.words;
  }

  /** Base word of a block of at least `words` words; its content is whatever was there before, and it counts as touched. */
  allocate(words: number): number {
    const size = this.sizeOf(words);
    let base = this.#free.take(size);
    if (base === 0) {
      base = this.top;
      if (base + size > this.words.length) this.#grow(base + size);
      this.top = base + size;
    }
    this.touch(base, size);
    return base;
  }

  /** The same, all zero. */
  allocateZeroed(words: number): number {
    const base = this.allocate(words);
    this.words.fill(0, base, base + words);
    return base;
  }

  /** Throws where `words` more might not fit: called before any state changes. */
  assertRoom(words: number): void {
    if (this.top + words > SLAB_WORDS_MAX)
      throw new RangeError(
        `the engine holds its maximum of ${Math.round((SLAB_WORDS_MAX * 8) / 2 ** 20)} MiB of state`,
      );
  }

  /** Gives a block back; `words` is what it was allocated with. */
  release(base: number, words: number): void {
    this.#free.put(base, this.sizeOf(words));
  }

  /** Words that a block takes which is allocated with `words`. */
  sizeOf(words: number): number {
    return Math.ceil(words / GRANULE_WORDS) * GRANULE_WORDS;
  }

  /** How many blocks are free, and their bytes. Walks them all. */
  freeBlocks(): { readonly blocks: number; readonly bytes: number } {
    return { blocks: this.#free.count(), bytes: this.freeWords * 8 };
  }

  /** To be called before words `[word, word + count)` change. */
  touch(word: number, count = 1): void {
    if (this.#watcher !== undefined) this.#watcher.beforeChange(word, count);
    const last = (word + count - 1) >>> this.shardShift;
    for (let shard = word >>> this.shardShift; shard <= last; shard++) this.#changedIn[shard] = this.#round;
  }

  get shards(): number {
    return Math.ceil(this.top / 2 ** this.shardShift);
  }

  /** What changes from now on belongs to the round that is returned. */
  nextRound(): number {
    return ++this.#round;
  }

  /** The round in which a shard last changed: 0 where it has not since it was restored. */
  changedIn(shard: number): number {
    return this.#changedIn[shard] as number;
  }

  /** Told of every change before it happens, until unset. Throws a `RangeError` where there is one already. */
  set watcher(watcher: SlabWatcher | undefined) {
    if (watcher !== undefined && this.#watcher !== undefined) throw new RangeError('the slab is being watched already');
    this.#watcher = watcher;
  }

  head(): SlabHead {
    return { top: this.top, free: this.#free.save() };
  }

  /** Makes room for a saved slab; its words are then written from word 0 on, and `findFree` is called. */
  restore(head: SlabHead): void {
    if (head.top > this.words.length) this.#grow(head.top);
    this.top = head.top;
    this.#changedIn.fill(0);
  }

  /** After the words of a saved slab are in place. */
  findFree(head: SlabHead): void {
    this.#free.load(head.free);
  }

  #grow(wordsNeeded: number): void {
    if (wordsNeeded > SLAB_WORDS_MAX) throw new RangeError('the slab of the engine is full');
    const doubled = Math.min(SLAB_WORDS_MAX, Math.max(wordsNeeded, this.words.length * 2));
    const buffer =
      (wordsNeeded > RESERVE_ALL_ABOVE_WORDS ? reserve(SLAB_WORDS_MAX) : undefined) ??
      new ArrayBuffer(Math.ceil(doubled / PAGE_WORDS) * PAGE_WORDS * 8);
    const words = buffer.byteLength / 8;
    const bytes = new Uint8Array(buffer);
    bytes.set(this.bytes.subarray(0, this.top * 8));
    this.bytes = bytes;
    this.words = new Float64Array(buffer);
    this.halves = new Uint32Array(buffer);
    this.#free.grow(words);
  }
}

/** Undefined where the operating system does not promise so much. */
function reserve(words: number): ArrayBuffer | undefined {
  try {
    return new ArrayBuffer(words * 8);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
