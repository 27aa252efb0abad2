/** Rules from somebody who means harm: nothing is read or written outside the facts, nothing runs, every refusal is coded. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WeirError } from '../../../core/errors.ts';
import { compileRuleSet } from '../../../rules/compile-rule-set.ts';
import { compileRules } from '../../../rules/compile-rules.ts';
import { SourceBuilder } from '../../../rules/compiler/source-builder.ts';
import { lintRules } from '../../../rules/lint-rules.ts';
import { validateRuleDocument } from '../../../rules/validate/validate-rule-document.ts';

type Json = Record<string, unknown>;
const INJECTIONS = [
  '");globalThis.pwned=1;("',
  "');globalThis.pwned=1;('",
  '`);globalThis.pwned=1;(`',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: that it is no template is the point.
  '${globalThis.pwned=1}',
  '];globalThis.pwned=1;[',
  '}globalThis.pwned=1;{',
  '*/globalThis.pwned=1/*',
  '\n;globalThis.pwned=1;//',
  '\u2028globalThis.pwned=1//',
  '\\u0022;globalThis.pwned=1;',
  'constructor',
  '__proto__',
  'prototype',
  'toString',
  'k0',
  'K',
  's',
  'n',
  'this',
  'eval',
  'arguments',
  'constructor.constructor',
  '\0',
  '\uD800',
];

function harmless(call: () => unknown): void {
  try {
    call();
  } catch (error) {
    expect(error).toBeInstanceOf(WeirError);
  }
  expect((globalThis as Json).pwned).toBeUndefined();
  expect(({} as Json).polluted).toBeUndefined();
  expect(Object.keys(Object.prototype)).toEqual([]);
}

describe('injection', () => {
  it.each(INJECTIONS)('%j as name, path, value, operator, id, event or params runs nothing', (text) => {
    const paths = [text, `$.${text}`, `$['${text}']`, `$["${text}"]`, `$[${text}]`, `$..${text}`];
    for (const path of paths) {
      const rules = [
        {
          conditions: { all: [{ fact: text, operator: 'equal', value: text }] },
          event: { type: text, params: { [text]: { fact: text } } },
          name: text,
        },
        { conditions: { all: [{ fact: 'x', path, operator: 'equal', value: text }] }, event: { type: 'hit' } },
        { conditions: { all: [{ fact: 'x', operator: 'in', value: [text] }] }, event: { type: 'hit' } },
        {
          conditions: {
            all: [{ fact: 'x', params: { [text]: text }, operator: 'greaterThan', value: { fact: text, path } }],
          },
          event: { type: 'hit' },
        },
        { conditions: { all: [{ condition: text }] }, event: { type: 'hit' } },
        { conditions: { all: [{ fact: 'x', operator: text, value: 1 }] }, event: { type: 'hit' } },
      ];
      for (const rule of rules)
        for (const generate of [true, false])
          harmless(() => {
            const compiled = compileRules([rule], {
              allowUndefinedFacts: true,
              allowUndefinedConditions: true,
              replaceFactsInEventParams: true,
              generate,
            });
            const facts = Object.fromEntries([
              ['x', Object.fromEntries([[text, text]])],
              [text, text],
            ]);
            expect(JSON.parse(JSON.stringify(compiled.evaluate(facts)))).toBeDefined();
            compiled.explain(facts, 'nobody');
          });
    }
    harmless(() =>
      compileRuleSet(1, [
        {
          id: text,
          version: 1,
          name: text,
          on: [text],
          conditions: { all: [{ fact: text, path: text, operator: text, value: text }] },
          event: { type: text },
        },
      ]),
    );
  });

  it('a hostile name is a name like any other where facts have it', () => {
    for (const name of INJECTIONS) {
      const facts = { x: Object.fromEntries([[name, 1]]) };
      // Quotes and brackets cannot be written into a quoted name.
      if (/['"\]]/.test(name)) continue;
      const compiled = compileRules([
        {
          conditions: { all: [{ fact: 'x', path: `$['${name}']`, operator: 'equal', value: 1 }] },
          event: { type: 'hit' },
        },
      ]);
      expect(compiled.evaluate(facts).events, name).toHaveLength(1);
      expect(compiled.evaluate({ x: {} }).events, name).toHaveLength(0);
    }
  });

  it('no path reaches a prototype or a function of the language', () => {
    for (const path of [
      '$.constructor',
      '$.__proto__',
      '$.constructor.constructor',
      '$.toString',
      "$['hasOwnProperty']",
      '$.a.constructor',
      '$.list.map',
      '$.list.constructor',
      '$.text.at',
    ])
      for (const generate of [true, false]) {
        const compiled = compileRules(
          [
            {
              conditions: { all: [{ fact: 'x', path, operator: 'notEqual', value: 'never' }] },
              event: { type: 'hit', params: { leak: { fact: 'x', path } } },
            },
          ],
          { replaceFactsInEventParams: true, generate },
        );
        expect(compiled.evaluate({ x: { a: {}, list: [1], text: 't' } }).events[0]?.params).toEqual({
          leak: undefined,
        });
      }
  });

  it('the builder writes out no text but its own', () => {
    const builder = new SourceBuilder();
    for (const text of INJECTIONS) {
      expect(String(builder.value(text))).toMatch(/^k\d+$/);
      expect(String(builder.member(builder.join`x`, text) ?? '')).toMatch(/^(x\.[A-Za-z_$][\w$]*)?$/);
    }
    for (const number of [0, -0, -1, 1e21, 1e-7, Number.MAX_VALUE, Number.NaN, Number.POSITIVE_INFINITY])
      expect(String(builder.number(number))).toMatch(/^(k\d+|\d[\d.e+-]*|\(-[\d.e+-]+\))$/);
    for (const index of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => builder.integer(index)).toThrow(RangeError);
    expect(builder.member(builder.join`x`, 'constructor')).toBeUndefined();
    expect(builder.member(builder.join`x`, '__proto__')).toBeUndefined();
    expect(builder.member(builder.join`x`, 'amount')).toBe('x.amount');
  });
});

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
