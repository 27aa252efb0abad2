/** The key that leaves the fewest candidates is taken. */
import { expect, it } from 'vitest';
import { drain } from '../../../../rules/compiler/evaluator.ts';
import type { Expression } from '../../../../rules/compiler/expression.ts';
import { chooseKey, INDEXED_ROWS_MIN } from '../../../../rules/index/choose-key.ts';
import { leaf, slotOf, table } from '../../../support/rules/expressions.ts';

it('takes the key that leaves the fewest candidates, and none that leaves many', () => {
  const rows = (count: number, make: (i: number) => Expression) =>
    Array.from({ length: count }, (_, row) => ({ row, expression: make(row) }));
  const choose = (list: { row: number; expression: Expression }[], used = new Set<number>()) =>
    drain(chooseKey(list, used));
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
