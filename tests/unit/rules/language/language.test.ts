/** The language below the rules: paths, operators, canonical text, the shape of conditions. */
import { Almanac } from 'json-rules-engine';
import { describe, expect, it } from 'vitest';
import type { Problem } from '../../../../core/errors.ts';
import { canonicalText, findUnfitJson } from '../../../../rules/language/canonical.ts';
import { parseConditions } from '../../../../rules/language/condition.ts';
import { EMPTY_REGISTRY, resolveOperator, toComparable } from '../../../../rules/language/operators.ts';
import { PATH_LENGTH_MAX, parsePath } from '../../../../rules/language/path.ts';
import { readPath } from '../../../../rules/language/read-path.ts';

const FACT = {
  a: { b: [10, { c: 'x' }, null], 'd.e': 5, '': 1 },
  list: [1, 2, 3, 4],
  people: [{ name: 'ann', age: 3 }, { name: 'bob' }],
  length: 7,
  empty: '',
  text: 'abc',
};

function read(path: string): unknown {
  const parsed = parsePath(path);
  if (typeof parsed === 'string') throw new Error(parsed);
  return readPath(FACT, parsed);
}

describe('paths', () => {
  it.each([
    '$',
    '$.a.b[0]',
    '$.a.b[1].c',
    "$.a['d.e']",
    '$["a"]["b"]',
    'a.b',
    '$.list[*]',
    '$.list[1:3]',
    '$.list[-2:]',
    '$.list[0:4:2]',
    '$.list[0,2]',
    '$.people[*].name',
    '$..name',
    '$..age',
    '$.people[0].name',
    '$.list.length',
    '$.length',
    '$.text.length',
    '$.empty.length',
    '$.*',
    '$.nope',
    '$.nope.further',
    '$.a.b[2].c',
    '$.list[9]',
    '$.people[*].nope',
    '$..nope',
    '$.toString',
    '$.constructor',
    '$.__proto__',
    '$.list.map',
    '$.text[1]',
  ])('%s gives what json-rules-engine gives', async (path) => {
    const almanac = new Almanac();
    almanac.addFact('fact', FACT);
    expect(read(path)).toEqual(await almanac.factValue('fact', {}, path));
  });

  it('a path of a scalar fact is the fact itself', () => {
    const path = parsePath('$.amount');
    if (typeof path === 'string') throw new Error(path);
    expect(readPath(5, path)).toBe(5);
    expect(readPath(undefined, path)).toBeUndefined();
    expect(readPath(null, path)).toBeNull();
  });

  it.each([
    '$.a[?(@.b>1)]',
    '$.a[(@.length-1)]',
    '$.a^',
    '$.a~',
    '$.a@string()',
    "$['a",
    '$.a[',
    '$..',
    '$.',
    '$.a..',
    "$['a']x",
    `$.${'a'.repeat(PATH_LENGTH_MAX)}`,
    `$${'.a'.repeat(40)}`,
  ])('%s is refused with a sentence', (path) => {
    expect(typeof parsePath(path)).toBe('string');
  });
});

describe('operators', () => {
  const test = (name: string, fact: unknown, value: unknown) => resolveOperator(name)?.test(fact, value);

  it.each([
    ['equal', 1, 1, true],
    ['equal', '1', 1, false],
    ['equal', Number.NaN, Number.NaN, false],
    ['equal', undefined, undefined, true],
    ['notEqual', undefined, 1, true],
    ['in', 2, [1, 2], true],
    ['in', 'b', 'abc', true],
    ['in', 1, 5, false],
    ['notIn', undefined, [1], true],
    ['notIn', 1, 5, false],
    ['contains', [1, 2], 2, true],
    ['contains', 'abc', 'b', false],
    ['doesNotContain', [1], 2, true],
    ['doesNotContain', undefined, 2, false],
    ['greaterThan', '10', 5, true],
    ['greaterThan', '10x', 5, false],
    ['greaterThan', true, 0, false],
    ['greaterThan', null, -1, false],
    ['lessThan', undefined, 5, false],
    ['greaterThanInclusive', 5, 5, true],
    ['lessThanInclusive', 5, 5, true],
    ['greaterThan', 5, 5, false],
    ['lessThan', 5, 5, false],
    ['greaterThan', [6], 5, true],
    ['greaterThan', 6, '5', true],
    ['not:equal', undefined, 1, true],
    ['not:in', 1, 5, false],
    ['someFact:equal', [1, 2], 2, true],
    ['someFact:equal', 2, 2, false],
    ['everyFact:greaterThan', [3, 4], 2, true],
    ['everyFact:greaterThan', [], 2, true],
    ['someValue:equal', 2, [1, 2], true],
    ['everyValue:notEqual', 2, [1, 2], false],
    ['someValue:equal', 2, 2, false],
    ['not:someValue:equal', 2, 2, false],
    ['swap:lessThan', 5, 3, true],
    ['swap:in', [1, 2], 2, true],
    ['swap:in', 5, 2, false],
    ['not:swap:in', 5, 2, false],
    ['someFact:someValue:equal', [9, 2], [1, 2], true],
  ] as const)('%s of %j and %j is %j', (name, fact, value, wanted) => {
    expect(test(name, fact, value)).toBe(wanted);
  });

  it('knows no operator outside the table, whatever prototypes hold', () => {
    for (const name of [
      'constructor',
      '__proto__',
      'toString',
      'not:',
      ':equal',
      'nope:equal',
      'not:constructor',
      '',
      `${'not:'.repeat(17)}equal`,
    ])
      expect(resolveOperator(name)).toBeUndefined();
  });

  it('an object that refuses to be a number is none', () => {
    const refusing = {
      valueOf: () => {
        throw new Error('no');
      },
      toString: () => {
        throw new Error('no');
      },
    };
    expect(toComparable(refusing)).toBeNaN();
    expect(test('greaterThan', refusing, 1)).toBe(false);
    expect(test('lessThan', Object.create(null), 1)).toBe(false);
  });

  it('the numeric view makes every comparison with a number come out as the operator has it', () => {
    const values = [
      0,
      -0,
      1.5,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      '7',
      ' 7 ',
      '7a',
      '',
      '0x10',
      '1e3',
      true,
      null,
      undefined,
      [],
      [7],
      [7, 8],
      {},
      '-Infinity',
    ];
    for (const name of ['greaterThan', 'greaterThanInclusive', 'lessThan', 'lessThanInclusive'] as const) {
      const sign = { greaterThan: '>', greaterThanInclusive: '>=', lessThan: '<', lessThanInclusive: '<=' }[name];
      for (const value of values)
        for (const bound of [0, 7, 16, -5, 1_000]) {
          const view = toComparable(value);
          const viewed =
            sign === '>' ? view > bound : sign === '>=' ? view >= bound : sign === '<' ? view < bound : view <= bound;
          expect(viewed, `${String(value)} ${sign} ${bound}`).toBe(test(name, value, bound));
        }
    }
  });
});

describe('JSON', () => {
  it('equal meaning has equal text', () => {
    expect(canonicalText({ b: 1, a: [1, { d: undefined, c: null }] })).toBe(
      canonicalText({ a: [1, { c: null }], b: 1 }),
    );
    expect(canonicalText({ a: 1 })).not.toBe(canonicalText({ a: '1' }));
    expect(canonicalText(-0)).not.toBe(canonicalText(0));
  });

  it('names what is unfit, with a pointer', () => {
    const cyclic: Record<string, unknown> = { a: [] };
    (cyclic.a as unknown[]).push({ 'x/y': cyclic });
    expect(findUnfitJson(cyclic)).toMatchObject({ pointer: '/a/0/x~1y' });
    expect(findUnfitJson({ a: { b: () => 1 } })).toMatchObject({ pointer: '/a/b' });
    expect(findUnfitJson({ a: Number.POSITIVE_INFINITY })).toMatchObject({ pointer: '/a' });
    expect(findUnfitJson({ a: new Date() })).toMatchObject({ pointer: '/a' });
    expect(findUnfitJson(Object.defineProperty({}, 'a', { enumerable: true, get: () => 1 }))).toMatchObject({
      pointer: '/a',
    });
    expect(
      findUnfitJson(
        new Proxy(
          {},
          {
            ownKeys: () => {
              throw new Error('no');
            },
          },
        ),
      ),
    ).toMatchObject({ message: expect.stringContaining('cannot be read') });
    let deep: unknown = 1;
    for (let i = 0; i < 100_000; i++) deep = [deep];
    expect(findUnfitJson(deep)?.message).toContain('deeper');
    const shared = { x: 1 };
    expect(findUnfitJson({ a: shared, b: shared })).toBeUndefined();
  });
});

describe('conditions', () => {
  const parse = (conditions: unknown) => {
    const problems: Problem[] = [];
    const context = {
      registry: EMPTY_REGISTRY,
      named: new Map<string, unknown>([
        ['self', { all: [{ condition: 'other' }] }],
        ['other', { any: [{ condition: 'self' }] }],
      ]),
      allowUndefinedConditions: false,
      allowEmpty: false,
      problems,
    };
    const parsed = parseConditions(conditions, '/conditions', context);
    return { parsed, problems: problems.map(({ code, pointer }) => `${code} ${pointer}`) };
  };

  it.each([
    [{}, 'rule.invalid /conditions'],
    [[], 'rule.invalid /conditions'],
    [{ fact: 'a', operator: 'equal', value: 1 }, 'rule.invalid /conditions'],
    [{ all: {} }, 'rule.invalid /conditions/all'],
    [{ all: [] }, 'rule.empty /conditions/all'],
    [{ any: [{ all: [] }] }, 'rule.empty /conditions/any/0/all'],
    [{ not: [] }, 'rule.invalid /conditions/not'],
    [{ all: [1] }, 'rule.invalid /conditions/all/0'],
    [{ all: [{ fact: 'a', operator: 'equal' }] }, 'rule.invalid /conditions/all/0'],
    [{ all: [{ fact: '', operator: 'equal', value: 1 }] }, 'rule.invalid /conditions/all/0/fact'],
    [{ all: [{ fact: 'a', operator: 'is', value: 1 }] }, 'rule.unknown_operator /conditions/all/0/operator'],
    [
      { all: [{ fact: 'a', operator: 'equal', value: { fact: 'b', path: '$.[' } }] },
      'rule.bad_path /conditions/all/0/value/path',
    ],
    [{ all: [{ fact: 'a', params: [], operator: 'equal', value: 1 }] }, 'rule.bad_params /conditions/all/0/params'],
    [{ all: [{ condition: 'nobody' }] }, 'rule.unknown_condition /conditions/all/0/condition'],
    [{ condition: 'self' }, 'rule.cyclic /conditions/all/0/any/0/condition'],
    [{ all: [{ all: [], any: [] }] }, 'rule.invalid /conditions/all/0'],
  ])('%j is refused where it is wrong', (conditions, problem) => {
    const { parsed, problems } = parse(conditions);
    expect(parsed).toBeUndefined();
    expect(problems).toContain(problem);
  });

  it('reports every problem, not only the first', () => {
    const { problems } = parse({
      all: [{ fact: 'a', operator: 'is', value: 1 }, { any: [] }, { fact: 3, operator: 'equal', value: 1 }],
    });
    expect(problems).toHaveLength(3);
  });
});
