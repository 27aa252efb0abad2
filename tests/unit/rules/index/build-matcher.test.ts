/** Which shape of index, generated code or program rows become. */
import { expect, it } from 'vitest';
import { drain } from '../../../../rules/compiler/evaluator.ts';
import type { Expression } from '../../../../rules/compiler/expression.ts';
import { Program, ProgramBuilder } from '../../../../rules/compiler/program.ts';
import { SlotFile } from '../../../../rules/compiler/slot-file.ts';
import { buildMatcher } from '../../../../rules/index/build-matcher.ts';
import { chooseKey } from '../../../../rules/index/choose-key.ts';
import {
  ChunkMatcher,
  EqualityMatcher,
  ProgramMatcher,
  RangeMatcher,
  SequenceMatcher,
} from '../../../../rules/index/matcher.ts';
import { leaf, slicesOf, slots, table } from '../../../support/rules/expressions.ts';

function build(expressions: readonly Expression[], generatedRowsLeft = 4_096) {
  const context = {
    table,
    program: new Program(new SlotFile(slots.slots, new Set())),
    builder: new ProgramBuilder(() => false),
    isCold: () => false,
    generatedRowsLeft,
  };
  const rows = expressions.map((expression, row) => ({ row, expression }));
  return { matcher: drain(buildMatcher(rows, context)), context };
}

const times = (count: number, make: (i: number) => Expression) => Array.from({ length: count }, (_, i) => make(i));
const band = (i: number) => table.branch('all', [leaf('k', 'greaterThan', i), leaf('k', 'lessThan', i + 2)]);

it('large selective rule sets are indexed, small ones are not', () => {
  const equalities = times(100, (i) => leaf('k', 'equal', i));
  expect(build(equalities).matcher).toBeInstanceOf(EqualityMatcher);
  expect(build(times(100, band)).matcher).toBeInstanceOf(RangeMatcher);
  expect(build(equalities.slice(0, 10)).matcher).not.toBeInstanceOf(EqualityMatcher);
});

it('rows become generated code where there are enough of them and generation is allowed, else a program', () => {
  const some = (count: number, generatedRowsLeft: number) =>
    build(
      times(count, (i) => leaf('a', 'greaterThan', i)),
      generatedRowsLeft,
    );
  expect(some(7, 100).matcher).toBeInstanceOf(ProgramMatcher);
  expect(some(8, 100).matcher).toBeInstanceOf(ChunkMatcher);
  expect(some(8, 8).context.generatedRowsLeft).toBe(0);
  expect(some(8, 7).matcher).toBeInstanceOf(ProgramMatcher);
  expect(some(300, 0).matcher).toBeInstanceOf(ProgramMatcher);
  expect(some(300, 300).matcher).toBeInstanceOf(SequenceMatcher);
});

it('at most three keys lie behind one another', () => {
  const { context } = build(
    times(1_024, (i) =>
      table.branch('all', [
        ...[1, 2, 3, 4].map((level) => leaf(`level-${level}`, 'equal', Math.floor(i / 4 ** level) % 4)),
        leaf('other', 'notEqual', i % 4),
      ]),
    ),
  );
  // Behind the third lie sixteen rows: enough for a function of their own, which the four behind a fourth would not be.
  expect(context.generatedRowsLeft).toBe(4_096 - 1_024);
});

it('events get their turn each 64 rows that are built', () => {
  const slices = (make: (i: number) => Expression) => {
    const rows = times(640, make).map((expression, row) => ({ row, expression }));
    const { context } = build([], 0);
    return slicesOf(buildMatcher(rows, context)) - slicesOf(chooseKey(rows, new Set()));
  };
  // Rows that no key finds; rows that one does, and as many buckets; intervals, and the tree of them.
  expect(slices((i) => leaf('a', 'notEqual', i))).toBe(10);
  expect(slices((i) => leaf('k', 'equal', i))).toBe(1 + 10 + 10);
  expect(slices(band)).toBe(1 + 10 + 1);
});
