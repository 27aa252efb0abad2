/**
 * What windows of keys with many events hold, kept from one read to the next: a read lets in the events that have come into
 * its window and out those that have left it, instead of looking at each. Every such window is two positions in its ring,
 * which follow late events and evicted ones. All of it follows from the events and is no part of a snapshot: what is missing is
 * made when a window asks for it. Past the bound those that were not read lately make room, and are looked at event by event
 * when they are made again.
 */
import type { WindowRead } from '../../window-plan.ts';

/** A window that holds no more, the event at hand left aside, is looked at as fast. */
export const MOVING_EVENTS_MIN = 64;
/** Beside what the contents say of themselves. */
const WINDOW_BYTES = 256;
/** A window is made anew where more than its 16th part has come or gone since. */
const MOVES_SHIFT = 4;
const MOVES_MIN = 64;
/** So often in a row, reads that look far back leave the window where it is. */
const LOOKS_BACK_MAX = 8;
/** Events that are taken out of a ring at a time. */
const PIECE_EVENTS = 256;

/** What is kept of the values of a window's events. */
export interface WindowContents {
  readonly bytes: number;
  /** Of the first `count` values alone, whatever was there before; their order may be changed. */
  fill(values: Float64Array, count: number): void;
  enter(value: number): void;
  leave(value: number): void;
}

export interface MovingBounds {
  /** Of all windows together. */
  readonly bytesMax: number;
  /** Where contents grow with the window: what holds more events is looked at one by one. */
  readonly eventsMax?: number;
}

interface RingValues {
  /** Copies the values of the events `[from, to)` of a cell to the target. */
  copyValues(cell: number, from: number, to: number, target: Float64Array): void;
}

class MovingWindow<Contents extends WindowContents> {
  from = 0;
  to = 0;
  bytes = 0;
  /** Read since the bound was last met. */
  isUsed = true;
  looksBack = 0;
  readonly cell: number;
  readonly read: WindowRead;
  readonly contents: Contents;

  constructor(cell: number, read: WindowRead, contents: Contents) {
    this.cell = cell;
    this.read = read;
    this.contents = contents;
  }
}

const piece = new Float64Array(PIECE_EVENTS);
/** Values of a whole window; shared, and grows to the largest seen. */
let whole = new Float64Array(PIECE_EVENTS);

export class MovingWindows<Contents extends WindowContents> {
  readonly #rings: RingValues;
  readonly #create: (read: WindowRead) => Contents;
  readonly #bounds: MovingBounds;
  readonly #ofCell = new Map<number, MovingWindow<Contents>[]>();
  /** In the order in which the bound will look at them. */
  readonly #all = new Set<MovingWindow<Contents>>();
  #bytes = 0;
  /** Windows that made room at the bound. */
  displaced = 0;

  constructor(rings: RingValues, create: (read: WindowRead) => Contents, bounds: MovingBounds) {
    this.#rings = rings;
    this.#create = create;
    this.#bounds = bounds;
  }

  get count(): number {
    return this.#all.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /**
   * What the events `[from, to)`, at least one, hold for the read; undefined where they are better looked at one by one.
   * Holds until the next call.
   */
  at(cell: number, read: WindowRead, from: number, to: number): Contents | undefined {
    if (to - from > (this.#bounds.eventsMax ?? Number.POSITIVE_INFINITY)) return undefined;
    const window = this.#find(cell, read);
    if (window === undefined) return this.anew(cell, read, from, to);
    window.isUsed = true;
    const moves = Math.abs(from - window.from) + Math.abs(to - window.to);
    if (moves > Math.max(MOVES_MIN, (to - from) >> MOVES_SHIFT)) {
      // A late event looks back: those that follow it will read where the others did.
      if (to < window.to && ++window.looksBack < LOOKS_BACK_MAX) return undefined;
      return this.anew(cell, read, from, to);
    }
    window.looksBack = 0;
    if (moves > 0) this.#move(window, from, to);
    return window.contents;
  }

  /** The same, from the events alone: where nothing is known of the window, or not enough. */
  anew(cell: number, read: WindowRead, from: number, to: number): Contents {
    const window = this.#find(cell, read) ?? this.#add(cell, read);
    const count = to - from;
    if (count > whole.length) whole = new Float64Array(2 ** Math.ceil(Math.log2(count)));
    this.#rings.copyValues(cell, from, to, whole);
    window.contents.fill(whole, count);
    window.from = from;
    window.to = to;
    window.looksBack = 0;
    this.#measure(window);
    this.#keepBound();
    return window.contents;
  }

  /** An event came to the ring at a position. */
  inserted(cell: number, position: number, value: number): void {
    const windows = this.#all.size === 0 ? undefined : this.#ofCell.get(cell);
    if (windows === undefined) return;
    for (const window of windows) {
      if (position >= window.to) continue;
      window.to++;
      if (position > window.from) {
        window.contents.enter(value);
        this.#measure(window);
      } else {
        window.from++;
      }
    }
    this.#keepBound();
  }

  /** The oldest events of the ring, which are still there, are about to go. */
  evicted(cell: number, count: number): void {
    const windows = this.#all.size === 0 ? undefined : this.#ofCell.get(cell);
    if (windows === undefined) return;
    for (const window of windows) {
      const { from, to } = window;
      // To let out most of what a window holds takes longer than to make it again.
      if ((Math.min(to, count) - from) * 2 > to - from) {
        this.#drop(window);
        continue;
      }
      if (from < count) this.#leave(window, from, count);
      window.from = Math.max(0, from - count);
      window.to = to - count;
    }
  }

  /** The ring is gone. */
  forget(cell: number): void {
    for (const window of this.#ofCell.get(cell) ?? []) this.#drop(window);
  }

  #find(cell: number, { lastMs, offsetMs, p }: WindowRead): MovingWindow<Contents> | undefined {
    const windows = this.#ofCell.get(cell);
    if (windows === undefined) return undefined;
    for (const window of windows) {
      const { read } = window;
      if (read.lastMs === lastMs && read.offsetMs === offsetMs && read.p === p) return window;
    }
    return undefined;
  }

  #add(cell: number, read: WindowRead): MovingWindow<Contents> {
    const window = new MovingWindow(cell, read, this.#create(read));
    const windows = this.#ofCell.get(cell);
    if (windows === undefined) this.#ofCell.set(cell, [window]);
    else windows.push(window);
    this.#all.add(window);
    return window;
  }

  /** Grows before it shrinks, so that what leaves is there. */
  #move(window: MovingWindow<Contents>, from: number, to: number): void {
    const before = { from: window.from, to: window.to };
    if (to > before.to) this.#enter(window, before.to, to);
    if (from < before.from) this.#enter(window, from, before.from);
    if (from > before.from) this.#leave(window, before.from, from);
    if (to < before.to) this.#leave(window, to, before.to);
    window.from = from;
    window.to = to;
    this.#measure(window);
    this.#keepBound();
  }

  #enter({ cell, contents }: MovingWindow<Contents>, from: number, to: number): void {
    for (let at = from; at < to; at += PIECE_EVENTS) {
      const end = Math.min(to, at + PIECE_EVENTS);
      this.#rings.copyValues(cell, at, end, piece);
      for (let i = 0; i < end - at; i++) contents.enter(piece[i] as number);
    }
  }

  #leave({ cell, contents }: MovingWindow<Contents>, from: number, to: number): void {
    for (let at = from; at < to; at += PIECE_EVENTS) {
      const end = Math.min(to, at + PIECE_EVENTS);
      this.#rings.copyValues(cell, at, end, piece);
      for (let i = 0; i < end - at; i++) contents.leave(piece[i] as number);
    }
  }

  #measure(window: MovingWindow<Contents>): void {
    const bytes = WINDOW_BYTES + window.contents.bytes;
    this.#bytes += bytes - window.bytes;
    window.bytes = bytes;
  }

  /** By second chance: one that was read since it was last looked at goes behind the others. */
  #keepBound(): void {
    if (this.#bytes <= this.#bounds.bytesMax) return;
    for (const window of this.#all) {
      if (this.#bytes <= this.#bounds.bytesMax) return;
      if (window.isUsed) {
        window.isUsed = false;
        this.#all.delete(window);
        this.#all.add(window);
      } else {
        this.#drop(window);
        this.displaced++;
      }
    }
  }

  /** Leaves the cell's list as it is for whoever walks it. */
  #drop(window: MovingWindow<Contents>): void {
    this.#bytes -= window.bytes;
    this.#all.delete(window);
    const windows = (this.#ofCell.get(window.cell) ?? []).filter((one) => one !== window);
    if (windows.length === 0) this.#ofCell.delete(window.cell);
    else this.#ofCell.set(window.cell, windows);
  }
}
