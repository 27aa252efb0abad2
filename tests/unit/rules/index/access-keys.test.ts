/** Keys are conditions that every match must meet, and what a key has found is not tested again. */
import { expect, it } from 'vitest';
import type { Expression } from '../../../../rules/compiler/expression.ts';
import { accessKeysOf, withoutKey } from '../../../../rules/index/access-keys.ts';
import { leaf, never, slotOf, table } from '../../../support/rules/expressions.ts';

it('keys are conditions that every match must meet', () => {
  const keys = (expression: Expression) =>
    accessKeysOf(expression).map((key) =>
      key.kind === 'equality'
        ? { slot: key.slot, values: key.values }
        : { slot: key.slot, low: key.low, lowOpen: key.lowOpen, high: key.high, highOpen: key.highOpen },
    );
  expect(keys(leaf('a', 'equal', 'x'))).toEqual([{ slot: slotOf('a'), values: ['x'] }]);
  expect(keys(leaf('a', 'notEqual', 'x'))).toEqual([]);
  expect(keys(leaf('a', 'notIn', ['x']))).toEqual([]);
  expect(keys(leaf('a', 'in', ['x', 2, null]))).toEqual([{ slot: slotOf('a'), values: ['x', 2, null] }]);
  expect(keys(table.branch('any', [leaf('a', 'equal', 1), leaf('a', 'in', [2, 3])]))).toEqual([
    { slot: slotOf('a'), values: [1, 2, 3] },
  ]);
  expect(keys(table.branch('any', [leaf('a', 'equal', 1), leaf('b', 'equal', 1)]))).toEqual([]);
  expect(keys(table.branch('any', [leaf('a', 'equal', 1), leaf('a', 'greaterThan', 1)]))).toEqual([]);
  expect(keys(table.not(leaf('a', 'equal', 1)))).toEqual([]);
  const range = table.branch('all', [
    leaf('a', 'greaterThan', 1),
    leaf('a', 'greaterThanInclusive', 1),
    leaf('a', 'lessThan', 9),
    leaf('a', 'lessThanInclusive', 7),
  ]);
  expect(keys(range)).toEqual([{ slot: slotOf('a'), low: 1, lowOpen: true, high: 7, highOpen: false }]);
  expect(
    keys(
      leaf(
        'a',
        'in',
        Array.from({ length: 65 }, (_, i) => i),
      ),
    ),
  ).toEqual([]);
  expect(keys(leaf('a', 'equal', { x: 1 }))).toEqual([]);
});

it('what a key has found need not be tested again', () => {
  const expression = table.branch('all', [
    leaf('a', 'equal', 1),
    leaf('b', 'greaterThan', 2),
    leaf('b', 'lessThan', 5),
  ]);
  const [equality, range] = accessKeysOf(expression);
  if (equality === undefined || range === undefined) throw new Error('two keys');
  expect(withoutKey(expression, equality, table)).toMatchObject({
    kind: 'all',
    children: [{ slot: slotOf('b') }, { slot: slotOf('b') }],
  });
  expect(withoutKey(expression, range, table)).toBe(leaf('a', 'equal', 1));
  expect(withoutKey(leaf('a', 'equal', 1), accessKeysOf(leaf('a', 'equal', 1))[0] ?? equality, table)).toMatchObject({
    kind: 'constant',
    value: true,
  });
});

it('bounds narrow to the tightest, whatever order they are written in, and all of them are implied by the key', () => {
  const range = (...bounds: [string, number][]) => {
    const parts = bounds.map(([operator, value]) => leaf('z', operator, value));
    const [key] = accessKeysOf(parts.length === 1 ? (parts[0] ?? never()) : table.conjunction(parts)).filter(
      ({ kind }) => kind === 'range',
    );
    if (key?.kind !== 'range') throw new Error('a range');
    expect(key.children).toEqual(parts);
    return [key.low, key.lowOpen, key.high, key.highOpen];
  };
  const { NEGATIVE_INFINITY: least, POSITIVE_INFINITY: most } = Number;
  expect(range(['greaterThan', 3])).toEqual([3, true, most, false]);
  expect(range(['lessThan', 3])).toEqual([least, false, 3, true]);
  expect(range(['greaterThan', 3], ['greaterThanInclusive', 3])).toEqual([3, true, most, false]);
  expect(range(['greaterThanInclusive', 3], ['greaterThan', 3])).toEqual([3, true, most, false]);
  expect(range(['greaterThan', 3], ['greaterThan', 2])).toEqual([3, true, most, false]);
  expect(range(['greaterThanInclusive', 3], ['greaterThan', 2])).toEqual([3, false, most, false]);
  expect(range(['greaterThan', 2], ['greaterThanInclusive', 3])).toEqual([3, false, most, false]);
  expect(range(['lessThan', 3], ['lessThanInclusive', 3])).toEqual([least, false, 3, true]);
  expect(range(['lessThanInclusive', 3], ['lessThan', 3])).toEqual([least, false, 3, true]);
  expect(range(['lessThan', 3], ['lessThan', 4])).toEqual([least, false, 3, true]);
  expect(range(['lessThanInclusive', 3], ['lessThan', 4])).toEqual([least, false, 3, false]);
  expect(range(['lessThan', 4], ['lessThanInclusive', 3])).toEqual([least, false, 3, false]);
});

it('keys hold every scalar but NaN, up to 64 of them, and one key a slot', () => {
  const values = (expression: Expression) =>
    accessKeysOf(expression).flatMap((key) => (key.kind === 'equality' ? [key.values] : []));
  const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);
  expect(values(leaf('a', 'equal', true))).toEqual([[true]]);
  // Of a slot of its own: a table takes NaN, which no document may hold, for null.
  expect(values(leaf('nothing', 'equal', null))).toEqual([[null]]);
  expect(values(leaf('a', 'in', [false, null, 'x', 0]))).toEqual([[false, null, 'x', 0]]);
  expect(values(leaf('a', 'equal', Number.NaN))).toEqual([]);
  expect(values(leaf('a', 'in', numbers(64)))).toEqual([numbers(64)]);
  const anyOf = (count: number) =>
    table.branch(
      'any',
      numbers(count).map((i) => leaf('a', 'equal', i)),
    );
  expect(values(anyOf(64))).toEqual([numbers(64)]);
  expect(values(anyOf(65))).toEqual([]);
  expect(values(table.branch('all', [leaf('a', 'in', [1, 2]), leaf('a', 'in', [2, 3])]))).toEqual([[1, 2]]);
  expect(
    values(
      table.branch('any', [leaf('a', 'equal', 1), table.branch('all', [leaf('a', 'equal', 2), leaf('b', 'equal', 2)])]),
    ),
  ).toEqual([]);
  for (const part of [leaf('a', 'in', [1, 2]), anyOf(3)]) {
    const whole = table.branch('all', [part, leaf('b', 'greaterThan', 1)]);
    const [key] = accessKeysOf(whole);
    expect(withoutKey(whole, key ?? never(), table)).toBe(leaf('b', 'greaterThan', 1));
  }
});
