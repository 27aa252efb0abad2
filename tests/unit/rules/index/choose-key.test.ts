/** The key that leaves the fewest candidates is taken. */
import { expect, it } from 'vitest';
import { drain } from '../../../../rules/compiler/evaluator.ts';
import type { Expression } from '../../../../rules/compiler/expression.ts';
import { chooseKey, INDEXED_ROWS_MIN } from '../../../../rules/index/choose-key.ts';
import { leaf, slicesOf, slotOf, table } from '../../../support/rules/expressions.ts';

const rows = (count: number, make: (i: number) => Expression) =>
  Array.from({ length: count }, (_, row) => ({ row, expression: make(row) }));
const choose = (list: { row: number; expression: Expression }[], used = new Set<number>()) =>
  drain(chooseKey(list, used));
const band = (i: number) => table.branch('all', [leaf('n', 'greaterThan', i), leaf('n', 'lessThan', i + 2)]);

it('takes the key that leaves the fewest candidates, and none that leaves many', () => {
  const selective = rows(40, (i) =>
    table.branch('all', [leaf('coarse', 'equal', i % 4), leaf('fine', 'equal', i), leaf('n', 'greaterThan', i)]),
  );
  expect(choose(selective)).toMatchObject({ kind: 'equality', slot: slotOf('fine'), rest: [] });
  expect(choose(selective, new Set([slotOf('fine')]))).toMatchObject({ slot: slotOf('coarse') });
  expect(choose(rows(INDEXED_ROWS_MIN - 1, (i) => leaf('fine', 'equal', i)))).toBeUndefined();
  expect(choose(rows(40, () => leaf('fine', 'equal', 1)))).toBeUndefined();
  // One-sided bounds hold half of the events: no use.
  expect(choose(rows(40, (i) => leaf('n', 'greaterThan', i)))).toBeUndefined();
  const bands = rows(40, (i) => table.branch('all', [leaf('n', 'greaterThan', i), leaf('n', 'lessThan', i + 2)]));
  expect(choose(bands)).toMatchObject({ kind: 'range', slot: slotOf('n') });
  const mixed = [
    ...selective,
    ...rows(3, () => leaf('other', 'equal', 1)).map(({ expression }, i) => ({ row: 40 + i, expression })),
  ];
  expect(choose(mixed)?.rest.map(({ row }) => row)).toEqual([40, 41, 42]);
});

it('the first of the best keys is taken, from sixteen rows on, where a quarter of them are left at most', () => {
  const both = (first: number, second: number) =>
    rows(64, (i) => table.branch('all', [leaf('one', 'equal', i % first), leaf('two', 'equal', i % second)]));
  expect(choose(both(32, 8))).toMatchObject({ slot: slotOf('one') });
  expect(choose(both(8, 32))).toMatchObject({ slot: slotOf('two') });
  expect(choose(both(16, 16))).toMatchObject({ slot: slotOf('one') });
  expect(choose(rows(INDEXED_ROWS_MIN, (i) => leaf('one', 'equal', i)))).toMatchObject({ slot: slotOf('one') });
  expect(choose(rows(16, (i) => leaf('one', 'equal', i % 4)))).toMatchObject({ slot: slotOf('one') });
  expect(choose(rows(16, (i) => leaf('one', 'equal', i % 3)))).toBeUndefined();
  // It is the rows that have the key that count.
  expect(choose(rows(20, (i) => leaf(i < 15 ? 'one' : 'two', 'equal', i)))).toBeUndefined();
  expect(choose(rows(20, (i) => leaf(i < 16 ? 'one' : 'two', 'equal', i)))?.rest).toHaveLength(4);
  // An equality and an interval of one slot are two keys.
  const mixed = rows(32, (i) => (i < 16 ? leaf('n', 'equal', i) : band(i)));
  expect(choose(mixed)).toMatchObject({ kind: 'equality', found: mixed.slice(0, 16).map((row) => ({ row })) });
  // Nothing is behind a list that holds nothing.
  expect(choose(rows(20, () => leaf('one', 'in', [])))).toMatchObject({ slot: slotOf('one'), rest: [] });
});

it('events get their turn however many rows there are to choose for', () => {
  // A turn each 128 rows, one before the only key, two for its 4,096 values, and four to part the rows it finds.
  expect(
    slicesOf(
      chooseKey(
        rows(4_096, (i) => leaf('one', 'equal', i)),
        new Set(),
      ),
    ),
  ).toBe(32 + 1 + 2 + 4);
  // One for the intervals, and one at each of 32 samples, for which all intervals are looked at.
  expect(slicesOf(chooseKey(rows(2_048, band), new Set()))).toBe(16 + 1 + 1 + 32 + 2);
  expect(
    slicesOf(
      chooseKey(
        rows(128, (i) => leaf('one', 'equal', i)),
        new Set(),
      ),
    ),
  ).toBe(1);
});
