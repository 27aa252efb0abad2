import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  GRANULE_WORDS,
  SIZE_CLASSES,
  sizeClassFor,
  sizeClassOf,
} from '../../../../processors/engine/memory/size-class.ts';
import { PAGE_SHIFT, PAGE_WORDS, SLAB_WORDS_MAX, Slab } from '../../../../processors/engine/memory/slab.ts';
import { PAGE_BYTES, UndoLog } from '../../../../processors/engine/memory/undo-log.ts';

describe('the size classes of the slab', () => {
  it('grow with the size, and the class to look in holds nothing smaller', () => {
    for (let granules = 1; granules < 20_000; granules++) {
      expect(sizeClassOf(granules)).toBeGreaterThanOrEqual(sizeClassOf(granules - 1));
      const wanted = sizeClassFor(granules);
      expect(wanted).toBeLessThanOrEqual(sizeClassOf(granules) + 1);
      expect(sizeClassOf(granules - 1)).toBeLessThan(wanted);
    }
    expect(sizeClassOf(SLAB_WORDS_MAX / 2)).toBeLessThan(SIZE_CLASSES);
    expect(sizeClassFor(SLAB_WORDS_MAX / 2)).toBeLessThanOrEqual(SIZE_CLASSES);
  });

  it('find rings of up to seven columns where the same size was given back', () => {
    for (let columns = 1; columns <= 7; columns++) {
      for (let log2 = 1; log2 < 20; log2++) {
        const granules = Math.ceil((columns * 2 ** log2) / GRANULE_WORDS);
        expect(sizeClassFor(granules)).toBe(sizeClassOf(granules));
      }
    }
  });
});

interface Block {
  readonly base: number;
  readonly words: number;
  readonly mark: number;
}

type Step =
  | { readonly kind: 'allocate'; readonly words: number }
  | { readonly kind: 'release' | 'write'; readonly pick: number };

const steps = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('allocate' as const), words: fc.integer({ min: 1, max: 3 * PAGE_WORDS }) }),
    fc.record({ kind: fc.constantFrom('release' as const, 'write' as const), pick: fc.nat() }),
  ),
  { maxLength: 120 },
);

/** Runs steps as an owner would: every block is filled with a mark of its own. */
function apply(slab: Slab, blocks: Block[], list: readonly Step[], nextMark: () => number): void {
  for (const step of list) {
    if (step.kind === 'allocate') {
      const base = slab.allocate(step.words);
      const mark = nextMark();
      slab.words.fill(mark, base, base + step.words);
      blocks.push({ base, words: step.words, mark });
      continue;
    }
    const index = step.pick % Math.max(1, blocks.length);
    const block = blocks[index];
    if (block === undefined) continue;
    if (step.kind === 'release') {
      slab.release(block.base, block.words);
      blocks.splice(index, 1);
    } else {
      const mark = nextMark();
      slab.touch(block.base, block.words);
      slab.words.fill(mark, block.base, block.base + block.words);
      blocks[index] = { ...block, mark };
    }
  }
}

function expectIntact(slab: Slab, blocks: readonly Block[]): void {
  for (const { base, words, mark } of blocks) {
    for (let i = base; i < base + words; i++) if (slab.words[i] !== mark) expect.fail(`word ${i} of a block was lost`);
  }
}

function markMaker(): () => number {
  let mark = 0;
  return () => ++mark;
}

/** Copies of pages as they were when it began. */
class Image {
  readonly pages: number;
  readonly bytes: Uint8Array;
  readonly undo: UndoLog;
  readonly #halves: Uint32Array;

  constructor(slab: Slab, linesMax?: number) {
    this.pages = Math.ceil(slab.top / PAGE_WORDS);
    this.bytes = new Uint8Array(this.pages * PAGE_BYTES);
    this.#halves = new Uint32Array(this.bytes.buffer);
    this.undo = new UndoLog(slab, () => true, linesMax);
  }

  copy(from: number, to = this.pages): void {
    for (let page = from; page < to; page++) this.undo.copy(page, this.bytes, this.#halves, page * PAGE_BYTES);
    if (to === this.pages) this.undo.end();
  }
}

describe('the slab', () => {
  it('keeps what is in a block, whatever is given out and back around it', () => {
    fc.assert(
      fc.property(steps, (list) => {
        const slab = new Slab();
        const blocks: Block[] = [];
        apply(slab, blocks, list, markMaker());
        expectIntact(slab, blocks);
      }),
      { numRuns: 150 },
    );
  });

  it('joins what is given back: of blocks released in any order, one free block is left', () => {
    fc.assert(
      fc.property(steps, fc.array(fc.nat(), { maxLength: 20 }), (list, order) => {
        const slab = new Slab();
        const blocks: Block[] = [];
        apply(slab, blocks, list, markMaker());
        const used = blocks.reduce((sum, { words }) => sum + slab.sizeOf(words), 0);
        expect(slab.freeWords).toBe(slab.top - GRANULE_WORDS - used);
        expect(slab.freeBlocks().bytes).toBe(slab.freeWords * 8);
        for (let i = 0; blocks.length > 0; i++) {
          const [block] = blocks.splice((order[i % Math.max(1, order.length)] ?? 0) % blocks.length, 1);
          if (block !== undefined) slab.release(block.base, block.words);
          if (blocks.length % 16 === 0) expectIntact(slab, blocks);
        }
        expect(slab.freeBlocks().blocks).toBe(slab.top === GRANULE_WORDS ? 0 : 1);
        expect(slab.freeWords).toBe(slab.top - GRANULE_WORDS);
      }),
      { numRuns: 150 },
    );
  });

  it('makes room for larger blocks of what smaller ones left behind', () => {
    const slab = new Slab();
    let blocks = Array.from({ length: 1_000 }, () => slab.allocate(8));
    for (let words = 8; words < 256; words *= 2) {
      // As rings grow: the larger block first, then the smaller one is let go.
      blocks = blocks.map((base) => {
        const larger = slab.allocate(words * 2);
        slab.release(base, words);
        return larger;
      });
    }
    // Before blocks were joined, all sizes that were passed through added up to as much again.
    expect(slab.freeWords).toBeLessThan((slab.top - slab.freeWords) / 2);
  });

  it('is copied as it was when the copy began, however much changes meanwhile', () => {
    fc.assert(
      fc.property(steps, steps, steps, fc.nat({ max: 100 }), (before, during, after, share) => {
        const slab = new Slab();
        const blocks: Block[] = [];
        const nextMark = markMaker();
        apply(slab, blocks, before, nextMark);
        const { top } = slab;
        const wanted = slab.bytes.slice(0, top * 8);
        const image = new Image(slab);
        apply(slab, blocks, during, nextMark);
        const first = Math.floor((image.pages * share) / 100);
        image.copy(0, first);
        apply(slab, blocks, after, nextMark);
        image.copy(first);
        expect(Buffer.compare(image.bytes.subarray(0, top * 8), wanted)).toBe(0);
        expectIntact(slab, blocks);
      }),
      { numRuns: 150 },
    );
  });

  it('goes on from a copy as the one that it was copied from', () => {
    fc.assert(
      fc.property(steps, steps, (before, after) => {
        const slab = new Slab();
        const blocks: Block[] = [];
        const nextMark = markMaker();
        apply(slab, blocks, before, nextMark);
        const head = slab.head();
        const image = new Image(slab);
        image.copy(0);
        const restored = new Slab();
        restored.restore(head);
        restored.bytes.set(image.bytes);
        restored.findFree(head);
        expect(restored.freeWords).toBe(slab.freeWords);
        const others = [...blocks];
        apply(slab, blocks, after, markMaker());
        apply(restored, others, after, markMaker());
        expect(others).toEqual(blocks);
        expectIntact(restored, others);
      }),
      { numRuns: 100 },
    );
  });

  it('tells which shards changed in which round', () => {
    const slab = new Slab();
    slab.cutInto(PAGE_SHIFT + 1);
    const base = slab.allocate(10 * PAGE_WORDS);
    const round = slab.nextRound();
    slab.touch(base + 5 * PAGE_WORDS, 2);
    const changed = Array.from({ length: slab.shards }, (_, shard) => slab.changedIn(shard));
    const which = (base + 5 * PAGE_WORDS) >>> (PAGE_SHIFT + 1);
    expect(changed).toEqual(changed.map((_, shard) => (shard === which ? round : round - 1)));
    expect(() => slab.cutInto(PAGE_SHIFT)).toThrow(RangeError);
  });

  it('holds a line once, however often it changes, and lets it go when its page is copied', () => {
    const slab = new Slab();
    const base = slab.allocate(64 * PAGE_WORDS);
    const image = new Image(slab);
    for (let round = 0; round < 3; round++)
      for (let page = 0; page < 64; page++) {
        slab.touch(base + page * PAGE_WORDS);
        slab.words[base + page * PAGE_WORDS] = -round - 1;
      }
    expect(image.undo.bytesMax).toBe(64 * 68);
    expect(image.undo.heldIn(0)).toBe(64);
    image.copy(0, 32);
    expect(image.undo.heldIn(0)).toBe(32);
    // What is copied is not held any more, and the room of what was is used again.
    slab.touch(base, 32 * PAGE_WORDS);
    slab.touch(base + 40 * PAGE_WORDS, 100);
    expect(image.undo.bytesMax).toBe(64 * 68);
    image.copy(32);
    expect(image.undo.heldIn(0)).toBe(0);
    expect(image.bytes.every((byte) => byte === 0)).toBe(true);
  });

  it('says that more changed than is held, and stops watching', () => {
    const slab = new Slab();
    slab.allocate(PAGE_WORDS);
    const image = new Image(slab, 3);
    slab.touch(8, 24);
    expect([image.undo.isFull, image.undo.fill]).toEqual([false, 1]);
    slab.touch(80);
    expect(image.undo.isFull).toBe(true);
    slab.touch(160, 500);
    expect(image.undo.bytesMax).toBe(3 * 68);
    expect(() => new Image(slab).copy(0)).not.toThrow();
  });

  it('says in time that it is full', () => {
    const slab = new Slab();
    slab.top = SLAB_WORDS_MAX - 100;
    expect(() => slab.assertRoom(100)).not.toThrow();
    expect(() => slab.assertRoom(101)).toThrow('its maximum of 4032 MiB');
  });

  it('is copied once at a time', () => {
    const slab = new Slab();
    slab.allocate(1);
    new Image(slab);
    expect(() => new Image(slab)).toThrow('watched already');
  });
});
