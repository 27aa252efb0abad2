/** Which shape of index, generated code or program rows become. */
import { expect, it } from 'vitest';
import { drain } from '../../../../rules/compiler/evaluator.ts';
import type { Expression } from '../../../../rules/compiler/expression.ts';
import { Program, ProgramBuilder } from '../../../../rules/compiler/program.ts';
import { SlotFile } from '../../../../rules/compiler/slot-file.ts';
import { buildMatcher } from '../../../../rules/index/build-matcher.ts';
import {
  ChunkMatcher,
  EqualityMatcher,
  ProgramMatcher,
  RangeMatcher,
  SequenceMatcher,
} from '../../../../rules/index/matcher.ts';
import { leaf, slots, table } from '../../../support/rules/expressions.ts';

it('large selective rule sets are indexed, small ones are not', () => {
  const build = (rows: Expression[]) => {
    const file = new SlotFile(slots.slots, new Set());
    const context = {
      table,
      program: new Program(file),
      builder: new ProgramBuilder(() => false),
      isCold: () => false,
      generatedRowsLeft: 4_096,
    };
    return drain(
      buildMatcher(
        rows.map((expression, row) => ({ row, expression })),
        context,
      ),
    );
  };
  const equalities = Array.from({ length: 100 }, (_, i) => leaf('k', 'equal', i));
  expect(build(equalities)).toBeInstanceOf(EqualityMatcher);
  expect(
    build(
      Array.from({ length: 100 }, (_, i) =>
        table.branch('all', [leaf('k', 'greaterThan', i), leaf('k', 'lessThan', i + 3)]),
      ),
    ),
  ).toBeInstanceOf(RangeMatcher);
  expect(build(equalities.slice(0, 10))).not.toBeInstanceOf(EqualityMatcher);
});

it('rows become generated code where there are enough of them and generation is allowed, else a program', () => {
  const build = (count: number, generatedRowsLeft: number) => {
    const file = new SlotFile(slots.slots, new Set());
    const context = {
      table,
      program: new Program(file),
      builder: new ProgramBuilder(() => false),
      isCold: () => false,
      generatedRowsLeft,
    };
    const matcher = drain(
      buildMatcher(
        Array.from({ length: count }, (_, row) => ({ row, expression: leaf('a', 'greaterThan', row) })),
        context,
      ),
    );
    return { matcher, context };
  };
  expect(build(7, 100).matcher).toBeInstanceOf(ProgramMatcher);
  expect(build(8, 100).matcher).toBeInstanceOf(ChunkMatcher);
  expect(build(8, 8).context.generatedRowsLeft).toBe(0);
  expect(build(8, 7).matcher).toBeInstanceOf(ProgramMatcher);
  expect(build(300, 0).matcher).toBeInstanceOf(ProgramMatcher);
  expect(build(300, 300).matcher).toBeInstanceOf(SequenceMatcher);
});
