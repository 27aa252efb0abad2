/**
 * The events within the chunks of a hot ring: one is put in its place, passed on to the next chunk, or a full chunk is cut
 * in two. What entries say of their own chunk is kept here, and the sums of an entry whose chunk begins elsewhere now.
 */
import type { Slab } from '../../memory/slab.ts';
import type { HotDirectory } from './hot-directory.ts';
import {
  CHUNK_EVENTS,
  columnsOf,
  END_ENTRY,
  entryWords,
  FIRST_ENTRY,
  FIRST_MS,
  HEAD_WORDS,
  KIND,
  MAX,
  MIN,
  MONEY_KIND,
  NUMBER_KIND,
  SKIPPED,
  SUM,
} from './hot-layout.ts';
import { addToSums, copySums } from './hot-sums.ts';
import {
  copyNarrow,
  fitsNarrow,
  moveNarrow,
  narrowSum,
  narrowTime,
  placeNarrow,
  searchNarrow,
  widenTo,
} from './narrow-chunks.ts';

export const HALF = CHUNK_EVENTS / 2;

export class HotChunks {
  readonly slab: Slab;
  readonly #directory: HotDirectory;

  constructor(slab: Slab, directory: HotDirectory) {
    this.slab = slab;
    this.#directory = directory;
  }

  /** Time of the j-th event of a chunk. */
  timeIn(dir: number, k: number, j: number): number {
    const directory = this.#directory;
    const { words } = this.slab;
    const chunk = directory.chunkOf(dir, k);
    if (!directory.isNarrow(dir, k)) return words[chunk + j] as number;
    return narrowTime(this.slab, chunk, j, words[directory.entry(dir, k) + FIRST_MS] as number);
  }

  /** Sum of the values before the j-th event of a chunk of money, within it. */
  sumBefore(dir: number, k: number, j: number): number {
    const chunk = this.#directory.chunkOf(dir, k);
    return this.#directory.isNarrow(dir, k)
      ? narrowSum(this.slab, chunk, j)
      : (this.slab.words[chunk + CHUNK_EVENTS + j] as number);
  }

  /** Copies the values of the events `[from, to)` of a chunk to the target from `at` on. */
  copyValues(dir: number, k: number, from: number, to: number, target: Float64Array, at: number): void {
    const { words, halves } = this.slab;
    const chunk = this.#directory.chunkOf(dir, k);
    const column = chunk + CHUNK_EVENTS;
    if (halves[dir * 2 + KIND] !== MONEY_KIND) {
      for (let j = from; j < to; j++) target[at + j - from] = words[column + j] as number;
      return;
    }
    const isOpen = to < this.#directory.eventsIn(dir, k);
    if (this.#directory.isNarrow(dir, k)) {
      const sum = isOpen ? narrowSum(this.slab, chunk, to) : this.#sumOf(dir, k);
      copyNarrow(this.slab, chunk, from, to, sum, target, at);
      return;
    }
    let next = isOpen ? (words[column + to] as number) : this.#sumOf(dir, k);
    for (let j = to - 1; j >= from; j--) {
      const before = words[column + j] as number;
      target[at + j - from] = next - before;
      next = before;
    }
  }

  /** Value of the j-th event of a chunk. */
  valueIn(dir: number, k: number, j: number): number {
    const { words, halves } = this.slab;
    const column = this.#directory.chunkOf(dir, k) + CHUNK_EVENTS;
    if (halves[dir * 2 + KIND] !== MONEY_KIND) return words[column + j] as number;
    const next = j + 1 < this.#directory.eventsIn(dir, k) ? this.sumBefore(dir, k, j + 1) : this.#sumOf(dir, k);
    return next - this.sumBefore(dir, k, j);
  }

  /** Number of events of a chunk at or before `timeMs`, those let go included. */
  search(dir: number, k: number, timeMs: number): number {
    const { words, halves } = this.slab;
    const chunk = this.#directory.chunkOf(dir, k);
    let low = k === halves[dir * 2 + FIRST_ENTRY] ? (halves[dir * 2 + SKIPPED] as number) : 0;
    let high = this.#directory.eventsIn(dir, k);
    if (this.#directory.isNarrow(dir, k)) {
      const firstMs = words[this.#directory.entry(dir, k) + FIRST_MS] as number;
      return searchNarrow(this.slab, chunk, firstMs, timeMs, low, high);
    }
    if (low < high && (words[chunk + high - 1] as number) <= timeMs) return high;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((words[chunk + middle] as number) <= timeMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** How many events have one behind them that is not after `beforeMs`; undefined where the first chunk does not say. */
  passedInFirst(dir: number, beforeMs: number): number | undefined {
    const { halves } = this.slab;
    const first = halves[dir * 2 + FIRST_ENTRY] as number;
    if (first === halves[dir * 2 + END_ENTRY]) return 0;
    const skipped = halves[dir * 2 + SKIPPED] as number;
    const count = this.#directory.eventsIn(dir, first);
    for (let j = skipped + 1; j < count; j++) if (this.timeIn(dir, first, j) > beforeMs) return j - skipped - 1;
    return undefined;
  }

  /** Sum of the values of a chunk of money. */
  #sumOf(dir: number, k: number): number {
    const { words } = this.slab;
    const directory = this.#directory;
    return (words[directory.entry(dir, k + 1) + SUM] as number) - (words[directory.entry(dir, k) + SUM] as number);
  }

  /**
   * Makes place at `j` in a chunk that is not full and writes the event there; sums of later entries are the caller's. The slab's
   * views may have been replaced.
   */
  place(dir: number, k: number, j: number, timeMs: number, value: number, value2: number): void {
    const count = this.#directory.eventsIn(dir, k);
    if (this.#directory.isNarrow(dir, k) && !this.#fits(dir, k, count, timeMs, value)) this.#widen(dir, k, count);
    if (this.#directory.isNarrow(dir, k)) {
      placeNarrow(this.slab, this.#directory.chunkOf(dir, k), j, count, this.#sumOf(dir, k), timeMs, value);
    } else {
      this.#placeWide(dir, k, j, timeMs, value, value2);
    }
    const { words, halves } = this.slab;
    const kind = halves[dir * 2 + KIND] as number;
    const entry = this.#directory.entry(dir, k);
    this.slab.touch(entry, MAX + 1);
    if (timeMs < (words[entry + FIRST_MS] as number)) words[entry + FIRST_MS] = timeMs;
    if (kind !== MONEY_KIND && kind !== NUMBER_KIND) return;
    if (value < (words[entry + MIN] as number)) words[entry + MIN] = value;
    if (value > (words[entry + MAX] as number)) words[entry + MAX] = value;
  }

  #placeWide(dir: number, k: number, j: number, timeMs: number, value: number, value2: number): void {
    const { words, halves } = this.slab;
    const kind = halves[dir * 2 + KIND] as number;
    const chunk = this.#directory.chunkOf(dir, k);
    const count = this.#directory.eventsIn(dir, k);
    for (let column = 0; column < columnsOf(kind); column++) {
      const at = chunk + column * CHUNK_EVENTS + j;
      this.slab.touch(at, count - j + 1);
      if (j < count) words.copyWithin(at + 1, at, at + count - j);
    }
    words[chunk + j] = timeMs;
    const second = chunk + CHUNK_EVENTS + j;
    if (kind === MONEY_KIND) {
      if (j === count) words[second] = this.#sumOf(dir, k);
      for (let i = 1; i <= count - j; i++) words[second + i] = (words[second + i] as number) + value;
    } else if (columnsOf(kind) > 1) {
      words[second] = value;
    }
    if (columnsOf(kind) > 2) words[second + CHUNK_EVENTS] = value2;
  }

  #fits(dir: number, k: number, count: number, timeMs: number, value: number): boolean {
    const firstMs = this.slab.words[this.#directory.entry(dir, k) + FIRST_MS] as number;
    const lastMs = count === 0 ? timeMs : this.timeIn(dir, k, count - 1);
    return fitsNarrow(firstMs, lastMs, this.#sumOf(dir, k), timeMs, value);
  }

  #widen(dir: number, k: number, count: number): void {
    this.#directory.widen(dir, k, (chunk, target) => {
      const firstMs = this.slab.words[this.#directory.entry(dir, k) + FIRST_MS] as number;
      widenTo(this.slab, chunk, count, firstMs, target);
    });
  }

  /** Makes room in a full chunk: its last event becomes the first of the next one; its value. */
  passOn(dir: number, k: number): number {
    const directory = this.#directory;
    const { words } = this.slab;
    const chunk = directory.chunkOf(dir, k);
    const last = CHUNK_EVENTS - 1;
    const columns = columnsOf(this.slab.halves[dir * 2 + KIND] as number);
    const value = columns > 1 ? this.valueIn(dir, k, last) : 0;
    const value2 = columns > 2 ? (words[chunk + 2 * CHUNK_EVENTS + last] as number) : 0;
    const timeMs = this.timeIn(dir, k, last);
    this.place(dir, k + 1, 0, timeMs, value, value2);
    const next = directory.entry(dir, k + 1);
    this.slab.touch(next, directory.entry(dir, k + 2) - next);
    addToSums(this.slab, next, this.slab.halves[dir * 2 + KIND] as number, value, -1);
    this.#findExtremes(dir, k);
    return value;
  }

  /** Cuts a full chunk in two, of which the first keeps its entry; the number of that. The directory may move. */
  split(cell: number, full: number): number {
    const directory = this.#directory;
    const isNarrow = directory.isNarrow(directory.at(cell), full);
    const k = directory.addChunk(cell, full + 1, isNarrow) - 1;
    const dir = directory.at(cell);
    const { words, halves } = this.slab;
    const kind = halves[dir * 2 + KIND] as number;
    const from = directory.chunkOf(dir, k);
    const to = directory.chunkOf(dir, k + 1);
    const next = directory.entry(dir, k + 1);
    // What the entry behind both says is said of the new one, too, until it takes its half of the events.
    copySums(this.slab, directory.entry(dir, k), next, kind);
    for (let j = 0; j < HALF; j++) addToSums(this.slab, next, kind, this.#rawValue(dir, k, j), 1);
    words[next + FIRST_MS] = this.timeIn(dir, k, HALF);
    if (isNarrow) moveNarrow(this.slab, from, HALF, CHUNK_EVENTS, to);
    else this.#moveWide(kind, from, HALF, CHUNK_EVENTS, to);
    this.#findExtremes(dir, k);
    this.#findExtremes(dir, k + 1);
    return k;
  }

  /** Takes the events that are let go already out of the first chunk; how many. */
  compactFirst(dir: number): number {
    const directory = this.#directory;
    const { words, halves } = this.slab;
    const kind = halves[dir * 2 + KIND] as number;
    const k = halves[dir * 2 + FIRST_ENTRY] as number;
    const skipped = halves[dir * 2 + SKIPPED] as number;
    const chunk = directory.chunkOf(dir, k);
    const entry = directory.entry(dir, k);
    const left = directory.eventsIn(dir, k) - skipped;
    this.slab.touch(dir, HEAD_WORDS);
    this.slab.touch(entry, entryWords(kind));
    this.slab.touch(chunk, (directory.isNarrow(dir, k) ? 1 : columnsOf(kind)) * CHUNK_EVENTS);
    for (let j = 0; j < skipped; j++) addToSums(this.slab, entry, kind, this.#rawValue(dir, k, j), 1);
    const firstMs = this.timeIn(dir, k, skipped);
    if (directory.isNarrow(dir, k)) moveNarrow(this.slab, chunk, skipped, skipped + left, chunk);
    else this.#moveWide(kind, chunk, skipped, skipped + left, chunk);
    words[entry + FIRST_MS] = firstMs;
    halves[dir * 2 + SKIPPED] = 0;
    this.#findExtremes(dir, k);
    return skipped;
  }

  /** Moves the events `[from, to)` of one chunk to the start of another or the same; sums are counted from the first. */
  #moveWide(kind: number, chunk: number, from: number, to: number, target: number): void {
    const { words } = this.slab;
    const before = kind === MONEY_KIND ? (words[chunk + CHUNK_EVENTS + from] as number) : 0;
    for (let column = 0; column < columnsOf(kind); column++) {
      const start = chunk + column * CHUNK_EVENTS;
      words.copyWithin(target + column * CHUNK_EVENTS, start + from, start + to);
    }
    if (kind !== MONEY_KIND) return;
    const second = target + CHUNK_EVENTS;
    for (let j = 0; j < to - from; j++) words[second + j] = (words[second + j] as number) - before;
  }

  /** Value of an event that is not the last of its chunk, whatever the entries say of the chunk. */
  #rawValue(dir: number, k: number, j: number): number {
    const { words, halves } = this.slab;
    const kind = halves[dir * 2 + KIND] as number;
    if (columnsOf(kind) === 1) return 0;
    if (kind === MONEY_KIND) return this.sumBefore(dir, k, j + 1) - this.sumBefore(dir, k, j);
    return words[this.#directory.chunkOf(dir, k) + CHUNK_EVENTS + j] as number;
  }

  #findExtremes(dir: number, k: number): void {
    const kind = this.slab.halves[dir * 2 + KIND] as number;
    if (kind !== MONEY_KIND && kind !== NUMBER_KIND) return;
    const { words } = this.slab;
    const entry = this.#directory.entry(dir, k);
    const count = this.#directory.eventsIn(dir, k);
    let min = Number.POSITIVE_INFINITY;
    let max = Number.NEGATIVE_INFINITY;
    for (let j = 0; j < count; j++) {
      const value = this.valueIn(dir, k, j);
      if (value < min) min = value;
      if (value > max) max = value;
    }
    this.slab.touch(entry, MAX + 1);
    words[entry + MIN] = min;
    words[entry + MAX] = max;
  }
}
