/** The index finds exactly what a scan finds, in the order of the rule set, and looks at little else. */
import { expect, it } from 'vitest';
import type { Expression } from '../../../../rules/compiler/expression.ts';
import { resolveOperator } from '../../../../rules/language/operators.ts';
import { evaluator, firedBy, leaf, never, slotOf, table } from '../../../support/rules/expressions.ts';

it('rules behind an index fire in the order of the rule set', () => {
  const rows = Array.from({ length: 90 }, (_, i) =>
    i % 3 === 0
      ? leaf('k', 'equal', i % 30)
      : i % 3 === 1
        ? leaf('always', 'equal', true)
        : leaf('k', 'in', [i % 29, 3]),
  );
  for (const k of [0, 3, 9, 28]) {
    const fired = firedBy(rows, { k, always: true });
    expect(fired).toEqual([...fired].sort((a, b) => a - b));
    expect(fired).toEqual(
      rows.flatMap((_, i) =>
        (i % 3 === 0 && k === i % 30) || i % 3 === 1 || (i % 3 === 2 && (k === i % 29 || k === 3)) ? [i] : [],
      ),
    );
    expect(new Set(fired).size).toBe(fired.length);
  }
});

it.each([30, 400, 4_000])('many hits among %i rules come out in order, each once, run after run', (size) => {
  const rows = Array.from({ length: size }, (_, i) =>
    table.branch('all', [leaf(i % 2 === 0 ? 'k' : 'm', 'in', [i % 16, 1, 2]), leaf('on', 'equal', true)]),
  );
  const built = evaluator(rows);
  for (const [k, m] of [
    [1, 1],
    [2, 5],
    [5, 2],
    [3, 3],
    [1, 99],
  ] as const) {
    const wanted = rows.flatMap((_, i) => ([i % 16, 1, 2].includes(i % 2 === 0 ? k : m) ? [i] : []));
    expect([...built.fired.subarray(0, built.run({ k, m, on: true }, []))]).toEqual(wanted);
    expect(built.run({ k, m, on: false }, [])).toBe(0);
  }
});

it('-0 and 0 are the same key, NaN is none, and a text never meets a number', () => {
  const rows = Array.from({ length: 32 }, (_, i) => leaf('k', 'equal', i));
  expect(firedBy(rows, { k: -0 })).toEqual([0]);
  expect(firedBy(rows, { k: Number.NaN })).toEqual([]);
  expect(firedBy(rows, { k: '3' })).toEqual([]);
  expect(firedBy(rows, {})).toEqual([]);
  const ranges = Array.from({ length: 32 }, (_, i) =>
    table.branch('all', [leaf('k', 'greaterThanInclusive', i), leaf('k', 'lessThanInclusive', i)]),
  );
  // Comparisons, unlike equality, read numbers out of text.
  expect(firedBy(ranges, { k: '3' })).toEqual([3]);
  expect(firedBy(ranges, { k: Number.NaN })).toEqual([]);
});

it('an event costs what can match: of two thousand rules only the few behind its values are looked at', () => {
  let looks = 0;
  const counting = { ...(resolveOperator('contains') ?? never()), test: () => ++looks > 0 };
  const look = table.leaf(slotOf('tags'), counting, { value: 'x' });
  const none = () => 0;
  const kinds: Record<string, { rows: Expression[]; facts: Record<string, unknown>; most: number }> = {
    equality: {
      rows: Array.from({ length: 2_000 }, (_, i) => table.branch('all', [leaf('k', 'equal', i % 1_000), look])),
      facts: { k: 7 },
      most: 2,
    },
    list: {
      rows: Array.from({ length: 2_000 }, (_, i) => table.branch('all', [leaf('k', 'in', [i, i + 2_000]), look])),
      facts: { k: 2_007 },
      most: 1,
    },
    range: {
      rows: Array.from({ length: 2_000 }, (_, i) =>
        table.branch('all', [leaf('k', 'greaterThanInclusive', i), leaf('k', 'lessThan', i + 1), look]),
      ),
      facts: { k: 7.5 },
      most: 1,
    },
    nested: {
      rows: Array.from({ length: 2_000 }, (_, i) =>
        table.branch('all', [leaf('k', 'equal', i % 40), leaf('m', 'equal', Math.floor(i / 40)), look]),
      ),
      facts: { k: 7, m: 3 },
      most: 1,
    },
    mixed: {
      rows: Array.from({ length: 2_000 }, (_, i) =>
        table.branch('all', [i % 2 === 0 ? leaf('k', 'equal', i) : leaf('m', 'equal', i), look]),
      ),
      facts: { k: 8, m: 9 },
      most: 2,
    },
  };
  for (const [name, { rows, facts, most }] of Object.entries(kinds))
    for (const generate of [true, false]) {
      const built = evaluator(rows, generate);
      looks = none();
      expect(built.run(facts, []), name).toBe(most);
      expect(looks, name).toBeLessThanOrEqual(most);
    }
});

it('an index over a slot that few rules read loads it itself', () => {
  const rows = Array.from({ length: 3_000 }, (_, i) =>
    table.branch('all', [leaf('k', 'equal', i), leaf(`odd-${i % 300}`, 'equal', 1)]),
  );
  rows.push(...Array.from({ length: 20 }, (_, i) => leaf('cold-key', 'equal', i)));
  rows.push(
    ...Array.from({ length: 20 }, (_, i) =>
      table.branch('all', [leaf('cold-band', 'greaterThanInclusive', i), leaf('cold-band', 'lessThan', i + 1)]),
    ),
  );
  for (const generate of [true, false]) {
    const built = evaluator(rows, generate);
    expect(built.hot.has(slotOf('cold-key')) || built.hot.has(slotOf('cold-band'))).toBe(false);
    const fired = (facts: Record<string, unknown>) => [...built.fired.subarray(0, built.run(facts, []))];
    expect(fired({ 'cold-key': 3, 'cold-band': 7.5 })).toEqual([3_003, 3_027]);
    expect(fired({ 'cold-key': 4 })).toEqual([3_004]);
    expect(fired({})).toEqual([]);
  }
});
