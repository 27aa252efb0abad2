/**
 * Matchers find the true rows among those they hold. They nest: an index node looks the event's value up and asks only
 * the matchers behind it, so an event costs what can match, not what exists.
 */
import type { RunChunk } from '../compiler/generate-chunk.ts';
import type { Program } from '../compiler/program.ts';
import type { SlotFile } from '../compiler/slot-file.ts';
import type { IntervalTree } from './interval-tree.ts';

export interface Matcher {
  /** Writes rows that are true into `fired` from `count` on; returns the new count. */
  match(file: SlotFile, fired: Int32Array, count: number): number;
}

/** Generated straight-line code. */
export class ChunkMatcher implements Matcher {
  readonly #run: RunChunk;

  constructor(run: RunChunk) {
    this.#run = run;
  }

  match(file: SlotFile, fired: Int32Array, count: number): number {
    return this.#run(file.s, file.n, fired, count, file);
  }
}

/** Rows run one after the other by the interpreter: a range of its entries. */
export class ProgramMatcher implements Matcher {
  readonly #program: Program;
  readonly #start: number;
  readonly #end: number;

  constructor(program: Program, start: number, end: number) {
    this.#program = program;
    this.#start = start;
    this.#end = end;
  }

  match(_file: SlotFile, fired: Int32Array, count: number): number {
    return this.#program.runRange(this.#start, this.#end, fired, count);
  }
}

/** Rows by the value that a slot must have. */
export class EqualityMatcher implements Matcher {
  readonly #slot: number;
  readonly #cold: boolean;
  readonly #buckets: ReadonlyMap<unknown, Matcher>;

  constructor(slot: number, cold: boolean, buckets: ReadonlyMap<unknown, Matcher>) {
    this.#slot = slot;
    this.#cold = cold;
    this.#buckets = buckets;
  }

  match(file: SlotFile, fired: Int32Array, count: number): number {
    if (this.#cold) file.load(this.#slot);
    const bucket = this.#buckets.get(file.s[this.#slot]);
    return bucket === undefined ? count : bucket.match(file, fired, count);
  }
}

/** Rows by the interval that a slot's number must lie in. */
export class RangeMatcher implements Matcher {
  readonly #slot: number;
  readonly #cold: boolean;
  readonly #tree: IntervalTree;
  readonly #program: Program;
  readonly #start: number;
  readonly #found: Int32Array;

  /** Interval i of `tree` stands for the program's entry `start + i`. */
  constructor(slot: number, cold: boolean, tree: IntervalTree, program: Program, start: number, size: number) {
    this.#slot = slot;
    this.#cold = cold;
    this.#tree = tree;
    this.#program = program;
    this.#start = start;
    this.#found = new Int32Array(size);
  }

  match(file: SlotFile, fired: Int32Array, count: number): number {
    if (this.#cold) file.load(this.#slot);
    const found = this.#found;
    const candidates = this.#tree.query(file.n[this.#slot] as number, found);
    let next = count;
    for (let i = 0; i < candidates; i++) {
      const entry = this.#start + (found[i] as number);
      next = this.#program.runRange(entry, entry + 1, fired, next);
    }
    return next;
  }
}

/** Several matchers, one after the other. */
export class SequenceMatcher implements Matcher {
  readonly #parts: readonly Matcher[];

  constructor(parts: readonly Matcher[]) {
    this.#parts = parts;
  }

  match(file: SlotFile, fired: Int32Array, count: number): number {
    let next = count;
    for (let i = 0; i < this.#parts.length; i++) next = (this.#parts[i] as Matcher).match(file, fired, next);
    return next;
  }
}
