/** Programs: the interpreter loads what nobody has loaded. */
import { expect, it } from 'vitest';
import { Program, ProgramBuilder } from '../../../../rules/compiler/program.ts';
import { SlotFile } from '../../../../rules/compiler/slot-file.ts';
import { resolveOperator } from '../../../../rules/language/operators.ts';
import { never, slotOf, slots, table } from '../../../support/rules/expressions.ts';

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
