/**
 * For each (pattern, key) the events that are a step or break one, in order of event time, and how far its sequence has
 * come. An event in order costs its steps, however many events came before; one that is late is put where it belongs and
 * the state is made again from the ring, so that the outcome depends on times alone.
 */
import { SEQUENCE_CELLS_MAX, SEQUENCE_SWEEP_PER_FRAME } from '../limits.ts';
import { HashIndex } from '../memory/hash-index.ts';
import { RecordTable, type RecordTableHead } from '../memory/record-table.ts';
import type { Slab } from '../memory/slab.ts';
import { mixKey } from '../windows/mix-key.ts';
import { advance, NOT_STARTED, type Pattern } from './pattern.ts';

/** Halves of a record; the pattern is 0 where the record is free. */
const HASH = 0;
const PATTERN = 1;
const KEY_A = 2;
const KEY_B = 3;
const KEY_C = 4;
/** Log2 of the ring's capacity, and above it the pattern's steps. */
const SHAPE = 5;
const BASE = 6;
const START = 7;
const LENGTH = 8;
const RUNS = 9;
const NEWEST_WORD = 5;
/** By the log's clock, the second in which the key was last written to. */
const CLOCK = 12;
const RECORD_WORDS = 7;
const MS_PER_SECOND = 1_000;
/** An event: its time, then its step and gap bits. */
const EVENT_WORDS = 2;
const LOG2_AT_START = 1;
const NO_CELL = 0;
const STEPS_SHIFT = 8;
const LOG2_MASK = 0xff;

export interface SequenceStoreHead {
  readonly records: RecordTableHead;
  readonly cut: number;
  readonly sweepAt: number;
}

export class SequenceStore {
  /** Events that a full ring let go although a sequence could still reach them. */
  cut = 0;
  readonly #slab: Slab;
  readonly #records: RecordTable;
  #index = new HashIndex();
  #sweepAt = 1;
  /** Runs of an evaluation that begins in the past. */
  readonly #scratch = new Float64Array(32);

  constructor(slab: Slab) {
    this.#slab = slab;
    this.#records = new RecordTable(slab, RECORD_WORDS, SEQUENCE_CELLS_MAX);
  }

  get count(): number {
    return this.#records.count;
  }

  /** Throws where `cells` further keys could not be added: called before any state changes. */
  assertRoom(cells: number): void {
    this.#records.assertRoom(cells, 'keys of sequences');
  }

  find(pattern: number, keyA: number, keyB: number, keyC: number): number {
    const hash = mixKey(pattern, keyA, keyB, keyC);
    const shard = this.#index.shardOf(hash);
    const mask = (shard.length >>> 1) - 1;
    const { halves } = this.#slab;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const cell = shard[2 * slot + 1] as number;
      if (cell === NO_CELL) return NO_CELL;
      const at = this.#records.at(cell) * 2;
      if (
        halves[at + PATTERN] === pattern &&
        halves[at + KEY_A] === keyA &&
        halves[at + KEY_B] === keyB &&
        halves[at + KEY_C] === keyC
      )
        return cell;
    }
  }

  findOrAdd(pattern: Pattern, keyA: number, keyB: number, keyC: number): number {
    const found = this.find(pattern.id, keyA, keyB, keyC);
    if (found !== NO_CELL) return found;
    const cell = this.#records.add();
    const base = this.#slab.allocate(EVENT_WORDS << LOG2_AT_START);
    const runs = this.#slab.allocate(pattern.steps - 1);
    const { halves, words } = this.#slab;
    const at = this.#records.at(cell);
    const hash = mixKey(pattern.id, keyA, keyB, keyC);
    halves[at * 2 + HASH] = hash;
    halves[at * 2 + PATTERN] = pattern.id;
    halves[at * 2 + KEY_A] = keyA;
    halves[at * 2 + KEY_B] = keyB;
    halves[at * 2 + KEY_C] = keyC;
    halves[at * 2 + SHAPE] = LOG2_AT_START | (pattern.steps << STEPS_SHIFT);
    halves[at * 2 + BASE] = base;
    halves[at * 2 + RUNS] = runs;
    words[at + NEWEST_WORD] = Number.NEGATIVE_INFINITY;
    words.fill(NOT_STARTED, runs, runs + pattern.steps - 1);
    this.#index.add(hash, cell);
    return cell;
  }

  newestMs(cell: number): number {
    return cell === NO_CELL
      ? Number.NEGATIVE_INFINITY
      : (this.#slab.words[this.#records.at(cell) + NEWEST_WORD] as number);
  }

  /** Whether an event of this time, not stored yet, ends the sequence. `cell` is 0 where the key has no events. */
  endsAt(pattern: Pattern, cell: number, timeMs: number, stepBits: number): boolean {
    if (cell === NO_CELL || (stepBits & (1 << (pattern.steps - 1))) === 0) return false;
    const { withinMs } = pattern.params;
    if (timeMs >= this.newestMs(cell)) {
      const runs = this.#half(cell, RUNS);
      return (this.#slab.words[runs + pattern.steps - 2] as number) > timeMs - withinMs;
    }
    const runs = this.#scratch;
    this.#follow(pattern, cell, timeMs, runs, 0);
    return (runs[pattern.steps - 2] as number) > timeMs - withinMs;
  }

  /** Stores an event behind those of the same time; `keepMs` is how far back a later one may look. */
  insert(
    pattern: Pattern,
    cell: number,
    timeMs: number,
    stepBits: number,
    gapBits: number,
    keepMs: number,
    keepMax: number,
    clockMs: number,
  ): void {
    const newestMs = Math.max(this.newestMs(cell), timeMs);
    this.#evict(cell, newestMs - keepMs, keepMax - 1);
    this.#reserve(cell);
    const length = this.#half(cell, LENGTH);
    let at = length;
    while (at > 0 && (this.#slab.words[this.#word(cell, at - 1)] as number) > timeMs) at--;
    for (let i = length; i > at; i--) this.#copy(this.#word(cell, i - 1), this.#word(cell, i));
    const word = this.#word(cell, at);
    this.#slab.touch(word, EVENT_WORDS);
    const { words, halves } = this.#slab;
    words[word] = timeMs;
    halves[word * 2 + 2] = stepBits;
    halves[word * 2 + 3] = gapBits;
    const record = this.#records.at(cell);
    this.#slab.touch(record, RECORD_WORDS);
    halves[record * 2 + LENGTH] = length + 1;
    halves[record * 2 + CLOCK] = clockMs / MS_PER_SECOND;
    words[record + NEWEST_WORD] = newestMs;
    const runs = halves[record * 2 + RUNS] as number;
    this.#slab.touch(runs, pattern.steps - 1);
    if (at === length) advance(words, runs, pattern.steps, timeMs, stepBits, gapBits);
    else this.#follow(pattern, cell, newestMs, words, runs);
  }

  /**
   * Moves the events of one key's cell into another's, in order of time, and frees the first. Of two events at the same
   * time, those of `to` come first. Costs the events of both.
   */
  merge(pattern: Pattern, from: number, to: number, keepMs: number, keepMax: number, clockMs: number): void {
    const events: { timeMs: number; steps: number; gaps: number }[] = [];
    for (const cell of [to, from]) {
      for (let i = 0; i < this.#half(cell, LENGTH); i++) {
        const word = this.#word(cell, i);
        const { words, halves } = this.#slab;
        const [steps, gaps] = [halves[word * 2 + 2] as number, halves[word * 2 + 3] as number];
        events.push({ timeMs: words[word] as number, steps, gaps });
      }
    }
    events.sort((a, b) => a.timeMs - b.timeMs);
    this.#set(to, START, 0);
    this.#set(to, LENGTH, 0);
    const runs = this.#half(to, RUNS);
    this.#slab.touch(runs, pattern.steps - 1);
    this.#slab.words.fill(NOT_STARTED, runs, runs + pattern.steps - 1);
    for (const { timeMs, steps, gaps } of events)
      this.insert(pattern, to, timeMs, steps, gaps, keepMs, keepMax, clockMs);
    this.#remove(from);
  }

  /**
   * Once a frame: lets go of some keys whose pattern is not used any more, or that had no event for `keepMs` by the log's
   * clock, so that a replay of old events does not lose what it builds.
   */
  sweep(byId: ReadonlyMap<number, Pattern>, clockMs: number, keepMs: (one: Pattern) => number): void {
    const most = Math.min(SEQUENCE_SWEEP_PER_FRAME, this.#records.top);
    for (let looked = 0; looked < most; looked++) {
      if (this.#sweepAt > this.#records.top) this.#sweepAt = 1;
      const cell = this.#sweepAt++;
      const id = this.#half(cell, PATTERN);
      if (id === 0) continue;
      const pattern = byId.get(id);
      if (pattern === undefined || this.#idleMs(cell, clockMs) > keepMs(pattern)) this.#remove(cell);
    }
  }

  /** A key that was written to before the log's first tick counts from its first visit. */
  #idleMs(cell: number, clockMs: number): number {
    const second = this.#half(cell, CLOCK);
    if (second !== 0) return clockMs - second * MS_PER_SECOND;
    this.#set(cell, CLOCK, clockMs / MS_PER_SECOND);
    return 0;
  }

  saveHead(): SequenceStoreHead {
    return { records: this.#records.save(), cut: this.cut, sweepAt: this.#sweepAt };
  }

  /** After the slab's words are in place. */
  loadHead(head: SequenceStoreHead): void {
    this.#records.load(head.records);
    this.cut = head.cut;
    this.#sweepAt = head.sweepAt;
    this.#index = new HashIndex();
    for (let cell = 1; cell <= this.#records.top; cell++) {
      if (this.#half(cell, PATTERN) !== 0) this.#index.add(this.#half(cell, HASH), cell);
    }
  }

  /** Runs as they are after the events in (timeMs − within, timeMs]: an earlier one starts none that still counts. */
  #follow(pattern: Pattern, cell: number, timeMs: number, runs: Float64Array, at: number): void {
    runs.fill(NOT_STARTED, at, at + pattern.steps - 1);
    const { words, halves } = this.#slab;
    for (let i = 0; i < this.#half(cell, LENGTH); i++) {
      const word = this.#word(cell, i);
      const eventMs = words[word] as number;
      if (eventMs > timeMs) return;
      if (eventMs <= timeMs - pattern.params.withinMs) continue;
      advance(runs, at, pattern.steps, eventMs, halves[word * 2 + 2] as number, halves[word * 2 + 3] as number);
    }
  }

  #remove(cell: number): void {
    this.#slab.release(this.#half(cell, BASE), EVENT_WORDS << this.#log2(cell));
    this.#slab.release(this.#half(cell, RUNS), (this.#half(cell, SHAPE) >>> STEPS_SHIFT) - 1);
    this.#index.remove(this.#half(cell, HASH), cell);
    this.#set(cell, PATTERN, 0);
    this.#records.remove(cell);
  }

  #evict(cell: number, beforeMs: number, lengthMax: number): void {
    let start = this.#half(cell, START);
    let length = this.#half(cell, LENGTH);
    const mask = (1 << this.#log2(cell)) - 1;
    const base = this.#half(cell, BASE);
    while (length > 0) {
      const isOld = (this.#slab.words[base + EVENT_WORDS * (start & mask)] as number) <= beforeMs;
      if (!isOld && length <= lengthMax) break;
      if (!isOld) this.cut++;
      start = (start + 1) >>> 0;
      length--;
    }
    if (length === this.#half(cell, LENGTH)) return;
    this.#set(cell, START, start);
    this.#set(cell, LENGTH, length);
  }

  #reserve(cell: number): void {
    const log2 = this.#log2(cell);
    const length = this.#half(cell, LENGTH);
    if (length < 1 << log2) return;
    const grown = this.#slab.allocate(EVENT_WORDS << (log2 + 1));
    for (let i = 0; i < length; i++) this.#copy(this.#word(cell, i), grown + EVENT_WORDS * i);
    this.#slab.release(this.#half(cell, BASE), EVENT_WORDS << log2);
    this.#set(cell, BASE, grown);
    this.#set(cell, SHAPE, this.#half(cell, SHAPE) + 1);
    this.#set(cell, START, 0);
  }

  #log2(cell: number): number {
    return this.#half(cell, SHAPE) & LOG2_MASK;
  }

  #word(cell: number, i: number): number {
    const mask = (1 << this.#log2(cell)) - 1;
    return this.#half(cell, BASE) + EVENT_WORDS * ((this.#half(cell, START) + i) & mask);
  }

  #copy(from: number, to: number): void {
    this.#slab.touch(to, EVENT_WORDS);
    this.#slab.halves.copyWithin(to * 2, from * 2, (from + EVENT_WORDS) * 2);
  }

  #half(cell: number, half: number): number {
    return this.#slab.halves[this.#records.at(cell) * 2 + half] as number;
  }

  #set(cell: number, half: number, value: number): void {
    const at = this.#records.at(cell) * 2 + half;
    this.#slab.touch(at >>> 1);
    this.#slab.halves[at] = value;
  }
}
