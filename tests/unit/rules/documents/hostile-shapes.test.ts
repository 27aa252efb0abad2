/** Rules and facts of hostile size and shape: every refusal is coded, and nothing hangs. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WeirError } from '../../../../core/errors.ts';
import { compileRuleSet } from '../../../../rules/compile-rule-set.ts';
import { compileRules } from '../../../../rules/compile-rules.ts';
import { lintRules } from '../../../../rules/lint-rules.ts';
import { validateRuleDocument } from '../../../../rules/validate/validate-rule-document.ts';
import { harmless } from '../../../support/rules/harmless.ts';
import type { Json } from '../../../support/rules/rule-sets.ts';

describe('size and shape', () => {
  const valid = {
    id: 'a',
    version: 1,
    name: 'a',
    on: ['transaction'],
    event: { type: 'fraud', params: { action: 'score', score: 1, code: 'c', message: 'm' } },
  };
  const leaf = { fact: 'transaction', path: '$.amount', operator: 'equal', value: 1 };

  it('whatever is no rule is refused with a code', () => {
    const cyclic: Json = { all: [] };
    (cyclic.all as unknown[]).push(cyclic);
    let deep: Json = leaf;
    for (let i = 0; i < 50_000; i++) deep = { all: [deep] };
    const hostile: unknown[] = [
      undefined,
      null,
      5,
      'x',
      [],
      {},
      () => 1,
      Symbol('x'),
      10n,
      new Map(),
      new Proxy(
        {},
        {
          get: () => {
            throw new Error('no');
          },
        },
      ),
      { ...valid, conditions: cyclic },
      { ...valid, conditions: deep },
      { ...valid, conditions: { all: Array.from({ length: 200_000 }, () => leaf) } },
      { ...valid, conditions: { all: Array.from({ length: 1_001 }, (_, i) => ({ ...leaf, value: i })) } },
      { ...valid, conditions: { all: [{ ...leaf, value: Number.NaN }] } },
      { ...valid, conditions: JSON.parse('{"__proto__":{"all":[]}}') },
      { ...valid, conditions: Object.create({ all: [leaf] }) },
      {
        ...valid,
        conditions: {
          get all() {
            throw new Error('no');
          },
        },
      },
      { ...valid, conditions: { all: [{ ...leaf, fact: 'process' }] } },
      { ...valid, conditions: { all: [{ ...leaf, fact: 'constructor' }] } },
      { ...valid, conditions: { all: [{ ...leaf, fact: '__proto__' }] } },
      { ...valid, conditions: { all: [{ ...leaf, path: `$${'.a'.repeat(1_000)}` }] } },
      { ...valid, conditions: { all: [{ ...leaf, operator: 'not:'.repeat(1_000) }] } },
      { ...valid, conditions: { all: [{ fact: 'ratio', params: nestedRatio(40), operator: 'equal', value: 1 }] } },
    ];
    for (const document of hostile) {
      harmless(() => compileRuleSet(1, [document]));
      expect(validateRuleDocument(document)).toMatchObject({ ok: false });
      expect(lintRules([document]).ok).toBe(false);
      harmless(() => compileRules([document]));
    }
    expect(() =>
      compileRules([{ conditions: { condition: 'a' }, event: { type: 'x' } }], { conditions: { a: cyclic } }),
    ).toThrow(WeirError);
  });

  it('names that double at every level are bounded, not expanded for ever', () => {
    const conditions = Object.fromEntries(
      Array.from({ length: 40 }, (_, i) => [
        `c${i}`,
        { all: [{ condition: `c${i + 1}` }, { condition: `c${i + 1}` }] },
      ]),
    );
    const started = performance.now();
    expect(() =>
      compileRules([{ conditions: { condition: 'c0' }, event: { type: 'x' } }], {
        conditions: { ...conditions, c40: { all: [leaf] } },
      }),
    ).toThrow(WeirError);
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  it('hostile facts never throw and never hang', () => {
    const set = compileRuleSet(1, [
      {
        ...valid,
        conditions: {
          any: [
            leaf,
            { ...leaf, operator: 'greaterThan' },
            { fact: 'customer', path: '$..x', operator: 'contains', value: 1 },
            { fact: 'customer', path: '$.*', operator: 'someFact:greaterThan', value: 1 },
            { ...leaf, operator: 'in', value: ['a'] },
          ],
        },
      },
    ]);
    const cyclic: Json = { x: 1 };
    cyclic.self = cyclic;
    cyclic.other = [cyclic, cyclic];
    const refusing = { valueOf: () => ({}), toString: () => ({}) };
    for (const hostile of [
      cyclic,
      refusing,
      Object.create(null),
      [[[[]]]],
      'x'.repeat(1_000_000),
      Symbol.iterator,
      10n,
      new Date(Number.NaN),
      Object.freeze({}),
    ]) {
      const input = {
        type: 'transaction' as const,
        facts: { transaction: { amount: hostile }, customer: hostile },
        values: [],
      };
      expect(() => set.evaluate(input)).not.toThrow();
      expect(() => set.explain(input)).not.toThrow();
    }
  });

  it('any JSON at all is taken or refused with a code', () => {
    const names = fc.constantFrom(
      'conditions',
      'all',
      'any',
      'not',
      'condition',
      'fact',
      'params',
      'path',
      'operator',
      'value',
      'event',
      'type',
      'id',
      'version',
      'on',
      'name',
      '__proto__',
      'constructor',
      'x',
    );
    const { json } = fc.letrec<{ json: unknown }>((tie) => ({
      json: fc.oneof(
        { maxDepth: 6 },
        fc.constantFrom<unknown>('transaction', 'equal', '$.amount', 'window', 'ratio', 1, null, true, ''),
        fc.array(tie('json'), { maxLength: 3 }),
        fc.dictionary(names, tie('json'), { maxKeys: 6, noNullPrototype: true }),
      ),
    }));
    fc.assert(
      fc.property(json, (document) => {
        harmless(() => compileRuleSet(1, [document]));
        harmless(() => compileRuleSet(1, [{ ...valid, conditions: document }]));
        harmless(() => compileRules([document]));
        harmless(() =>
          compileRules([{ conditions: document, event: { type: 'x', params: document } }], {
            replaceFactsInEventParams: true,
          }),
        );
        expect(() => lintRules([{ ...valid, conditions: document }])).not.toThrow();
      }),
      { numRuns: 3_000, seed: 11 },
    );
  });
});

function nestedRatio(depth: number): Json {
  const operand: Json =
    depth === 0 ? { fact: 'transaction', path: '$.amount' } : { fact: 'ratio', params: nestedRatio(depth - 1) };
  return { of: operand, to: { fact: 'transaction', path: '$.amount' } };
}
