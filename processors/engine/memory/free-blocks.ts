/**
 * The free blocks of the slab: a doubly linked list per size class, in the blocks themselves. A block that is given back is
 * joined with the free ones beside it, and a larger one is split where none fits, each at a constant cost: what rings leave
 * behind as they grow becomes room for any other size.
 *
 * A free block says in its first halves which block comes next and before in its list and how many words it has, and the
 * last again in its last half, so that the block behind it finds its beginning. Which granules begin or end a free
 * block is a bit each, beside the slab and made again from the lists when a snapshot is loaded.
 */
import { GRANULE_WORDS, SIZE_CLASSES, sizeClassFor, sizeClassOf } from './size-class.ts';

/** Halves of a free block. */
const NEXT = 0;
const PREVIOUS = 1;
const WORDS = 2;

/** The slab as its free blocks see it. */
export interface BlockMemory {
  readonly halves: Uint32Array;
  readonly top: number;
  touch(word: number, count?: number): void;
}

export class FreeBlocks {
  /** Words in all of them. */
  words = 0;
  readonly #slab: BlockMemory;
  /** First block per size class, 0 for none. */
  readonly #first = new Uint32Array(SIZE_CLASSES);
  /** By size class, a bit: there is a block. */
  readonly #filled = new Uint32Array(Math.ceil(SIZE_CLASSES / 32));
  /** By granule, a bit: it begins or ends a free block. */
  #edges: Uint8Array;

  constructor(slab: BlockMemory, capacityWords: number) {
    this.#slab = slab;
    this.#edges = new Uint8Array(edgeBytes(capacityWords));
  }

  /** Base of a block of so many words, a multiple of the granule, or 0 where there is none so large. */
  take(words: number): number {
    const sizeClass = this.#classFrom(sizeClassFor(words / GRANULE_WORDS));
    if (sizeClass === SIZE_CLASSES) return 0;
    const base = this.#first[sizeClass] as number;
    const size = this.#slab.halves[base * 2 + WORDS] as number;
    this.#unlink(base, size);
    if (size > words) this.#link(base + words, size - words);
    return base;
  }

  /** Adds a block, joined with its free neighbours. */
  put(base: number, words: number): void {
    const { halves, top } = this.#slab;
    let from = base;
    let end = base + words;
    if (this.#isEdge(base - GRANULE_WORDS)) {
      const size = halves[base * 2 - 1] as number;
      from -= size;
      this.#unlink(from, size);
    }
    if (end < top && this.#isEdge(end)) {
      const size = halves[end * 2 + WORDS] as number;
      this.#unlink(end, size);
      end += size;
    }
    this.#link(from, end - from);
  }

  /** Room for the edges of a slab that has grown. */
  grow(capacityWords: number): void {
    const edges = new Uint8Array(edgeBytes(capacityWords));
    edges.set(this.#edges.subarray(0, edgeBytes(this.#slab.top)));
    this.#edges = edges;
  }

  /** First block per size class: what a snapshot saves. */
  save(): readonly number[] {
    return Array.from(this.#first);
  }

  /** The slab's words are in place. Walks all blocks. */
  load(first: readonly number[]): void {
    this.#first.set(first);
    this.#filled.fill(0);
    this.#edges.fill(0, 0, edgeBytes(this.#slab.top));
    this.words = 0;
    this.#walk((base, size, sizeClass) => {
      this.#filled[sizeClass >>> 5] = (this.#filled[sizeClass >>> 5] as number) | (1 << (sizeClass & 31));
      this.#setEdges(base, size);
      this.words += size;
    });
  }

  /** How many there are. Walks them all. */
  count(): number {
    let count = 0;
    this.#walk(() => count++);
    return count;
  }

  #walk(see: (base: number, words: number, sizeClass: number) => void): void {
    const { halves } = this.#slab;
    for (let sizeClass = 0; sizeClass < SIZE_CLASSES; sizeClass++)
      for (let base = this.#first[sizeClass] as number; base !== 0; base = halves[base * 2 + NEXT] as number)
        see(base, halves[base * 2 + WORDS] as number, sizeClass);
  }

  /** The first class from `sizeClass` on that has a block, `SIZE_CLASSES` where none has. */
  #classFrom(sizeClass: number): number {
    let at = sizeClass >>> 5;
    let bits = (this.#filled[at] as number) & (-1 << (sizeClass & 31));
    while (bits === 0) {
      if (++at === this.#filled.length) return SIZE_CLASSES;
      bits = this.#filled[at] as number;
    }
    return at * 32 + 31 - Math.clz32(bits & -bits);
  }

  #link(base: number, words: number): void {
    const sizeClass = sizeClassOf(words / GRANULE_WORDS);
    const next = this.#first[sizeClass] as number;
    this.#slab.touch(base, GRANULE_WORDS);
    this.#slab.touch(base + words - 1);
    const { halves } = this.#slab;
    halves[base * 2 + NEXT] = next;
    halves[base * 2 + PREVIOUS] = 0;
    halves[base * 2 + WORDS] = words;
    halves[(base + words) * 2 - 1] = words;
    if (next !== 0) this.#set(next, PREVIOUS, base);
    this.#first[sizeClass] = base;
    this.#filled[sizeClass >>> 5] = (this.#filled[sizeClass >>> 5] as number) | (1 << (sizeClass & 31));
    this.#setEdges(base, words);
    this.words += words;
  }

  #unlink(base: number, words: number): void {
    const { halves } = this.#slab;
    const next = halves[base * 2 + NEXT] as number;
    const previous = halves[base * 2 + PREVIOUS] as number;
    if (next !== 0) this.#set(next, PREVIOUS, previous);
    if (previous !== 0) {
      this.#set(previous, NEXT, next);
    } else {
      const sizeClass = sizeClassOf(words / GRANULE_WORDS);
      this.#first[sizeClass] = next;
      if (next === 0)
        this.#filled[sizeClass >>> 5] = (this.#filled[sizeClass >>> 5] as number) & ~(1 << (sizeClass & 31));
    }
    this.#clearEdge(base);
    this.#clearEdge(base + words - GRANULE_WORDS);
    this.words -= words;
  }

  #set(base: number, half: number, value: number): void {
    this.#slab.touch(base);
    this.#slab.halves[base * 2 + half] = value;
  }

  #isEdge(word: number): boolean {
    return ((this.#edges[word >>> 4] as number) & (1 << ((word >>> 1) & 7))) !== 0;
  }

  #setEdges(base: number, words: number): void {
    const last = base + words - GRANULE_WORDS;
    this.#edges[base >>> 4] = (this.#edges[base >>> 4] as number) | (1 << ((base >>> 1) & 7));
    this.#edges[last >>> 4] = (this.#edges[last >>> 4] as number) | (1 << ((last >>> 1) & 7));
  }

  #clearEdge(word: number): void {
    this.#edges[word >>> 4] = (this.#edges[word >>> 4] as number) & ~(1 << ((word >>> 1) & 7));
  }
}

/** A bit for every granule. */
function edgeBytes(words: number): number {
  return Math.ceil(words / (8 * GRANULE_WORDS));
}
