/**
 * The directories of hot rings and their chunks as memory: entries are found, added and dropped here, and chunks given out
 * and back. What the entries sum up is the business of `hot-rings.ts`.
 */
import type { MemoryReport } from '../../memory/memory-report.ts';
import type { Slab } from '../../memory/slab.ts';
import { CELL_BASE, type WindowCells } from '../window-cells.ts';
import {
  CAPACITY,
  CHUNK,
  CHUNK_EVENTS,
  columnsOf,
  END_ENTRY,
  entryWords,
  FIRST_ENTRY,
  FIRST_MS,
  HEAD_WORDS,
  IS_NARROW,
  KIND,
  MAX,
  MIN,
  MONEY_KIND,
  NUMBER_KIND,
  RANK,
  SKIPPED,
} from './hot-layout.ts';

const CAPACITY_AT_START = 8;

export class HotDirectory {
  readonly slab: Slab;
  readonly #cells: WindowCells;

  constructor(slab: Slab, cells: WindowCells) {
    this.slab = slab;
    this.#cells = cells;
  }

  /** Base word of a cell's directory. */
  at(cell: number): number {
    return this.slab.halves[this.#cells.at(cell) * 2 + CELL_BASE] as number;
  }

  /** First word of an entry. */
  entry(directory: number, k: number): number {
    return directory + HEAD_WORDS + k * entryWords(this.slab.halves[directory * 2 + KIND] as number);
  }

  /** Gives the cell an empty directory; what it had is the caller's to release. */
  create(cell: number, kind: number): void {
    const directory = this.slab.allocateZeroed(HEAD_WORDS + CAPACITY_AT_START * entryWords(kind));
    const { halves } = this.slab;
    halves[directory * 2 + CAPACITY] = CAPACITY_AT_START;
    halves[directory * 2 + KIND] = kind;
    this.#point(cell, directory);
  }

  /** The blocks of the ring. */
  measure(cell: number, part: string, report: MemoryReport): void {
    const directory = this.at(cell);
    const { halves } = this.slab;
    const kind = halves[directory * 2 + KIND] as number;
    const first = halves[directory * 2 + FIRST_ENTRY] as number;
    const end = halves[directory * 2 + END_ENTRY] as number;
    const size = entryWords(kind);
    const capacity = halves[directory * 2 + CAPACITY] as number;
    report.addBlock(part, HEAD_WORDS + capacity * size, HEAD_WORDS + (end + 1 - first) * size);
    for (let k = first; k < end; k++) {
      const words = this.#eventWords(directory, k);
      report.addBlock(part, words * CHUNK_EVENTS, words * this.eventsIn(directory, k));
    }
  }

  /** Gives back the directory and all chunks. */
  release(cell: number): void {
    const directory = this.at(cell);
    const { halves } = this.slab;
    const end = halves[directory * 2 + END_ENTRY] as number;
    for (let k = halves[directory * 2 + FIRST_ENTRY] as number; k < end; k++) this.#releaseChunk(directory, k);
    this.#release(directory);
  }

  /** Number of events in a chunk, those let go included. */
  eventsIn(directory: number, k: number): number {
    const { words } = this.slab;
    return (words[this.entry(directory, k + 1) + RANK] as number) - (words[this.entry(directory, k) + RANK] as number);
  }

  chunkOf(directory: number, k: number): number {
    return this.slab.halves[this.entry(directory, k) * 2 + CHUNK] as number;
  }

  isNarrow(directory: number, k: number): boolean {
    return this.slab.halves[this.entry(directory, k) * 2 + IS_NARROW] === 1;
  }

  /** The last chunk that does not begin after `timeMs`, the first where all do. */
  chunkAt(directory: number, timeMs: number): number {
    return this.#lastUpTo(directory, FIRST_MS, timeMs);
  }

  /** The chunk that holds the event of a rank. */
  chunkOfRank(directory: number, rank: number): number {
    return this.#lastUpTo(directory, RANK, rank);
  }

  /** Rank of the oldest event. */
  rankOfFirst(directory: number): number {
    const { words, halves } = this.slab;
    const first = this.entry(directory, halves[directory * 2 + FIRST_ENTRY] as number);
    return (words[first + RANK] as number) + (halves[directory * 2 + SKIPPED] as number);
  }

  /**
   * Puts an empty chunk before entry `k`, narrow or wide; the number of its entry. The directory may move, and the slab's views
   * may have been replaced.
   */
  addChunk(cell: number, k: number, isNarrow: boolean): number {
    const kind = this.slab.halves[this.at(cell) * 2 + KIND] as number;
    const chunk = this.slab.allocate((isNarrow ? 1 : columnsOf(kind)) * CHUNK_EVENTS);
    const shifted = this.#reserve(cell);
    const at = k - shifted;
    const directory = this.at(cell);
    const { words, halves } = this.slab;
    const size = entryWords(kind);
    const end = halves[directory * 2 + END_ENTRY] as number;
    const entry = this.entry(directory, at);
    this.slab.touch(directory);
    this.slab.touch(entry, (end + 2 - at) * size);
    words.copyWithin(entry + size, entry, this.entry(directory, end + 1));
    halves[directory * 2 + END_ENTRY] = end + 1;
    halves[entry * 2 + CHUNK] = chunk;
    halves[entry * 2 + IS_NARROW] = isNarrow ? 1 : 0;
    words[entry + FIRST_MS] = Number.POSITIVE_INFINITY;
    if (kind === MONEY_KIND || kind === NUMBER_KIND) {
      words[entry + MIN] = Number.POSITIVE_INFINITY;
      words[entry + MAX] = Number.NEGATIVE_INFINITY;
    }
    return at;
  }

  /** Makes a narrow chunk wide; `copy` writes its events from `chunk` to `target`. The slab's views may have been replaced. */
  widen(directory: number, k: number, copy: (chunk: number, target: number) => void): void {
    const kind = this.slab.halves[directory * 2 + KIND] as number;
    const target = this.slab.allocate(columnsOf(kind) * CHUNK_EVENTS);
    copy(this.chunkOf(directory, k), target);
    this.#releaseChunk(directory, k);
    const entry = this.entry(directory, k);
    this.slab.touch(entry);
    this.slab.halves[entry * 2 + CHUNK] = target;
    this.slab.halves[entry * 2 + IS_NARROW] = 0;
  }

  /** Lets the oldest chunk go. */
  dropFirst(directory: number): void {
    const { halves } = this.slab;
    const first = halves[directory * 2 + FIRST_ENTRY] as number;
    this.#releaseChunk(directory, first);
    this.slab.touch(directory, HEAD_WORDS);
    halves[directory * 2 + FIRST_ENTRY] = first + 1;
    halves[directory * 2 + SKIPPED] = 0;
  }

  /** The last chunk whose entry says no more than `limit` in a word that ascends, the first where all do. */
  #lastUpTo(directory: number, word: number, limit: number): number {
    const { words, halves } = this.slab;
    let low = halves[directory * 2 + FIRST_ENTRY] as number;
    let high = halves[directory * 2 + END_ENTRY] as number;
    const size = entryWords(halves[directory * 2 + KIND] as number);
    const column = directory + HEAD_WORDS + word;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((words[column + middle * size] as number) <= limit) low = middle;
      else high = middle;
    }
    return low;
  }

  /** Makes room for one entry more; by how many the entries moved down. */
  #reserve(cell: number): number {
    const before = this.at(cell);
    const { halves } = this.slab;
    const first = halves[before * 2 + FIRST_ENTRY] as number;
    const end = halves[before * 2 + END_ENTRY] as number;
    const capacity = halves[before * 2 + CAPACITY] as number;
    if (end + 2 <= capacity) return 0;
    const size = entryWords(halves[before * 2 + KIND] as number);
    const used = end + 1 - first;
    const from = this.entry(before, first);
    if (used * 2 <= capacity) {
      this.slab.touch(before, HEAD_WORDS + used * size);
      this.slab.words.copyWithin(before + HEAD_WORDS, from, from + used * size);
      halves[before * 2 + FIRST_ENTRY] = 0;
      halves[before * 2 + END_ENTRY] = end - first;
      return first;
    }
    const moved = this.slab.allocate(HEAD_WORDS + capacity * 2 * size);
    const views = this.slab;
    views.words.copyWithin(moved, before, before + HEAD_WORDS);
    views.words.copyWithin(moved + HEAD_WORDS, from, from + used * size);
    views.halves[moved * 2 + FIRST_ENTRY] = 0;
    views.halves[moved * 2 + END_ENTRY] = end - first;
    views.halves[moved * 2 + CAPACITY] = capacity * 2;
    this.#point(cell, moved);
    this.#release(before);
    return first;
  }

  #point(cell: number, directory: number): void {
    const at = this.#cells.at(cell);
    this.slab.touch(at + (CELL_BASE >>> 1));
    this.slab.halves[at * 2 + CELL_BASE] = directory;
  }

  #releaseChunk(directory: number, k: number): void {
    this.slab.release(this.chunkOf(directory, k), this.#eventWords(directory, k) * CHUNK_EVENTS);
  }

  /** Words that an event takes in a chunk. */
  #eventWords(directory: number, k: number): number {
    return this.isNarrow(directory, k) ? 1 : columnsOf(this.slab.halves[directory * 2 + KIND] as number);
  }

  #release(directory: number): void {
    const { halves } = this.slab;
    const capacity = halves[directory * 2 + CAPACITY] as number;
    this.slab.release(directory, HEAD_WORDS + capacity * entryWords(halves[directory * 2 + KIND] as number));
  }
}
