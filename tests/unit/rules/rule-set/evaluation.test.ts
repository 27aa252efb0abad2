/** Which rules fire, in what order, however the rule set was compiled. */
import { describe, expect, it } from 'vitest';
import { ByteWriter } from '../../../../core/codec/byte-writer.ts';
import {
  createFacts,
  createRules,
  createSelectiveRules,
  toRuleDocument,
} from '../../../../loadtest/bench/rules-workload.ts';
import { compileRuleSet, compileRuleSetInSlices } from '../../../../rules/compile-rule-set.ts';
import { ExpressionTable } from '../../../../rules/compiler/expression.ts';
import { orderConditions } from '../../../../rules/compiler/order-conditions.ts';
import { SlotTable } from '../../../../rules/compiler/slot-table.ts';
import { type ResolvedOperator, resolveOperator } from '../../../../rules/language/operators.ts';
import type { RuleSet } from '../../../../rules/ruleset.ts';
import { document, idsOf, input, type Json, window } from '../../../support/rules/rule-sets.ts';

describe('evaluation', () => {
  const by = (amount: number) => ({
    all: [{ fact: 'transaction', path: '$.amount', operator: 'greaterThan', value: amount }],
  });

  it('gives the rules that fired, highest priority first, then in document order', () => {
    const set = compileRuleSet(1, [
      document('low', by(0)),
      document('high', by(0), { priority: 9 }),
      document('none', by(99)),
      document('second', by(0)),
      document('mid', by(0), { priority: 5 }),
    ]);
    expect(idsOf(set, input({ transaction: { amount: 5 } }))).toEqual(['high', 'mid', 'low', 'second']);
  });

  it('evaluates a rule on its event types only', () => {
    const set = compileRuleSet(1, [
      document(
        'a',
        { all: [{ fact: 'customer', path: '$.x', operator: 'equal', value: 1 }] },
        { on: ['location', 'bill'] },
      ),
    ]);
    expect(idsOf(set, input({ customer: { x: 1 } }, [], 'location'))).toEqual(['a']);
    expect(idsOf(set, input({ customer: { x: 1 } }))).toEqual([]);
    expect(set.explain(input({ customer: { x: 1 } }))).toEqual([]);
    expect(set.trace(input({ customer: { x: 1 } }))).toHaveLength(0);
  });

  it('no facts at all fire nothing but what asks for absence, and throw nothing', () => {
    const set = compileRuleSet(1, [
      document('present', by(0)),
      document('absent', { all: [{ fact: 'device', path: '$.id', operator: 'notEqual', value: 'd' }] }),
      document('ratio', {
        all: [
          { fact: 'ratio', params: { of: window({}), to: window({ last: '1d' }) }, operator: 'lessThan', value: 1e9 },
        ],
      }),
    ]);
    for (const facts of [
      {},
      { transaction: null },
      { transaction: { amount: {} } },
      { transaction: [] },
      { transaction: { amount: null }, device: undefined },
    ] as Json[])
      expect(idsOf(set, input(facts))).toEqual(['absent']);
  });

  it('a ratio is undefined where an operand is missing or the divisor is 0', () => {
    const set = compileRuleSet(1, [
      document('a', {
        all: [
          {
            fact: 'ratio',
            params: { of: window({}), to: window({ last: '1d' }) },
            operator: 'greaterThanInclusive',
            value: -1e9,
          },
        ],
      }),
    ]);
    expect(idsOf(set, input({}, [3, 2]))).toEqual(['a']);
    expect(idsOf(set, input({}, [0, 2]))).toEqual(['a']);
    for (const values of [[3, 0], [undefined, 2], [3, undefined], ['3', 2], []])
      expect(idsOf(set, input({}, values))).toEqual([]);
    expect(set.explain(input({}, [3, 2]))[0]?.conditions.children?.[0]?.actual).toBe(1.5);
  });

  it('generated code, interpreter and explanation agree on every event, traced or not', () => {
    for (const rules of [createRules(60, 0.3, 1), createRules(300, 0.05, 2), createSelectiveRules(400, 3)]) {
      const documents = rules.map(toRuleDocument);
      const sets = [compileRuleSet(1, documents), compileRuleSet(1, documents, { generate: false })];
      for (const facts of createFacts(60, 4)) {
        const velocity = facts.velocity as Record<string, number>;
        const values = (sets[0] as RuleSet).requirements.map(({ kind }, i) =>
          kind === 'travel' ? facts.travel : [velocity.count1h, velocity.sum1d, velocity.distinctMerchants][i % 3],
        );
        const one = input({ transaction: facts.transaction, customer: facts.customer }, values);
        const explained = (sets[0] as RuleSet)
          .explain(one)
          .filter(({ fired }) => fired)
          .map(({ ruleId }) => ruleId);
        for (const set of sets) {
          expect(idsOf(set, one)).toEqual(explained);
          expect(set.evaluateTraced(one, new ByteWriter()).map(({ id }) => id)).toEqual(explained);
        }
      }
    }
  });

  it('statistics of live traffic change the order of work and no result', () => {
    const documents = createRules(100, 0.2, 8).map(toRuleDocument);
    const plain = compileRuleSet(1, documents);
    const inputs = createFacts(100, 9).map((facts) => input(facts, [5, { speedKmh: 900 }, 100, 3]));
    for (const one of inputs.slice(0, 3)) plain.sample(one);
    expect(plain.selectivity.size).toBe(0);
    // Each sample looks at some of the comparisons: all of them have been seen often after these.
    for (let round = 0; round < 4; round++) for (const one of inputs) plain.sample(one);
    const { selectivity } = plain;
    expect(selectivity.size).toBeGreaterThan(50);
    for (const share of selectivity.values()) expect(share >= 0 && share <= 1).toBe(true);
    const measured = compileRuleSet(1, documents, { selectivity });
    for (const one of inputs) expect(idsOf(measured, one)).toEqual(idsOf(plain, one));
  });

  it('the comparison that decides most cheaply comes first, by statistics where there are some', () => {
    const slots = new SlotTable();
    const table = new ExpressionTable();
    const leaf = (name: string, operator: string, value: unknown) =>
      table.leaf(slots.add({ kind: 'fact', name }).index, resolveOperator(operator) as ResolvedOperator, { value });
    const [tags, rare, common, over] = [
      leaf('tags', 'contains', 'x'),
      leaf('city', 'equal', 'a'),
      leaf('city', 'notEqual', 'b'),
      leaf('amount', 'greaterThan', 5),
    ];
    const order = (kind: 'all' | 'any', shares: Record<number, number> = {}) => {
      const ordered = orderConditions(table.branch(kind, [tags, common, over, rare]), table, ({ id }) => shares[id]);
      return ordered.kind === kind ? ordered.children : [];
    };
    expect(order('all')).toEqual([over, rare, tags, common]);
    expect(order('any')).toEqual([common, over, rare, tags]);
    expect(order('all', { [over.id]: 0.999, [common.id]: 0.01 })).toEqual([common, rare, tags, over]);
    const custom = table.leaf(
      0,
      { ...(resolveOperator('equal') as ResolvedOperator), builtIn: undefined, custom: true },
      { value: 1 },
    );
    expect(orderConditions(table.branch('all', [custom, tags, over]), table, () => undefined)).toMatchObject({
      children: [over, tags, custom],
    });
  });

  it('compiling in slices gives the same rule set', () => {
    const documents = createRules(500, 0.1, 1).map(toRuleDocument);
    const slices = compileRuleSetInSlices(7, documents);
    let count = 0;
    let step = slices.next();
    for (; step.done !== true; step = slices.next()) count++;
    expect(count).toBeGreaterThan(20);
    const whole = compileRuleSet(7, documents);
    for (const facts of createFacts(30, 2)) expect(idsOf(step.value, input(facts))).toEqual(idsOf(whole, input(facts)));
  });

  it('two documents with one id are refused', () => {
    expect(() => compileRuleSet(1, [document('a', by(1)), document('a', by(2))])).toThrowError(
      expect.objectContaining({ problems: [expect.objectContaining({ code: 'rule.duplicate', pointer: '/1/id' })] }),
    );
  });
});
