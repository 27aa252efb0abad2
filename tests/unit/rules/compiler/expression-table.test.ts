/** Expressions: what is constant is folded, what is equal is shared, and nothing else is. */
import { expect, it } from 'vitest';
import { ExpressionTable, FALSE, TRUE } from '../../../../rules/compiler/expression.ts';
import { resolveOperator } from '../../../../rules/language/operators.ts';
import { leaf, never, slotOf, table } from '../../../support/rules/expressions.ts';

it('folds what is constant and shares what is equal', () => {
  const a = leaf('a', 'equal', 1);
  const b = leaf('b', 'equal', 1);
  expect(leaf('a', 'equal', 1)).toBe(a);
  expect(table.not(table.not(a))).toBe(a);
  expect(table.branch('all', [a, b])).toBe(table.branch('all', [b, a, a]));
  expect(table.branch('all', [a, table.branch('all', [b, a])])).toBe(table.branch('all', [a, b]));
  expect(table.branch('any', [a])).toBe(a);
  expect(table.branch('all', [a, table.not(a)])).toMatchObject({ kind: 'constant', value: false });
  expect(table.branch('any', [a, table.not(a)])).toMatchObject({ kind: 'constant', value: true });
  expect(table.branch('all', [])).toMatchObject({ kind: 'constant', value: true });
  expect(table.branch('any', [])).toMatchObject({ kind: 'constant', value: true });
  expect(table.branch('all', [a, table.branch('any', [])])).toBe(a);
  expect(table.branch('any', [a, table.branch('any', [])])).toMatchObject({ kind: 'constant', value: true });
  const never = table.not(table.branch('all', []));
  expect(table.branch('any', [a, never])).toBe(a);
  expect(table.branch('any', [never, never])).toMatchObject({ kind: 'constant', value: false });
  expect(table.branch('all', [a, never])).toMatchObject({ kind: 'constant', value: false });
});

it('different comparisons, negations and branches are never taken for one another', () => {
  const versus = (name: string, other: string) =>
    table.leaf(slotOf(name), resolveOperator('equal') ?? never(), { slot: slotOf(other) });
  expect(versus('a', 'b')).toBe(versus('a', 'b'));
  expect(versus('a', 'b')).not.toBe(versus('a', 'c'));
  expect(versus('a', 'b')).toMatchObject({ rightSlot: slotOf('b'), value: undefined });
  expect(leaf('a', 'equal', slotOf('b'))).not.toBe(versus('a', 'b'));
  expect(leaf('a', 'equal', '1')).not.toBe(leaf('a', 'equal', 1));
  expect(leaf('a', 'equal', 1)).not.toBe(leaf('a', 'notEqual', 1));
  expect(table.not(leaf('a', 'equal', 1))).not.toBe(table.not(leaf('b', 'equal', 1)));
  expect(table.branch('all', [leaf('a', 'equal', 1), leaf('b', 'equal', 1)])).not.toBe(
    table.branch('any', [leaf('a', 'equal', 1), leaf('b', 'equal', 1)]),
  );
  // Of a run of ids such as 1, 2, …, 12, 112 no two sets may have one key: a table of its own, as the first ids are short.
  const own = new ExpressionTable();
  const many = Array.from({ length: 130 }, (_, value) => own.leaf(0, resolveOperator('equal') ?? never(), { value }));
  const pairs = new Set(many.flatMap((one, i) => many.slice(i + 1).map((other) => own.branch('all', [one, other]))));
  expect(pairs.size).toBe((130 * 129) / 2);
});

it('an order of conditions that changes nothing is the same branch, another one holds all of its parts', () => {
  const branch = table.branch('all', [leaf('a', 'equal', 1), leaf('b', 'equal', 1), leaf('d', 'equal', 1)]);
  if (branch.kind !== 'all') throw new Error('a branch');
  const turned = [...branch.children].reverse();
  expect(table.reorder(branch, [...branch.children])).toBe(branch);
  expect(table.reorder(branch, turned)).toMatchObject({ kind: 'all', children: turned });
  expect(table.reorder(branch, turned).id).not.toBe(branch.id);
});

it('no two expressions of a table have one id: generated code remembers by it what is computed already', () => {
  const own = new ExpressionTable();
  const some = (value: number) => own.leaf(0, resolveOperator('equal') ?? never(), { value });
  const branch = own.branch('any', [some(1), some(2)]);
  const all = [own.conjunction([some(1), branch]), own.conjunction([some(2), branch]), own.not(branch), some(3)];
  const turned = branch.kind === 'any' ? own.reorder(branch, [some(2), some(1)]) : never();
  const ids = [TRUE, FALSE, some(1), some(2), branch, ...all, turned].map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(own.conjunction([])).toBe(TRUE);
});
