/**
 * One large block of 8-byte words that holds every ring of the engine: no JS object per key, so the collector has
 * nothing to walk. Blocks are `columns × 2^log2` words; freed ones wait in a list per class. Word 0 is never given out,
 * so base 0 means "none". `words` and `halves` are replaced when the slab grows: read them anew after `allocate`.
 */
const COLUMNS_MAX = 3;
const LOG2_CLASSES = 32;
const WORDS_MAX = 0xffff_ffff;

export class Slab {
  words: Float64Array;
  halves: Uint32Array;
  /** Words in use or in a free list; what a snapshot must hold. */
  top = 1;
  /** Head of the free list per class, linked through the first half of each free block. */
  readonly free: Uint32Array = new Uint32Array((COLUMNS_MAX + 1) * LOG2_CLASSES);

  constructor(capacityWords = 1 << 16) {
    const buffer = new ArrayBuffer(capacityWords * 8);
    this.words = new Float64Array(buffer);
    this.halves = new Uint32Array(buffer);
  }

  /** Base word of a block; its content is whatever was there before. */
  allocate(columns: number, log2: number): number {
    const list = columns * LOG2_CLASSES + log2;
    const reused = this.free[list] as number;
    if (reused !== 0) {
      this.free[list] = this.halves[reused * 2] as number;
      return reused;
    }
    const size = columns * 2 ** log2;
    const base = this.top;
    if (base + size > this.words.length) this.#grow(base + size);
    this.top = base + size;
    return base;
  }

  release(base: number, columns: number, log2: number): void {
    const list = columns * LOG2_CLASSES + log2;
    this.halves[base * 2] = this.free[list] as number;
    this.free[list] = base;
  }

  restore(words: Float64Array, top: number, free: Uint32Array): void {
    this.words = words;
    this.halves = new Uint32Array(words.buffer);
    this.top = top;
    this.free.set(free);
  }

  #grow(wordsNeeded: number): void {
    if (wordsNeeded > WORDS_MAX) throw new RangeError('the slab of the engine is full');
    const buffer = new ArrayBuffer(Math.min(WORDS_MAX, Math.max(wordsNeeded, this.words.length * 2)) * 8);
    const words = new Float64Array(buffer);
    words.set(this.words.subarray(0, this.top));
    this.words = words;
    this.halves = new Uint32Array(buffer);
  }
}
