/** Generated code: bounded in size, loading what it reads, computing once what many share. */
import { expect, it } from 'vitest';
import type { Expression } from '../../../../rules/compiler/expression.ts';
import { chunksOf, generateChunk } from '../../../../rules/compiler/generate-chunk.ts';
import { SlotFile } from '../../../../rules/compiler/slot-file.ts';
import { resolveOperator } from '../../../../rules/language/operators.ts';
import { leaf, never, slotOf, slots, table } from '../../../support/rules/expressions.ts';

it('a subcondition that many rules share is computed once a chunk', () => {
  let calls = 0;
  const counting = {
    ...(resolveOperator('contains') ?? never()),
    test: (fact: unknown, value: unknown) => {
      calls++;
      return Array.isArray(fact) && fact.includes(value);
    },
  };
  const shared = table.leaf(slotOf('tags'), counting, { value: 'vip' });
  const rows = Array.from({ length: 50 }, (_, row) => ({
    row,
    expression: table.branch('all', [shared, leaf('a', 'greaterThan', row)]),
  }));
  const run = generateChunk(rows, () => false);
  const file = new SlotFile(slots.slots, new Set());
  file.s[slotOf('tags')] = ['vip'];
  file.n[slotOf('a')] = 20.5;
  const fired = new Int32Array(50);
  expect(run(file.s, file.n, fired, 0, file)).toBe(21);
  expect(calls).toBe(1);
});

it('chunks are bounded in rules and in comparisons, and hold every row once, in order', () => {
  const wide = table.branch(
    'any',
    Array.from({ length: 100 }, (_, i) => leaf('w', 'equal', i)),
  );
  const rows = (count: number, expression: Expression) =>
    Array.from({ length: count }, (_, row) => ({ row, expression }));
  const sizes = (count: number, expression: Expression) =>
    chunksOf(rows(count, expression)).map((chunk) => chunk.length);
  expect(sizes(300, leaf('a', 'equal', 1))).toEqual([128, 128, 44]);
  expect(sizes(20, wide)).toEqual([7, 7, 6]);
  const third = table.branch(
    'any',
    Array.from({ length: 256 }, (_, i) => leaf('w', 'equal', i)),
  );
  expect(sizes(6, third)).toEqual([3, 3]);
  expect(sizes(0, wide)).toEqual([]);
  const huge = table.branch(
    'any',
    Array.from({ length: 900 }, (_, i) => leaf('w', 'equal', i)),
  );
  expect(sizes(2, huge)).toEqual([1, 1]);
  expect(
    chunksOf(rows(300, leaf('a', 'equal', 1)))
      .flat()
      .map(({ row }) => row),
  ).toEqual(rows(300, leaf('a', 'equal', 1)).map(({ row }) => row));
});

it('generated code loads a slot that nobody loaded before it looks', () => {
  const right = table.leaf(slotOf('a'), resolveOperator('lessThan') ?? never(), { slot: slotOf('b') });
  const expressions = [
    leaf('a', 'greaterThan', 1),
    leaf('c', 'equal', 'x'),
    leaf('c', 'in', ['x', 'y']),
    leaf('c', 'not:equal', 'z'),
    right,
    table.not(leaf('c', 'notIn', ['x'])),
  ];
  const run = generateChunk(
    expressions.map((expression, row) => ({ row, expression })),
    () => true,
  );
  const file = new SlotFile(slots.slots, new Set([slotOf('a')]));
  const fired = new Int32Array(expressions.length);
  for (const [facts, wanted] of [
    [{ a: 2, b: 3, c: 'x' }, [0, 1, 2, 3, 4, 5]],
    [{ a: 1, b: 0, c: 'z' }, []],
    [{ a: 5, b: 5, c: 'y' }, [0, 2, 3]],
  ] as const) {
    file.begin(facts, []);
    expect([...fired.subarray(0, run(file.s, file.n, fired, 0, file))]).toEqual(wanted);
  }
});
