/** An evaluator means what its expressions mean, generated or interpreted, over slots loaded early or late. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Expression } from '../../../../rules/compiler/expression.ts';
import { resolveOperator } from '../../../../rules/language/operators.ts';
import { evaluator, leaf, never, slotOf, slots, table } from '../../../support/rules/expressions.ts';

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
