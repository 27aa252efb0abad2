/**
 * A sequence as the engine follows it: repeated steps written out, one bit each. What an event is to a pattern are two
 * sets of bits: the steps that it may be, and the gaps between steps in which it must not come.
 *
 * How far a sequence has come is, for each step but the last, the latest first event of any run that got there and was
 * not broken since: a later start outlives an earlier one, so it alone needs to be kept.
 */
import type { EventFilter, SequenceParams } from '../../../rules/requirement.ts';
import { compileWhere, type Matches } from '../windows/where-clause.ts';

export type PatternType = EventFilter['type'];
export const NOT_STARTED = Number.NEGATIVE_INFINITY;

interface Test {
  readonly type: PatternType;
  readonly matches: Matches;
  /** Bit i: the event may be step i. */
  readonly steps: number;
  /** Bit i: the event must not come between step i and the next. */
  readonly gaps: number;
}

export interface Pattern {
  /** Stays the same for as long as any rule set reads the pattern. */
  readonly id: number;
  readonly params: SequenceParams;
  readonly tests: readonly Test[];
  readonly steps: number;
  readonly types: ReadonlySet<PatternType>;
}

export function createPattern(id: number, params: SequenceParams): Pattern {
  const tests: Test[] = [];
  let step = 0;
  for (const one of params.steps) {
    if ('not' in one) {
      const { type, where } = one.not;
      tests.push({ type, matches: compileWhere(where), steps: 0, gaps: 1 << (step - 1) });
      continue;
    }
    let bits = 0;
    for (let i = 0; i < one.times; i++) bits |= 1 << step++;
    tests.push({ type: one.type, matches: compileWhere(one.where), steps: bits, gaps: 0 });
  }
  return { id, params, tests, steps: step, types: new Set(tests.map(({ type }) => type)) };
}

export function stepsOf(pattern: Pattern, type: PatternType, data: object): number {
  let bits = 0;
  for (let i = 0; i < pattern.tests.length; i++) {
    const test = pattern.tests[i] as Test;
    if (test.steps !== 0 && test.type === type && test.matches(data)) bits |= test.steps;
  }
  return bits;
}

export function gapsOf(pattern: Pattern, type: PatternType, data: object): number {
  let bits = 0;
  for (let i = 0; i < pattern.tests.length; i++) {
    const test = pattern.tests[i] as Test;
    if (test.gaps !== 0 && test.type === type && test.matches(data)) bits |= test.gaps;
  }
  return bits;
}

/**
 * Takes the runs past one event, in order of time: `starts[at + i]` is the start of the run that has come to step i. An
 * event that ends a gap may itself be one that must not lie in it.
 */
export function advance(
  starts: Float64Array,
  at: number,
  steps: number,
  timeMs: number,
  stepBits: number,
  gapBits: number,
): void {
  for (let i = steps - 2; i >= 0; i--) {
    const bit = 1 << i;
    const kept = (gapBits & bit) === 0 ? (starts[at + i] as number) : NOT_STARTED;
    if ((stepBits & bit) === 0) {
      starts[at + i] = kept;
      continue;
    }
    const begun = i === 0 ? timeMs : (starts[at + i - 1] as number);
    starts[at + i] = Math.max(begun, kept);
  }
}
