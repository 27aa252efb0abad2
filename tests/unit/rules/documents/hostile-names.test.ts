/** Rules whose names and values are code: nothing is read or written outside the facts, and nothing runs. */
import { describe, expect, it } from 'vitest';
import { compileRuleSet } from '../../../../rules/compile-rule-set.ts';
import { compileRules } from '../../../../rules/compile-rules.ts';
import { SourceBuilder } from '../../../../rules/compiler/source-builder.ts';
import { harmless } from '../../../support/rules/harmless.ts';

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
