/**
 * The engine's memory: one block of 8-byte words that holds every record, ring and blob, so that the collector has
 * nothing to walk and a snapshot is a walk over pages. Blocks are of any size; freed ones are joined and split again
 * (`free-blocks.ts`). Word 0 is never given out: base 0 means "none".
 *
 * `words`, `halves` and `bytes` are views of the same buffer and are replaced when the slab grows: read them anew after
 * `allocate`. Whoever writes to words that are in use calls `touch` for them first: it is the write barrier by which an
 * image of one log position can be taken while the engine goes on (`slab-image.ts`), and it marks pages as changed.
 */
import { FreeBlocks } from './free-blocks.ts';
import { GRANULE_WORDS } from './size-class.ts';

/** 16 KiB: copying one before its first change takes about 2 µs. */
export const PAGE_WORDS = 2_048;
const PAGE_SHIFT = 11;
/**
 * 4 GiB, the longest typed array of Node.js 20, less 64 MiB, so that a snapshot, which holds more than the slab, is none longer.
 */
export const SLAB_WORDS_MAX = 2 ** 29 - 2 ** 23;
const WORDS_AT_START = 1 << 15;
/**
 * Past 16 MiB all that the slab may ever hold is reserved at once: memory is committed as it is used, and a state that grows is
 * not copied any more. Smaller ones double: a process may hold many.
 */
const RESERVE_ALL_ABOVE_WORDS = 2 ** 21;

export interface PageWatcher {
  /** Called before a page changes. */
  beforeChange(page: number): void;
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
  /** By page: changed since `takeChanged` last looked. */
  #changed: Uint8Array;
  #watcher: PageWatcher | undefined;
  readonly #free: FreeBlocks;

  /** `capacityWords` is reserved at once and committed as it is used, so that a large one costs nothing and never moves. */
  constructor(capacityWords = WORDS_AT_START) {
    const words = Math.ceil(capacityWords / PAGE_WORDS) * PAGE_WORDS;
    const buffer = new ArrayBuffer(words * 8);
    this.words = new Float64Array(buffer);
    this.halves = new Uint32Array(buffer);
    this.bytes = new Uint8Array(buffer);
    this.#changed = new Uint8Array(words >>> PAGE_SHIFT);
    this.#free = new FreeBlocks(this, words);
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
    const last = (word + count - 1) >>> PAGE_SHIFT;
    for (let page = word >>> PAGE_SHIFT; page <= last; page++) {
      if (this.#watcher !== undefined) this.#watcher.beforeChange(page);
      this.#changed[page] = 1;
    }
  }

  get pages(): number {
    return Math.ceil(this.top / PAGE_WORDS);
  }

  /** Told of every page before it changes, until replaced or unset. One at a time. */
  set watcher(watcher: PageWatcher | undefined) {
    if (watcher !== undefined && this.#watcher !== undefined) throw new RangeError('the slab is being watched already');
    this.#watcher = watcher;
  }

  /** The pages changed since the last call, as a byte each; they count as unchanged from now on. */
  takeChanged(): Uint8Array {
    const changed = this.#changed.slice(0, this.pages);
    this.#changed.fill(0, 0, this.pages);
    return changed;
  }

  head(): SlabHead {
    return { top: this.top, free: this.#free.save() };
  }

  /** Makes room for a saved slab; its pages are then written to `bytes` from byte 0 on, and `findFree` is called. */
  restore(head: SlabHead): void {
    if (head.top > this.words.length) this.#grow(head.top);
    this.top = head.top;
    this.#changed.fill(0);
  }

  /** After the pages of a saved slab are in place. */
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
    const changed = new Uint8Array(words >>> PAGE_SHIFT);
    changed.set(this.#changed);
    this.#changed = changed;
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
