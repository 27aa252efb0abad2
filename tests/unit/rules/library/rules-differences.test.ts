/** Each deliberate difference of docs/rules-differences.md: what json-rules-engine does, and what Weir does instead. */
import { readFileSync } from 'node:fs';
import { Engine } from 'json-rules-engine';
import { describe, expect, it } from 'vitest';
import { compileRules } from '../../../../rules/compile-rules.ts';
import { lintRules } from '../../../../rules/lint-rules.ts';

type Json = Record<string, unknown>;

const rule = (conditions: Json, more: Json = {}) => ({ conditions, event: { type: 'hit' }, ...more });
const compare = (fact: string, operator: string, value: unknown, more: Json = {}) => ({
  fact,
  operator,
  value,
  ...more,
});
const theirs = (rules: Json[], facts: Json, options: Json = {}) =>
  new Engine(rules as never, options as never).run(facts);
const codeOf = (call: () => unknown): string => {
  try {
    call();
    return 'nothing';
  } catch (error) {
    return (
      (error as { problems?: { code: string }[]; code: string }).problems?.[0]?.code ?? (error as { code: string }).code
    );
  }
};

const TESTS: Record<string, () => Promise<void> | void> = {
  D1: async () => {
    const rules = [rule({ all: [{ any: [] }] })];
    expect((await theirs(rules, {})).events).toHaveLength(1);
    expect(codeOf(() => compileRules(rules))).toBe('rule.empty');
    expect(compileRules(rules, { emptyConditions: 'match' }).evaluate({}).events).toHaveLength(1);
  },
  D2: async () => {
    const rules = [rule({ all: [compare('x', 'equal', 1)] })];
    const facts = { x: async () => 1 };
    expect((await theirs(rules, facts)).events).toHaveLength(1);
    const weir = compileRules(rules);
    expect(codeOf(() => weir.evaluate(facts))).toBe('rule.async_fact');
    expect((await weir.evaluateAsync(facts)).events).toHaveLength(1);
    expect((await weir.evaluateAsync({ x: Promise.resolve(1) })).events).toHaveLength(1);
    expect(weir.evaluate({ x: () => 1 }).events).toHaveLength(1);
  },
  D3: async () => {
    const slow = async () => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      return 1;
    };
    const rules = [
      rule({ all: [compare('x', 'equal', 1)] }, { priority: 2 }),
      rule({ all: [compare('y', 'equal', 1)] }),
    ];
    const engine = new Engine(rules as never);
    const overlapping = await Promise.all([engine.run({ x: slow, y: 1 }), engine.run({ x: 1, y: 1 })]);
    expect(overlapping.map(({ events }) => events.length).sort()).toEqual([1, 2]);
    const weir = compileRules(rules);
    const ours = await Promise.all([
      weir.evaluateAsync({ x: slow, y: 1 }),
      weir.evaluateAsync({ x: 1, y: 1 }),
      weir.evaluateAsync({ x: slow, y: 0 }),
    ]);
    expect(ours.map(({ events }) => events.length)).toEqual([2, 2, 1]);
    // An operator of the user's that evaluates the same rules in the middle of an evaluation.
    const nested = compileRules(
      [rule({ all: [compare('x', 'inner', 1)] }), rule({ all: [compare('y', 'greaterThan', 3)] })],
      {
        operators: { inner: (fact) => fact === 1 && nested.evaluate({ x: 0, y: 9 }).events.length === 1 },
      },
    );
    expect(nested.evaluate({ x: 1, y: 2 }).events).toHaveLength(1);
  },
  D4: async () => {
    const rules = [
      rule({ any: [compare('x', 'in', 5)] }),
      rule({ any: [compare('x', 'not:someValue:equal', 5)] }),
      rule({ any: [compare('x', 'equal', 1)] }),
    ];
    await expect(theirs(rules, { x: 1 })).rejects.toThrow(TypeError);
    expect(
      compileRules(rules)
        .evaluate({ x: 1 })
        .results.map(({ conditions }) => conditions.any),
    ).toHaveLength(1);
  },
  D5: async () => {
    const rules = [rule({ any: [compare('there', 'equal', 1, { priority: 9 }), compare('missing', 'equal', 1)] })];
    expect((await theirs(rules, { there: 1 })).events).toHaveLength(1);
    await expect(theirs(rules, { there: 0 })).rejects.toThrow('Undefined fact');
    const weir = compileRules(rules);
    expect(codeOf(() => weir.evaluate({ there: 1 }))).toBe('rule.undefined_fact');
    expect(codeOf(() => weir.evaluate({ there: 0 }))).toBe('rule.undefined_fact');
    expect(weir.evaluate({ there: 0, missing: undefined }).events).toHaveLength(0);
    expect(compileRules(rules, { allowUndefinedFacts: true }).evaluate({ there: 1 }).events).toHaveLength(1);
  },
  D6: async () => {
    const deep = { all: [{ any: [{ all: [compare('x', 'equal', 1)] }] }] };
    const rules = [
      rule(deep, { event: { type: 'first' } }),
      rule({ all: [compare('x', 'equal', 1)] }, { event: { type: 'second' } }),
    ];
    expect((await theirs(rules, { x: 1 })).events.map(({ type }) => type)).toEqual(['second', 'first']);
    expect(
      compileRules(rules)
        .evaluate({ x: 1 })
        .events.map(({ type }) => type),
    ).toEqual(['first', 'second']);
  },
  D7: () => {
    const reads = rule({ all: [compare('added', 'equal', true)] });
    const adds = (priority: number) =>
      rule(
        { all: [compare('x', 'equal', 1)] },
        {
          priority,
          onSuccess: (_: unknown, almanac: { addFact(name: string, value: unknown): void }) =>
            almanac.addFact('added', true),
        },
      );
    const options = { allowUndefinedFacts: true };
    expect(compileRules([adds(1), reads], options).evaluate({ x: 1 }).events).toHaveLength(1);
    expect(compileRules([adds(2), reads], options).evaluate({ x: 1 }).events).toHaveLength(2);
    expect(compileRules([adds(2), reads], options).evaluate({ x: 0 }).events).toHaveLength(0);
  },
  D8: () => {
    const ordered = (a: number, b: number) =>
      compileRules([
        rule({ all: [compare('x', 'greaterThan', 1, { priority: a }), compare('y', 'equal', 1, { priority: b })] }),
      ]);
    for (const facts of [
      { x: 2, y: 1 },
      { x: 2, y: 0 },
      { x: 0, y: 1 },
    ])
      expect(ordered(1, 9).evaluate(facts).events).toEqual(ordered(9, 1).evaluate(facts).events);
  },
  D9: () => {
    for (const path of ['$.a[?(@.b > 1)]', '$.a[(@.length - 1)]', '$..[?(@.constructor)]'])
      expect(codeOf(() => compileRules([rule({ all: [compare('x', 'equal', 1, { path })] })]))).toBe('rule.bad_path');
  },
  D10: async () => {
    const rules = [rule({ all: [compare('x', 'equal', 1, { priority: 5 }), compare('y', 'equal', 2)] })];
    const leaf = (result: unknown) =>
      (result as { conditions: { all: { result?: boolean; factResult?: unknown }[] } }).conditions.all[1];
    expect(leaf((await theirs(rules, { x: 0, y: 2 })).failureResults[0])?.result).toBeUndefined();
    expect(leaf(compileRules(rules).evaluate({ x: 0, y: 2 }).failureResults[0])).toMatchObject({
      result: true,
      factResult: 2,
    });
  },
  D11: async () => {
    const truthy = (() => 1) as unknown as () => boolean;
    const rules = [rule({ all: [compare('x', 'truthy', 1)] })];
    const engine = new Engine(rules as never);
    engine.addOperator('truthy', truthy as never);
    expect((await engine.run({ x: 1 })).events).toHaveLength(1);
    expect(compileRules(rules, { operators: { truthy } }).evaluate({ x: 1 }).events).toHaveLength(0);
  },
  D12: () => {
    const conditions = { a: { all: [{ condition: 'b' }] }, b: { not: { condition: 'a' } } };
    expect(codeOf(() => compileRules([rule({ condition: 'a' })], { conditions }))).toBe('rule.cyclic');
  },
  D13: async () => {
    const rules = [rule({ all: [compare('x', 'equal', 1)], any: [compare('x', 'equal', 2)] })];
    expect((await theirs(rules, { x: 2 })).events).toHaveLength(1);
    expect(codeOf(() => compileRules(rules))).toBe('rule.invalid');
  },
  D14: () => {
    const event = { type: 'fraud', params: { action: 'score', score: 1, code: 'c', message: 'm' } };
    const document = (value: unknown, operator = 'equal') => ({
      id: 'r',
      version: 1,
      name: 'r',
      on: ['transaction'],
      event,
      conditions: { all: [compare('transaction', operator, value, { path: '$.amount' })] },
    });
    expect(lintRules([document(99.5)]).problems[0]).toMatchObject({
      code: 'rule.bad_value',
      pointer: '/0/conditions/all/0/value',
    });
    expect(lintRules([document(9_950)]).ok).toBe(true);
    expect(
      compileRules([rule({ all: [compare('a', 'equal', 9_007_199_254_740_991)] })]).evaluate({
        a: 9_007_199_254_740_990,
      }).events,
    ).toEqual([]);
  },
  D15: async () => {
    const rules = [rule({ all: [compare('x', 'equal', 1)] }, { event: { type: 'hit', params: { list: [1] } } })];
    expect(Object.isFrozen((await theirs(rules, { x: 1 })).events[0])).toBe(false);
    const weir = compileRules(rules);
    const [first] = weir.evaluate({ x: 1 }).events;
    expect(Object.isFrozen(first?.params?.list)).toBe(true);
    expect(weir.evaluate({ x: 1 }).events[0]).toBe(first);
    expect(Object.isFrozen((rules[0] as { event: Json }).event)).toBe(false);
  },
  D16: async () => {
    const rules = [rule({ all: [compare('x', 'equal', { fact: 'x', path: '$[*]' }, { path: '$[*]' })] })];
    expect((await theirs(rules, { x: [1, 2] })).events).toHaveLength(0);
    expect(compileRules(rules).evaluate({ x: [1, 2] }).events).toHaveLength(1);
  },
  D17: async () => {
    class Payment {
      readonly #amount = 5;
      get amount() {
        return this.#amount;
      }
    }
    const of = (path: string, operator: string, value: unknown) => [
      rule({ all: [compare('x', operator, value, { path })] }),
    ];
    expect((await theirs(of('$.amount', 'equal', 5), { x: new Payment() })).events).toHaveLength(0);
    for (const generate of [true, false]) {
      const fires = (path: string, operator: string, value: unknown, x: unknown) =>
        compileRules(of(path, operator, value), { generate }).evaluate({ x }).events.length;
      expect(fires('$.amount', 'equal', 5, new Payment())).toBe(1);
      expect(fires('$.constructor', 'equal', undefined, new Payment())).toBe(1);
      expect(fires('$.constructor', 'equal', 3, { constructor: 3 })).toBe(1);
      expect(fires('$.a.constructor.name', 'notEqual', undefined, { a: [] })).toBe(0);
    }
  },
};

const TABLE = readFileSync(new URL('../../../../docs/rules-differences.md', import.meta.url), 'utf8');

describe('deliberate differences', () => {
  it('the documented ones are the tested ones', () => {
    expect([...TABLE.matchAll(/^\| (D\d+) \|/gm)].map((match) => match[1])).toEqual(Object.keys(TESTS));
  });

  for (const [name, test] of Object.entries(TESTS)) {
    const line = TABLE.split('\n').find((one) => one.startsWith(`| ${name} |`));
    it(`${name}: ${line?.split('|')[3]?.trim()}`, test);
  }
});
