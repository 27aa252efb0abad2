/**
 * Sketches of groups of chunks, so that the distinct values of a long window need not be looked at one by one. They follow
 * from the events and are no part of a snapshot: one that is missing is made when a window asks for it.
 */
import type { HotDirectory } from './hot-directory.ts';
import { CHUNK_EVENTS, END_ENTRY, RANK } from './hot-layout.ts';
import { SKETCH_BYTES, Sketch } from './sketch.ts';

/**
 * Chunks of a group are those whose entries have the same number but for that many of the lowest bits: four, and four times
 * four. The small ones keep what is left at the ends of a window short, the large ones are made of them.
 */
const SHIFTS = [2, 4] as const;
const LEVELS = SHIFTS.length;
/** 64 MiB. Past it all are forgotten, and made again as they are asked for. */
const SKETCHES_MAX = 32_768;

const union = new Sketch();

export class Sketches {
  readonly #directory: HotDirectory;
  /** By cell and, for groups of both sizes, `keyOf`. */
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
    const groups = this.#count === 0 ? undefined : this.#ofCell.get(cell);
    if (groups === undefined) return;
    for (let level = 0; level < LEVELS; level++) groups.get(keyOf(k, level))?.add(value);
  }

  /** The last event of chunk `k` became the first of the next one. */
  passOn(cell: number, k: number, value: number): void {
    const groups = this.#count === 0 ? undefined : this.#ofCell.get(cell);
    if (groups === undefined) return;
    for (let level = 0; level < LEVELS; level++) {
      if (keyOf(k, level) === keyOf(k + 1, level)) continue;
      this.#forget(groups, keyOf(k, level));
      groups.get(keyOf(k + 1, level))?.add(value);
    }
  }

  /** Chunk `k` lost events. */
  forget(cell: number, k: number): void {
    const groups = this.#count === 0 ? undefined : this.#ofCell.get(cell);
    if (groups === undefined) return;
    for (let level = 0; level < LEVELS; level++) this.#forget(groups, keyOf(k, level));
  }

  /** Chunks have other numbers from `k` on. */
  forgetFrom(cell: number, k: number): void {
    const groups = this.#count === 0 ? undefined : this.#ofCell.get(cell);
    if (groups === undefined) return;
    for (const key of [...groups.keys()]) if (key >= keyOf(k, key % LEVELS)) this.#forget(groups, key);
    if (groups.size === 0) this.#ofCell.delete(cell);
  }

  /** About how many different values the events of ranks `[from, to)` and the pending one have. */
  estimate(cell: number, from: number, to: number, pending: number | undefined): number {
    const directory = this.#directory;
    const { words } = directory.slab;
    const dir = directory.at(cell);
    union.clear();
    if (pending !== undefined) union.add(pending);
    let k = directory.chunkOfRank(dir, from);
    for (let at = from; at < to; ) {
      const rank = words[directory.entry(dir, k) + RANK] as number;
      const level = at === rank ? this.#levelOf(dir, k, to) : -1;
      if (level >= 0) {
        union.merge(this.#group(cell, dir, k, level));
        k += 1 << (SHIFTS[level] as number);
        at = words[directory.entry(dir, k) + RANK] as number;
      } else {
        const stop = Math.min(rank + directory.eventsIn(dir, k), to);
        this.#scan(union, dir, k, at - rank, stop - rank);
        at = stop;
        k++;
      }
    }
    return union.estimate();
  }

  /** The largest group that begins with chunk `k` and ends before rank `to`; -1 where there is none. */
  #levelOf(dir: number, k: number, to: number): number {
    const { words, halves } = this.#directory.slab;
    const end = halves[dir * 2 + END_ENTRY] as number;
    for (let level = LEVELS - 1; level >= 0; level--) {
      const behind = k + (1 << (SHIFTS[level] as number));
      if (k % (behind - k) !== 0 || behind > end) continue;
      if ((words[this.#directory.entry(dir, behind) + RANK] as number) <= to) return level;
    }
    return -1;
  }

  /** The sketch of a whole group, from chunk `k` on. */
  #group(cell: number, dir: number, k: number, level: number): Sketch {
    const known = this.#ofCell.get(cell)?.get(keyOf(k, level));
    if (known !== undefined) return known;
    const made = new Sketch();
    const behind = k + (1 << (SHIFTS[level] as number));
    if (level === 0) {
      for (let i = k; i < behind; i++) this.#scan(made, dir, i, 0, this.#directory.eventsIn(dir, i));
    } else {
      const step = 1 << (SHIFTS[level - 1] as number);
      for (let i = k; i < behind; i += step) made.merge(this.#group(cell, dir, i, level - 1));
    }
    this.#keep(cell, keyOf(k, level), made);
    return made;
  }

  #keep(cell: number, key: number, sketch: Sketch): void {
    if (this.#count >= SKETCHES_MAX) {
      this.#ofCell.clear();
      this.#count = 0;
    }
    const groups = this.#ofCell.get(cell);
    if (groups === undefined) this.#ofCell.set(cell, new Map([[key, sketch]]));
    else groups.set(key, sketch);
    this.#count++;
  }

  #scan(sketch: Sketch, dir: number, k: number, from: number, to: number): void {
    const { words } = this.#directory.slab;
    const column = this.#directory.chunkOf(dir, k) + CHUNK_EVENTS;
    for (let j = from; j < to; j++) sketch.add(words[column + j] as number);
  }

  #forget(groups: Map<number, Sketch>, key: number): void {
    if (groups.delete(key)) this.#count--;
  }
}

/** Of the group of a level that chunk `k` is in; within a level they ascend. */
function keyOf(k: number, level: number): number {
  return (k >>> (SHIFTS[level] as number)) * LEVELS + level;
}
