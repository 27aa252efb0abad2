/** The index finds exactly what a scan finds. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createEvaluator, drain } from '../../../rules/compiler/evaluator.ts';
import { type Expression, ExpressionTable } from '../../../rules/compiler/expression.ts';
import { chunksOf, generateChunk } from '../../../rules/compiler/generate-chunk.ts';
import { Program, ProgramBuilder } from '../../../rules/compiler/program.ts';
import { SlotFile } from '../../../rules/compiler/slot-file.ts';
import { SlotTable } from '../../../rules/compiler/slot-table.ts';
import { accessKeysOf, withoutKey } from '../../../rules/index/access-keys.ts';
import { buildMatcher } from '../../../rules/index/build-matcher.ts';
import { chooseKey, INDEXED_ROWS_MIN } from '../../../rules/index/choose-key.ts';
import { IntervalTree } from '../../../rules/index/interval-tree.ts';
import {
  ChunkMatcher,
  EqualityMatcher,
  ProgramMatcher,
  RangeMatcher,
  SequenceMatcher,
} from '../../../rules/index/matcher.ts';
import { resolveOperator } from '../../../rules/language/operators.ts';

const table = new ExpressionTable();
const slots = new SlotTable();
const slotOf = (name: string) => slots.add({ kind: 'fact', name }).index;

function leaf(name: string, operator: string, value: unknown): Expression {
  const resolved = resolveOperator(operator);
  if (resolved === undefined) throw new Error(operator);
  return table.leaf(slotOf(name), resolved, { value });
}

function evaluator(rows: Expression[], generate = true) {
  return drain(createEvaluator(slots.slots, rows, table, { generate, selectivity: new Map() }));
}

function firedBy(rows: Expression[], facts: Record<string, unknown>, generate = true): number[] {
  const built = evaluator(rows, generate);
  return [...built.fired.subarray(0, built.run(facts, []))];
}

const bound = fc.oneof(
  fc.integer({ min: -5, max: 5 }),
  fc.constantFrom(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, -0),
);
const interval = fc.record({ low: bound, lowOpen: fc.boolean(), high: bound, highOpen: fc.boolean() });
const holds = (i: { low: number; lowOpen: boolean; high: number; highOpen: boolean }, x: number) =>
  (i.low === Number.NEGATIVE_INFINITY || (i.lowOpen ? x > i.low : x >= i.low)) &&
  (i.high === Number.POSITIVE_INFINITY || (i.highOpen ? x < i.high : x <= i.high)) &&
  i.low !== Number.POSITIVE_INFINITY &&
  i.high !== Number.NEGATIVE_INFINITY;

it('the interval tree finds the intervals that hold a number, each once, open and closed ends exact', () => {
  fc.assert(
    fc.property(
      fc.array(interval, { maxLength: 40 }),
      fc.oneof(fc.integer({ min: -7, max: 7 }), fc.double({ min: -7, max: 7 })),
      (intervals, x) => {
        const found = new Int32Array(intervals.length);
        const count = new IntervalTree(intervals).query(x, found);
        const wanted = Number.isNaN(x) ? [] : intervals.flatMap((one, i) => (holds(one, x) ? [i] : []));
        expect([...found.subarray(0, count)].sort((a, b) => a - b)).toEqual(wanted);
      },
    ),
    { numRuns: 3_000, seed: 3 },
  );
});

it('an interval tree answers infinities and NaN', () => {
  const tree = new IntervalTree([
    { low: 1, lowOpen: false, high: Number.POSITIVE_INFINITY, highOpen: false },
    { low: Number.NEGATIVE_INFINITY, lowOpen: false, high: 1, highOpen: true },
  ]);
  const found = new Int32Array(2);
  expect(tree.query(Number.POSITIVE_INFINITY, found)).toBe(1);
  expect(found[0]).toBe(0);
  expect(tree.query(Number.NEGATIVE_INFINITY, found)).toBe(1);
  expect(found[0]).toBe(1);
  expect(tree.query(Number.NaN, found)).toBe(0);
  expect(new IntervalTree([]).query(1, found)).toBe(0);
});

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

it('a slot that few rules read is loaded when a rule gets to it, and no earlier event shows through', () => {
  const count = 200;
  const rows = Array.from({ length: count }, (_, i) =>
    table.branch('all', [leaf('k', 'equal', i), leaf(`rare-${i}`, 'greaterThan', 5), leaf(`word-${i}`, 'equal', 'x')]),
  );
  for (const generate of [true, false]) {
    const built = evaluator(rows, generate);
    expect(built.hot.has(slotOf('rare-7'))).toBe(false);
    expect(built.run({ k: 7, 'rare-7': 6, 'word-7': 'x' }, [])).toBe(1);
    expect(built.run({ k: 7, 'rare-7': 5, 'word-7': 'x' }, [])).toBe(0);
    expect(built.run({ k: 7, 'word-7': 'x' }, [])).toBe(0);
    expect(built.run({ k: 7, 'rare-7': '6', 'word-7': 'x' }, [])).toBe(1);
    expect(built.run({ k: 7, 'rare-7': 6 }, [])).toBe(0);
  }
});

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

function never(): never {
  throw new Error('never');
}

/** What an expression means, in the plainest way. */
function meaning(expression: Expression, facts: Record<string, unknown>): boolean {
  switch (expression.kind) {
    case 'constant':
      return expression.value;
    case 'not':
      return !meaning(expression.child, facts);
    case 'leaf': {
      const read = (slot: number) => {
        const source = slots.slots[slot]?.source;
        return source?.kind === 'fact' ? facts[source.name] : undefined;
      };
      return expression.operator.test(
        read(expression.slot),
        expression.rightSlot === undefined ? expression.value : read(expression.rightSlot),
      );
    }
    default: {
      const parts = expression.children.map((child) => meaning(child, facts));
      return expression.kind === 'all' ? parts.every(Boolean) : parts.some(Boolean);
    }
  }
}

it('chunks, programs and every shape of index mean what the expressions mean', () => {
  const names = fc.constantFrom('p', 'q', 'r');
  const number = fc.integer({ min: 0, max: 12 });
  const operators = fc.constantFrom(
    'greaterThan',
    'greaterThanInclusive',
    'lessThan',
    'lessThanInclusive',
    'equal',
    'notEqual',
  );
  const comparison = fc.oneof(
    fc
      .tuple(names, operators, fc.oneof(number, number.map(String), fc.boolean()))
      .map(([name, operator, value]) => leaf(name, operator, value)),
    fc
      .tuple(names, fc.constantFrom('in', 'notIn'), fc.array(number, { maxLength: 7 }))
      .map(([name, operator, value]) => leaf(name, operator, value)),
    fc
      .tuple(names, fc.constantFrom('not:equal', 'contains', 'someFact:equal'), number)
      .map(([name, operator, value]) => leaf(name, operator, value)),
    fc
      .tuple(names, operators, names)
      .map(([name, operator, other]) =>
        table.leaf(slotOf(name), resolveOperator(operator) ?? never(), { slot: slotOf(other) }),
      ),
  );
  const { tree } = fc.letrec<{ tree: Expression }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 3 },
      comparison,
      fc
        .tuple(fc.constantFrom('all' as const, 'any' as const), fc.array(tie('tree'), { minLength: 1, maxLength: 3 }))
        .map(([kind, children]) => table.branch(kind, children)),
      tie('tree').map((child) => table.not(child)),
    ),
  }));
  const keyed = fc.tuple(
    fc.oneof(
      fc.tuple(names, number).map(([name, value]) => leaf(name, 'equal', value)),
      fc
        .tuple(names, number, fc.integer({ min: 0, max: 2 }))
        .map(([name, low, width]) =>
          table.branch('all', [leaf(name, 'greaterThanInclusive', low), leaf(name, 'lessThan', low + width)]),
        ),
    ),
    tree,
  );
  const row = fc.oneof(
    tree,
    keyed.map((parts) => table.branch('all', parts)),
    keyed.map((parts) => table.branch('all', parts)),
  );
  const value = fc.oneof(
    number,
    number,
    number.map(String),
    fc.constantFrom<unknown>(undefined, null, true, [3], Number.NaN, 'x'),
  );
  fc.assert(
    fc.property(
      fc.array(row, { minLength: 1, maxLength: 60 }),
      fc.array(fc.record({ p: value, q: value, r: value }), { minLength: 8, maxLength: 8 }),
      (rows, many) => {
        const built = [evaluator(rows), evaluator(rows, false)];
        for (const facts of many) {
          const wanted = rows.flatMap((one, i) => (meaning(one, facts) ? [i] : []));
          for (const one of built) expect([...one.fired.subarray(0, one.run(facts, []))]).toEqual(wanted);
        }
      },
    ),
    { numRuns: 150, seed: 17 },
  );
});

it('a ratio among the slots is computed after its operands, loaded early or late', () => {
  const of = slotOf('upper');
  const to = slotOf('lower');
  const ratio = slots.add({ kind: 'ratio', of, to }).index;
  const over = table.leaf(ratio, resolveOperator('greaterThan') ?? never(), { value: 2 });
  const many = Array.from({ length: 200 }, (_, i) =>
    table.branch('all', [leaf('k', 'equal', i), leaf(`single-${i}`, 'equal', 1), ...(i === 5 ? [over] : [])]),
  );
  for (const generate of [true, false])
    for (const rows of [[over], many]) {
      const built = evaluator(rows, generate);
      const run = (facts: Record<string, unknown>) => built.run({ k: 5, 'single-5': 1, ...facts }, []);
      expect(run({ upper: 9, lower: 3 })).toBe(1);
      expect(run({ upper: 9, lower: 5 })).toBe(0);
      expect(run({ upper: 9, lower: 0 })).toBe(0);
      expect(run({ upper: 9 })).toBe(0);
      expect(run({ upper: '9', lower: 3 })).toBe(0);
    }
});

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
  // Of a run of ids such as 1, 2, …, 12, 112 no two sets may have one key.
  const many = Array.from({ length: 130 }, (_, i) => leaf('ids', 'greaterThan', 1_000 + i));
  const pairs = new Set(many.flatMap((one, i) => many.slice(i + 1).map((other) => table.branch('all', [one, other]))));
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
