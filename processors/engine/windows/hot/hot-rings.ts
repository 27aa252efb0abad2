/**
 * Rings of keys with many events: chunks with a directory in place of one block. A late event moves the events of one chunk
 * instead of all newer ones, and the directory says the least, the largest and the sums of whole chunks, so that a window
 * costs its two ends and not its length. Small keys, which nearly all are, stay in `flat/`.
 */
import type { Slab } from '../../memory/slab.ts';
import type { SeriesKind } from '../series.ts';
import { CELL_LENGTH, CELL_NEWEST, NO_CELL, type WindowCells } from '../window-cells.ts';
import { HALF, HotChunks } from './hot-chunks.ts';
import { HotDirectory } from './hot-directory.ts';
import {
  CHUNK_EVENTS,
  END_ENTRY,
  FIRST_ENTRY,
  KIND,
  kindCode,
  MAX,
  MIN,
  MONEY_KIND,
  RANK,
  SKIPPED,
  SUM,
} from './hot-layout.ts';
import { addToSums, rebase } from './hot-sums.ts';
import { MovingWindows } from './moving/moving-windows.ts';
import { RankBand } from './moving/rank-band.ts';
import { EVENT_BYTES_MAX, ValueCounts } from './moving/value-counts.ts';
import { Sketches } from './sketches.ts';

/** Values of a part of a chunk; mean nothing between calls. */
const edge = new Float64Array(CHUNK_EVENTS);

export class HotRings {
  readonly slab: Slab;
  readonly directory: HotDirectory;
  readonly chunks: HotChunks;
  readonly sketches: Sketches;
  /** Of series of scalars, and of numbers. */
  readonly counts: MovingWindows<ValueCounts>;
  readonly bands: MovingWindows<RankBand>;
  readonly #cells: WindowCells;
  /** What `positionAfter` found last, as a sum of that window asks for it again; holds until something changes. */
  #foundCell = NO_CELL;
  #foundMs = 0;
  #found = 0;
  #foundChunk = 0;
  #foundInChunk = 0;

  /** `movingBytesMax`: of the moving windows of either kind. */
  constructor(slab: Slab, cells: WindowCells, movingBytesMax: number) {
    this.slab = slab;
    this.#cells = cells;
    this.directory = new HotDirectory(slab, cells);
    this.chunks = new HotChunks(slab, this.directory);
    this.sketches = new Sketches(this.directory);
    // So that no window takes more than a quarter of the bound.
    const eventsMax = Math.floor(movingBytesMax / (4 * EVENT_BYTES_MAX));
    this.counts = new MovingWindows(this, () => new ValueCounts(), { bytesMax: movingBytesMax, eventsMax });
    this.bands = new MovingWindows(this, ({ p }) => new RankBand(p), { bytesMax: movingBytesMax });
  }

  /** Makes the cell an empty hot ring; what it had is the caller's to release. */
  create(cell: number, kind: SeriesKind): void {
    this.#forget(cell);
    this.directory.create(cell, kindCode(kind));
    this.#setLength(cell, 0);
  }

  release(cell: number): void {
    this.#forget(cell);
    this.directory.release(cell);
  }

  isMoney(cell: number): boolean {
    return this.slab.halves[this.directory.at(cell) * 2 + KIND] === MONEY_KIND;
  }

  /** Number of events among the first `upTo` that lie at or before `timeMs`. */
  positionAfter(cell: number, timeMs: number, upTo: number): number {
    const { directory } = this;
    const { words, halves } = this.slab;
    const at = this.#cells.at(cell);
    if (upTo === halves[at * 2 + CELL_LENGTH] && (words[at + CELL_NEWEST] as number) <= timeMs) return upTo;
    if (upTo === 0) return 0;
    if (this.#foundCell !== cell || this.#foundMs !== timeMs) {
      const dir = directory.at(cell);
      const k = directory.chunkAt(dir, timeMs);
      const j = this.chunks.search(dir, k, timeMs);
      this.#foundCell = cell;
      this.#foundMs = timeMs;
      this.#foundChunk = k;
      this.#foundInChunk = j;
      this.#found = (words[directory.entry(dir, k) + RANK] as number) + j - directory.rankOfFirst(dir);
    }
    return Math.min(upTo, this.#found);
  }

  /** What the i-th event holds in a column, 0 for its time; of money that only. */
  columnOf(cell: number, i: number, column: number): number {
    const { directory } = this;
    const dir = directory.at(cell);
    const rank = directory.rankOfFirst(dir) + i;
    const k = directory.chunkOfRank(dir, rank);
    const { words } = this.slab;
    const j = rank - (words[directory.entry(dir, k) + RANK] as number);
    if (column === 0) return this.chunks.timeIn(dir, k, j);
    return words[directory.chunkOf(dir, k) + column * CHUNK_EVENTS + j] as number;
  }

  /** Sum of the values of the events `[from, to)` of a money series. */
  sum(cell: number, from: number, to: number): number {
    return this.#prefix(cell, to) - this.#prefix(cell, from);
  }

  /** Sum of the values of the events before position `i`, for a money series; from the same origin for any `i`. */
  #prefix(cell: number, i: number): number {
    const { directory } = this;
    const { words, halves } = this.slab;
    const dir = directory.at(cell);
    if (i >= (halves[this.#cells.at(cell) * 2 + CELL_LENGTH] as number))
      return words[directory.entry(dir, halves[dir * 2 + END_ENTRY] as number) + SUM] as number;
    let k = this.#foundChunk;
    let j = this.#foundInChunk;
    if (this.#foundCell !== cell || this.#found !== i) {
      const rank = directory.rankOfFirst(dir) + i;
      k = directory.chunkOfRank(dir, rank);
      j = rank - (words[directory.entry(dir, k) + RANK] as number);
    }
    const entry = directory.entry(dir, k);
    if (j === directory.eventsIn(dir, k)) return words[directory.entry(dir, k + 1) + SUM] as number;
    return (words[entry + SUM] as number) + this.chunks.sumBefore(dir, k, j);
  }

  /** Copies the values of the events `[from, to)` to the target. */
  copyValues(cell: number, from: number, to: number, target: Float64Array): void {
    const { directory } = this;
    const { words } = this.slab;
    const dir = directory.at(cell);
    const first = directory.rankOfFirst(dir);
    let copied = 0;
    for (let k = directory.chunkOfRank(dir, first + from); copied < to - from; k++) {
      const rank = words[directory.entry(dir, k) + RANK] as number;
      const start = first + from + copied - rank;
      const end = Math.min(directory.eventsIn(dir, k), first + to - rank);
      this.chunks.copyValues(dir, k, start, end, target, copied);
      copied += end - start;
    }
  }

  /** The largest of `sign` times a value among the events `[from, to)`. */
  extreme(cell: number, from: number, to: number, sign: 1 | -1): number {
    const { directory } = this;
    const { words } = this.slab;
    const dir = directory.at(cell);
    const first = directory.rankOfFirst(dir);
    let best = Number.NEGATIVE_INFINITY;
    for (let k = directory.chunkOfRank(dir, first + from), at = first + from; at < first + to; k++) {
      const entry = directory.entry(dir, k);
      const rank = words[entry + RANK] as number;
      const count = directory.eventsIn(dir, k);
      const end = Math.min(count, first + to - rank);
      if (at === rank && end === count) {
        best = Math.max(best, (words[entry + (sign === 1 ? MAX : MIN)] as number) * sign);
      } else {
        this.chunks.copyValues(dir, k, at - rank, end, edge, 0);
        for (let i = 0; i < rank + end - at; i++)
          if ((edge[i] as number) * sign > best) best = (edge[i] as number) * sign;
      }
      at = rank + end;
    }
    return best;
  }

  /** About how many different values the events `[from, to)` of a series of scalars and the pending one have. */
  distinct(cell: number, from: number, to: number, pending: number | undefined): number {
    const first = this.directory.rankOfFirst(this.directory.at(cell));
    return this.sketches.estimate(cell, first + from, first + to, pending);
  }

  /** Puts an event where its time belongs, behind those of the same time. */
  insert(cell: number, timeMs: number, value: number, value2: number): void {
    this.#foundCell = NO_CELL;
    const { directory } = this;
    let dir = directory.at(cell);
    if (this.slab.halves[dir * 2 + FIRST_ENTRY] === this.slab.halves[dir * 2 + END_ENTRY]) {
      this.#addChunk(cell, this.slab.halves[dir * 2 + END_ENTRY] as number);
      dir = directory.at(cell);
    }
    const { halves } = this.slab;
    let k = (halves[dir * 2 + END_ENTRY] as number) - 1;
    let j = directory.eventsIn(dir, k);
    // Nearly all events are the newest.
    const newestMs = this.slab.words[this.#cells.at(cell) + CELL_NEWEST] as number;
    if (newestMs > timeMs && j > 0 && this.chunks.timeIn(dir, k, j - 1) > timeMs) {
      k = directory.chunkAt(dir, timeMs);
      j = this.chunks.search(dir, k, timeMs);
    }
    if (directory.eventsIn(dir, k) === CHUNK_EVENTS) {
      [k, j] = this.#makeRoom(cell, k, j);
      dir = directory.at(cell);
    }
    this.chunks.place(dir, k, j, timeMs, value, value2);
    this.sketches.add(cell, k, value);
    const rank = (this.slab.words[directory.entry(dir, k) + RANK] as number) + j;
    this.#inserted(cell, rank - directory.rankOfFirst(dir), value);
    this.#setLength(cell, (this.slab.halves[this.#cells.at(cell) * 2 + CELL_LENGTH] as number) + 1);
    this.#addTo(dir, k + 1, value, 1);
    rebase(this.slab, directory, dir);
  }

  /** Where the event that belongs at `j` of a full chunk goes, once there is room for it. The directory may move. */
  #makeRoom(cell: number, k: number, j: number): [number, number] {
    const { directory } = this;
    const dir = directory.at(cell);
    const { halves } = this.slab;
    if (j === CHUNK_EVENTS) {
      const isLast = k + 1 === halves[dir * 2 + END_ENTRY];
      return [isLast || directory.eventsIn(dir, k + 1) === CHUNK_EVENTS ? this.#addChunk(cell, k + 1) : k + 1, 0];
    }
    if (k === halves[dir * 2 + FIRST_ENTRY] && (halves[dir * 2 + SKIPPED] as number) > 0) {
      this.sketches.forget(cell, k);
      return [k, j - this.chunks.compactFirst(dir)];
    }
    if (k + 1 < (halves[dir * 2 + END_ENTRY] as number) && directory.eventsIn(dir, k + 1) < CHUNK_EVENTS) {
      this.sketches.passOn(cell, k, this.chunks.passOn(dir, k));
      return [k, j];
    }
    const cut = this.chunks.split(cell, k);
    // The directory may have moved, and then every chunk has another number.
    this.sketches.forgetFrom(cell, cut === k ? k : 0);
    return j > HALF ? [cut + 1, j - HALF] : [cut, j];
  }

  /**
   * Lets go of what lies before the newest event that is not after `beforeMs`, and of the oldest past `lengthMax`; how many
   * of these.
   */
  evict(cell: number, beforeMs: number, lengthMax: number): number {
    const { directory } = this;
    const length = this.slab.halves[this.#cells.at(cell) * 2 + CELL_LENGTH] as number;
    const past =
      this.chunks.passedInFirst(directory.at(cell), beforeMs) ??
      Math.max(0, this.positionAfter(cell, beforeMs, length) - 1);
    const cut = Math.max(0, length - past - lengthMax);
    if (past + cut === 0) return 0;
    this.#foundCell = NO_CELL;
    this.counts.evicted(cell, past + cut);
    this.bands.evicted(cell, past + cut);
    const dir = directory.at(cell);
    const { halves } = this.slab;
    let left = past + cut + (halves[dir * 2 + SKIPPED] as number);
    for (let k = halves[dir * 2 + FIRST_ENTRY] as number; k < (halves[dir * 2 + END_ENTRY] as number); k++) {
      const count = directory.eventsIn(dir, k);
      if (left < count) break;
      left -= count;
      directory.dropFirst(dir);
    }
    this.slab.touch(dir, 2);
    halves[dir * 2 + SKIPPED] = left;
    this.#setLength(cell, length - past - cut);
    return cut;
  }

  /** Puts an empty chunk before entry `k`; the number of its entry. The directory may move. */
  #addChunk(cell: number, k: number): number {
    const at = this.directory.addChunk(cell, k, this.isMoney(cell));
    this.sketches.forgetFrom(cell, at === k ? k : 0);
    return at;
  }

  #inserted(cell: number, position: number, value: number): void {
    this.counts.inserted(cell, position, value);
    this.bands.inserted(cell, position, value);
  }

  #forget(cell: number): void {
    this.#foundCell = NO_CELL;
    this.sketches.forgetFrom(cell, 0);
    this.counts.forget(cell);
    this.bands.forget(cell);
  }

  /** Adds an event to what the entries from `k` on say of those before them. */
  #addTo(dir: number, k: number, value: number, sign: 1 | -1): void {
    const { halves } = this.slab;
    const kind = halves[dir * 2 + KIND] as number;
    const end = halves[dir * 2 + END_ENTRY] as number;
    const from = this.directory.entry(dir, k);
    this.slab.touch(from, this.directory.entry(dir, end + 1) - from);
    for (let i = k; i <= end; i++) addToSums(this.slab, this.directory.entry(dir, i), kind, value, sign);
  }

  #setLength(cell: number, length: number): void {
    const at = this.#cells.at(cell);
    this.slab.touch(at + (CELL_LENGTH >>> 1));
    this.slab.halves[at * 2 + CELL_LENGTH] = length;
  }
}
