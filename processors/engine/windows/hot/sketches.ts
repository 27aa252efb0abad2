/**
 * Sketches of groups of chunks, so that the distinct values of a long window need not be looked at one by one. They follow
 * from the events and are no part of a snapshot: one that is missing is made when a window asks for it.
 */
import type { HotDirectory } from './hot-directory.ts';
import { CHUNK_EVENTS, END_ENTRY, RANK } from './hot-layout.ts';
import { SKETCH_BYTES, Sketch } from './sketch.ts';

/** Chunks of a group: those whose entries have the same number but for the lowest bits. */
const GROUP_SHIFT = 4;
const GROUP_CHUNKS = 1 << GROUP_SHIFT;
/** 16 MiB. Past it all are forgotten, and made again as they are asked for. */
const SKETCHES_MAX = 8_192;

const union = new Sketch();

export class Sketches {
  readonly #directory: HotDirectory;
  /** By cell and group. */
  readonly #ofCell = new Map<number, Map<number, Sketch>>();
  #count = 0;

  constructor(directory: HotDirectory) {
    this.#directory = directory;
  }

  get count(): number {
    return this.#count;
  }

  get bytes(): number {
    return this.#count * SKETCH_BYTES;
  }

  /** An event came to chunk `k`. */
  add(cell: number, k: number, value: number): void {
    if (this.#count > 0)
      this.#ofCell
        .get(cell)
        ?.get(k >>> GROUP_SHIFT)
        ?.add(value);
  }

  /** The last event of chunk `k` became the first of the next one. */
  passOn(cell: number, k: number, value: number): void {
    const groups = this.#count === 0 ? undefined : this.#ofCell.get(cell);
    if (groups === undefined || k >>> GROUP_SHIFT === (k + 1) >>> GROUP_SHIFT) return;
    this.#forget(groups, k >>> GROUP_SHIFT);
    groups.get((k + 1) >>> GROUP_SHIFT)?.add(value);
  }

  /** Chunk `k` lost events. */
  forget(cell: number, k: number): void {
    const groups = this.#count === 0 ? undefined : this.#ofCell.get(cell);
    if (groups !== undefined) this.#forget(groups, k >>> GROUP_SHIFT);
  }

  /** Chunks have other numbers from `k` on. */
  forgetFrom(cell: number, k: number): void {
    const groups = this.#count === 0 ? undefined : this.#ofCell.get(cell);
    if (groups === undefined) return;
    for (const group of [...groups.keys()]) if (group >= k >>> GROUP_SHIFT) this.#forget(groups, group);
    if (groups.size === 0) this.#ofCell.delete(cell);
  }

  /** About how many different values the events of ranks `[from, to)` and the pending one have. */
  estimate(cell: number, from: number, to: number, pending: number | undefined): number {
    const directory = this.#directory;
    const { words, halves } = directory.slab;
    const dir = directory.at(cell);
    const end = halves[dir * 2 + END_ENTRY] as number;
    union.clear();
    if (pending !== undefined) union.add(pending);
    let k = directory.chunkOfRank(dir, from);
    for (let at = from; at < to; ) {
      const rank = words[directory.entry(dir, k) + RANK] as number;
      const behind = k + GROUP_CHUNKS;
      const isGroup = at === rank && k % GROUP_CHUNKS === 0 && behind <= end;
      const groupEnd = isGroup ? (words[directory.entry(dir, behind) + RANK] as number) : 0;
      if (isGroup && groupEnd <= to) {
        union.merge(this.#group(cell, dir, k));
        at = groupEnd;
        k = behind;
      } else {
        const stop = Math.min(rank + directory.eventsIn(dir, k), to);
        this.#scan(union, dir, k, at - rank, stop - rank);
        at = stop;
        k++;
      }
    }
    return union.estimate();
  }

  /** The sketch of a whole group, from chunk `k` on. */
  #group(cell: number, dir: number, k: number): Sketch {
    let groups = this.#ofCell.get(cell);
    const known = groups?.get(k >>> GROUP_SHIFT);
    if (known !== undefined) return known;
    if (this.#count >= SKETCHES_MAX) {
      this.#ofCell.clear();
      this.#count = 0;
      groups = undefined;
    }
    const made = new Sketch();
    for (let i = k; i < k + GROUP_CHUNKS; i++) this.#scan(made, dir, i, 0, this.#directory.eventsIn(dir, i));
    if (groups === undefined) {
      groups = new Map();
      this.#ofCell.set(cell, groups);
    }
    groups.set(k >>> GROUP_SHIFT, made);
    this.#count++;
    return made;
  }

  #scan(sketch: Sketch, dir: number, k: number, from: number, to: number): void {
    const { words } = this.#directory.slab;
    const column = this.#directory.chunkOf(dir, k) + CHUNK_EVENTS;
    for (let j = from; j < to; j++) sketch.add(words[column + j] as number);
  }

  #forget(groups: Map<number, Sketch>, group: number): void {
    if (groups.delete(group)) this.#count--;
  }
}
