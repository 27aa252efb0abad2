/**
 * Where the state's memory goes, part by part. Owners add what they hold in the slab; what no owner adds is "other", and
 * what lies in free lists is a part of its own, so that the parts of the slab always add up to all of it.
 */
import { GRANULE_WORDS } from './size-class.ts';
import type { Slab } from './slab.ts';

export interface MemoryPart {
  readonly part: string;
  /** Records, rings or blocks. */
  readonly count: number;
  readonly bytes: number;
  /** Of these the bytes that hold something: the rest is room to grow, or what a size rounds up. */
  readonly usedBytes: number;
}

const BYTES_PER_WORD = 8;

export class MemoryReport {
  readonly #slab: Slab;
  readonly #parts = new Map<string, { count: number; bytes: number; usedBytes: number }>();

  constructor(slab: Slab) {
    this.#slab = slab;
  }

  /** A block of the slab that was allocated with `words`, `usedWords` of which hold something. */
  addBlock(part: string, words: number, usedWords: number): void {
    this.add(part, 1, this.#slab.sizeOf(words) * BYTES_PER_WORD, usedWords * BYTES_PER_WORD);
  }

  add(part: string, count: number, bytes: number, usedBytes: number): void {
    const known = this.#parts.get(part) ?? { count: 0, bytes: 0, usedBytes: 0 };
    known.count += count;
    known.bytes += bytes;
    known.usedBytes += usedBytes;
    this.#parts.set(part, known);
  }

  /** The parts in the order in which they were first added, then what is left of the slab. */
  finish(): MemoryPart[] {
    const parts = [...this.#parts].map(([part, sizes]) => ({ part, ...sizes }));
    const { blocks, bytes: freeBytes } = this.#slab.freeBlocks();
    // The first granule is never given out.
    const all = (this.#slab.top - GRANULE_WORDS) * BYTES_PER_WORD;
    const other = all - freeBytes - parts.reduce((sum, { bytes }) => sum + bytes, 0);
    return [
      ...parts,
      { part: 'other', count: 0, bytes: other, usedBytes: other },
      { part: 'free blocks', count: blocks, bytes: freeBytes, usedBytes: 0 },
    ];
  }
}
