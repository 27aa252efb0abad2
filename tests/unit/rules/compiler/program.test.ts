/** Programs: the interpreter loads what nobody has loaded, and nothing else. */
import { expect, it } from 'vitest';
import { Program, ProgramBuilder } from '../../../../rules/compiler/program.ts';
import { SlotFile } from '../../../../rules/compiler/slot-file.ts';
import { resolveOperator } from '../../../../rules/language/operators.ts';
import { leaf, NotingSlotFile, never, slotOf, slots, table } from '../../../support/rules/expressions.ts';

it('a program loads what nobody loaded, on both sides of a comparison', () => {
  const right = table.leaf(slotOf('late-a'), resolveOperator('lessThan') ?? never(), { slot: slotOf('late-b') });
  const file = new SlotFile(slots.slots, new Set());
  const builder = new ProgramBuilder(() => true);
  const program = new Program(file);
  builder.addRow(41, right);
  builder.seal(program);
  const fired = new Int32Array(1);
  for (const [a, b, wanted] of [
    [1, 2, 1],
    [2, 1, 0],
    [1, 3, 1],
  ] as const) {
    file.begin({ 'late-a': a, 'late-b': b }, []);
    expect(program.runRange(0, 1, fired, 0)).toBe(wanted);
  }
  expect(fired[0]).toBe(41);
});

it('a program loads nothing twice that is there, whatever the comparison', () => {
  const versus = table.leaf(slotOf('there'), resolveOperator('lessThan') ?? never(), { slot: slotOf('late') });
  const there = ['greaterThan', 'greaterThanInclusive', 'lessThan', 'lessThanInclusive', 'equal', 'notEqual'];
  const expressions = [
    ...there.map((operator) => leaf('there', operator, 1)),
    leaf('there', 'in', [1, 2]),
    leaf('there', 'notIn', [1, 2]),
    leaf('there', 'contains', 1),
    leaf('late', 'equal', 2),
    versus,
  ];
  const file = new NotingSlotFile(slots.slots, new Set([slotOf('there')]));
  const builder = new ProgramBuilder((slot) => slot === slotOf('late'));
  const program = new Program(file);
  for (const [row, expression] of expressions.entries()) builder.addRow(row, expression);
  builder.seal(program);
  const fired = new Int32Array(expressions.length);
  file.begin({ there: 1, late: 2 }, []);
  file.load(slotOf('there'));
  expect([...fired.subarray(0, program.runRange(0, expressions.length, fired, 0))]).toEqual([1, 3, 4, 6, 9, 10]);
  expect(file.loaded).toEqual([slotOf('there'), slotOf('late'), slotOf('late')]);
});
