/** What lint says of rules before they go live, each with its code and pointer; and the published schema. */
import { describe, expect, it } from 'vitest';
import { DAY_MS } from '../../../../core/clock.ts';
import { loadCatalog } from '../../../../rules/catalog/load-catalog.ts';
import { lintRules } from '../../../../rules/lint-rules.ts';
import { RULE_DOCUMENT_SCHEMA } from '../../../../rules/rule-document.schema.ts';
import { validateRuleDocument } from '../../../../rules/validate/validate-rule-document.ts';

type Json = Record<string, unknown>;

const event = (action: string, score = 10) => ({ type: 'fraud', params: { action, score, code: 'c', message: 'm' } });
const document = (conditions: Json, more: Json = {}) => ({
  id: 'a',
  version: 1,
  name: 'a',
  on: ['transaction'],
  conditions,
  event: event('score'),
  ...more,
});
const on = (path: string, operator: string, value: unknown) => ({ fact: 'transaction', path, operator, value });
const amount = (operator: string, value: unknown) => on('$.amount', operator, value);
const window = (params: Json) => ({
  fact: 'window',
  params: { aggregate: 'count', over: 'customer', last: '10m', ...params },
});

const sequence = (params: Json) => ({
  all: [{ fact: 'sequence', params: { over: 'card', within: '5m', ...params }, operator: 'equal', value: true }],
});
const STEPS = [{ where: { status: 'declined' }, times: 3 }, { where: { status: 'approved' } }];
const lint = (...documents: Json[]) =>
  lintRules(documents).problems.map(({ severity, code, pointer }) => `${severity} ${code} ${pointer}`);

describe('a sequence', () => {
  const at = '/0/conditions/all/0';
  const bad = (inner: string) => `error rule.bad_params ${at}/params${inner}`;

  it.each<[Json, string[]]>([
    [sequence({ steps: STEPS }), []],
    [sequence({ steps: [STEPS[0], { not: {} }, STEPS[1]] }), []],
    [sequence({ steps: [] }), [bad('/steps')]],
    [sequence({ steps: [{}] }), [bad('/steps')]],
    [sequence({ steps: [{ times: 9 }, { times: 8 }] }), [bad('/steps')]],
    [sequence({ steps: [{ times: 0 }, {}] }), [bad('/steps/0/times')]],
    [sequence({ steps: [{ not: {} }, {}, {}] }), [bad('/steps/0/not')]],
    [sequence({ steps: [{}, {}, { not: {} }] }), [bad('/steps/2/not')]],
    [sequence({ steps: [{}, { not: {}, times: 2 }, {}] }), [bad('/steps/1/times')]],
    [sequence({ steps: [{ type: 'bill' }, {}] }), [bad('/steps/0/type')]],
    [sequence({ steps: [{ where: { amount: { over: 1 } } }, {}] }), [bad('/steps/0/where/amount/over')]],
    [sequence({ steps: STEPS, within: '0s' }), [bad('/within')]],
    [sequence({ steps: STEPS, over: 'town' }), [bad('/over')]],
    [sequence({ steps: STEPS, last: '5m' }), [bad('/last')]],
    [{ all: [{ ...sequence({ steps: STEPS }).all[0], path: '$.seconds' }] }, [`error rule.unknown_path ${at}/path`]],
    [{ all: [{ ...sequence({ steps: STEPS }).all[0], value: 'yes' }] }, [`error rule.bad_value ${at}/value`]],
  ])('%j gives %j', (conditions, problems) => {
    // A comparison that reads nothing can never hold either.
    expect(lint(document(conditions)).filter((line) => !line.includes('rule.impossible'))).toEqual(problems);
  });
});

describe('an absence', () => {
  const at = '/0/conditions/all/0';
  const params = { over: 'customer', after: { type: 'bill' }, of: { where: { kind: 'bill_payment' } }, for: '30m' };
  const onTimer = (more: Json = {}, document_: Json = {}) =>
    document(
      { all: [{ fact: 'absence', params: { ...params, ...more }, operator: 'equal', value: true }] },
      { on: ['timer'], ...document_ },
    );
  const bad = (inner: string) => `error rule.bad_params ${at}/params${inner}`;

  it.each<[Json, string[]]>([
    [onTimer(), []],
    [onTimer({ after: { type: 'bills' } }), [bad('/after/type')]],
    [onTimer({ after: { type: 'place' } }), [bad('/after/type')]],
    [onTimer({ of: { type: 'bill' } }), [bad('/of/type')]],
    [onTimer({ over: 'card' }), [bad('/after/type')]],
    [onTimer({ for: '0s' }), [bad('/for')]],
    [onTimer({ of: undefined }), [bad('/of')]],
    [onTimer({ within: '5m' }), [bad('/within')]],
    [onTimer({}, { on: ['transaction'] }), [`error rule.invalid ${at}/fact`]],
    [onTimer({}, { on: ['timer', 'bill'] }), ['error rule.invalid /0/on']],
    [document({ all: [amount('greaterThan', 5)] }, { on: ['timer'] }), ['error rule.invalid /0/on']],
  ])('%j gives %j', (rule, problems) => {
    // A comparison that reads nothing can never hold either, and nothing else sets a timer.
    const follows = problems.some((line) => line.includes('bad_params'))
      ? /rule\.(?:impossible|invalid)/
      : /rule\.impossible/;
    expect(lint(rule).filter((line) => !follows.test(line))).toEqual(problems);
  });
});

describe('a rule by itself', () => {
  it.each<[Json, string]>([
    [{ all: [{ fact: 'weather', operator: 'equal', value: 1 }] }, 'error rule.unknown_fact /0/conditions/all/0/fact'],
    [{ all: [on('$.colour', 'equal', 'red')] }, 'warning rule.unknown_path /0/conditions/all/0/path'],
    [
      { all: [{ fact: 'travel', path: '$.speed', operator: 'greaterThan', value: 1 }] },
      'error rule.unknown_path /0/conditions/all/0/path',
    ],
    [
      { all: [{ fact: 'travel', operator: 'greaterThan', value: 1 }] },
      'error rule.unknown_path /0/conditions/all/0/path',
    ],
    [
      { all: [{ ...window({}), path: '$.count', operator: 'greaterThan', value: 1 }] },
      'error rule.unknown_path /0/conditions/all/0/path',
    ],
    [{ all: [amount('is', 1)] }, 'error rule.unknown_operator /0/conditions/all/0/operator'],
    [{ all: [amount('greaterThan', '5')] }, 'error rule.bad_value /0/conditions/all/0/value'],
    [{ all: [amount('equal', 99.5)] }, 'error rule.bad_value /0/conditions/all/0/value'],
    [{ all: [amount('equal', '99')] }, 'error rule.bad_value /0/conditions/all/0/value'],
    [{ all: [on('$.channel', 'equal', 'mobile')] }, 'error rule.bad_value /0/conditions/all/0/value'],
    [{ all: [on('$.channel', 'in', ['app', 'mobile'])] }, 'error rule.bad_value /0/conditions/all/0/value'],
    [{ all: [on('$.channel', 'in', 'app')] }, 'error rule.bad_value /0/conditions/all/0/value'],
    [{ all: [on('$.channel', 'someValue:equal', 'app')] }, 'error rule.bad_value /0/conditions/all/0/value'],
    [{ all: [on('$.currency', 'greaterThan', 5)] }, 'error rule.bad_value /0/conditions/all/0/value'],
    [{ all: [on('$.merchant.mcc', 'equal', 5_411)] }, 'error rule.bad_value /0/conditions/all/0/value'],
    [
      { all: [{ fact: 'list', params: { name: 'l', path: '$.counterparty' }, operator: 'equal', value: 'yes' }] },
      'error rule.bad_value /0/conditions/all/0/value',
    ],
    [
      { all: [{ ...window({ last: '500d' }), operator: 'greaterThan', value: 1 }] },
      'error rule.window_too_long /0/conditions/all/0/params/last',
    ],
    [
      { all: [{ ...window({ last: '300d', offset: '200d' }), operator: 'greaterThan', value: 1 }] },
      'error rule.window_too_long /0/conditions/all/0/params/last',
    ],
    [{ all: [amount('greaterThan', 5), amount('lessThan', 3)] }, 'error rule.impossible /0/conditions/all/1'],
    [
      { all: [amount('greaterThan', 5), { not: { any: [amount('equal', 9), amount('notEqual', 9)] } }] },
      'error rule.impossible /0/conditions/all/1',
    ],
    [{ all: [amount('greaterThan', 5), amount('lessThan', 6)] }, 'error rule.impossible /0/conditions/all/1'],
    [{ all: [amount('greaterThanInclusive', 5), amount('lessThan', 5)] }, 'error rule.impossible /0/conditions/all/1'],
    [
      { all: [on('$.channel', 'equal', 'app'), on('$.channel', 'equal', 'pos')] },
      'error rule.impossible /0/conditions/all/1',
    ],
    [
      { all: [on('$.channel', 'in', ['app', 'pos']), on('$.channel', 'notIn', ['app', 'pos', 'web'])] },
      'error rule.impossible /0/conditions/all/1',
    ],
    [
      { all: [on('$.channel', 'equal', 'app'), { not: on('$.channel', 'equal', 'app') }] },
      'error rule.impossible /0/conditions',
    ],
    [
      { all: [amount('greaterThan', 5), { any: [amount('lessThan', 3), on('$.channel', 'equal', 'app')] }] },
      'warning rule.impossible /0/conditions/all/1/any/0',
    ],
    [{ all: [amount('equal', 5), amount('greaterThan', 7)] }, 'error rule.impossible /0/conditions/all/1'],
    [
      { any: [on('$.channel', 'equal', 'app'), { not: on('$.channel', 'equal', 'app') }] },
      'error rule.always /0/conditions',
    ],
  ])('%j', (conditions, wanted) => {
    expect(lint(document(conditions))).toContain(wanted);
  });

  it.each<Json>([
    { all: [amount('greaterThan', 5), amount('lessThan', 7)] },
    { any: [amount('greaterThan', 5), amount('lessThan', 3)] },
    { all: [on('$.channel', 'in', ['app', 'pos']), on('$.channel', 'notEqual', 'app')] },
    { all: [on('$.merchant.lat', 'greaterThan', 5), on('$.merchant.lat', 'lessThan', 6)] },
    { not: { all: [amount('greaterThan', 5), on('$.channel', 'equal', 'app')] } },
    {
      all: [
        amount('greaterThan', { fact: 'transaction', path: '$.fee' }),
        amount('lessThan', { fact: 'transaction', path: '$.cost' }),
      ],
    },
    { all: [{ not: amount('greaterThan', 5) }, { not: amount('lessThan', 9) }] },
    { all: [{ fact: 'bill', path: '$.dueInDays', operator: 'lessThan', value: 3 }] },
    { all: [on('$.merchant.city', 'swap:in', ['x'])] },
  ])('nothing is wrong with %j', (conditions) => {
    expect(lint(document(conditions))).toEqual([]);
  });

  it('the retention is the one that is configured', () => {
    const rule = document({ all: [{ ...window({ last: '8d' }), operator: 'greaterThan', value: 1 }] });
    expect(lintRules([rule], { historyMs: 8 * DAY_MS }).ok).toBe(true);
    expect(lintRules([rule], { historyMs: 8 * DAY_MS - 1 }).ok).toBe(false);
  });

  it('estimates what a rule costs and says so where it is much', () => {
    const nearby = (category: string) => ({
      fact: 'nearby',
      params: { category, radiusM: 500 },
      path: '$.count',
      operator: 'greaterThan',
      value: 0,
    });
    const report = lintRules([
      document({ all: ['a', 'b', 'c'].map(nearby) }),
      document({ all: [amount('equal', 1)] }, { id: 'b' }),
    ]);
    expect(report.problems).toMatchObject([{ severity: 'warning', code: 'rule.costly', pointer: '/0/conditions' }]);
    expect(report.ok).toBe(true);
    expect(report.costNs.a).toBeGreaterThan(5_000);
    expect(report.costNs.b).toBeLessThan(10);
  });
});

describe('rules beside each other', () => {
  const decline = (id: string, conditions: Json, more: Json = {}) =>
    document(conditions, { id, event: event('decline', 50), ...more });

  it('names duplicates, whatever order their conditions are written in', () => {
    const a = document({ all: [amount('greaterThan', 5), on('$.channel', 'equal', 'app')] });
    const b = document({ all: [on('$.channel', 'equal', 'app'), amount('greaterThan', 5)] }, { id: 'b' });
    expect(lint(a, b)).toEqual(['warning rule.duplicate /1']);
    expect(lint(a, { ...b, event: event('review') })).toEqual([]);
    expect(lint(a, { ...b, on: ['bill'] })).toEqual([]);
  });

  it('names a rule that another one covers, and only such', () => {
    const wide = decline('wide', { all: [amount('greaterThan', 100)] });
    const narrow = (conditions: Json[], more: Json = {}) => decline('narrow', { all: conditions }, more);
    const shadowed = ['warning rule.shadowed /1'];
    expect(lint(wide, narrow([amount('greaterThan', 200), on('$.channel', 'equal', 'app')]))).toEqual(shadowed);
    expect(lint(wide, narrow([amount('equal', 200), on('$.channel', 'equal', 'app')]))).toEqual(shadowed);
    expect(lint(wide, narrow([amount('greaterThan', 50), on('$.channel', 'equal', 'app')]))).toEqual([]);
    expect(lint(wide, narrow([amount('greaterThanInclusive', 100), on('$.channel', 'equal', 'app')]))).toEqual([]);
    expect(lint(wide, narrow([on('$.fee', 'greaterThan', 200)]))).toEqual([]);
    expect(lint(wide, narrow([amount('greaterThan', 200)], { event: event('decline', 60) }))).toEqual([]);
    expect(lint(wide, narrow([amount('greaterThan', 200)], { event: event('score', 1) }))).toEqual([]);
    expect(lint(wide, narrow([amount('greaterThan', 200)], { on: ['transaction', 'bill'] }))).toEqual([]);
    expect(
      lint(
        decline('wide', { all: [on('$.channel', 'in', ['app', 'web'])] }),
        narrow([on('$.channel', 'equal', 'web'), amount('greaterThan', 1)]),
      ),
    ).toEqual(shadowed);
  });

  it('the shipped rules pass without a word', () => {
    expect(lintRules(loadCatalog().map(({ document: one }) => one)).problems).toEqual([]);
  });
});

describe('the published schema', () => {
  it('is JSON Schema 2020-12 and describes what validation takes', () => {
    expect(RULE_DOCUMENT_SCHEMA.$schema).toBe('https://json-schema.org/draft/2020-12/schema');
    expect(JSON.parse(JSON.stringify(RULE_DOCUMENT_SCHEMA))).toMatchObject({
      type: 'object',
      required: expect.arrayContaining(['id', 'version', 'name', 'on', 'conditions', 'event']),
      properties: { on: { items: { enum: expect.arrayContaining(['transaction', 'location']) } } },
      $defs: { condition: { oneOf: { length: 5 } } },
    });
    for (const { document: one } of loadCatalog())
      expect(validateRuleDocument(one)).toEqual({ ok: true, document: one });
  });

  it.each<[Json, string]>([
    [{ id: 'no spaces' }, '/id'],
    [{ version: 0 }, '/version'],
    [{ on: [] }, '/on'],
    [{ on: ['weather'] }, '/on/0'],
    [{ on: ['bill', 'bill'] }, '/on'],
    [{ priority: 0 }, '/priority'],
    [{ event: { type: 'fraud', params: { action: 'shout', score: 1, code: 'c', message: 'm' } } }, '/event'],
    [{ event: { type: 'fraud', params: { action: 'score', score: 101, code: 'c', message: 'm' } } }, '/event'],
    [{ name: '' }, '/name'],
  ])('%j is refused at its place', (change, pointer) => {
    const result = validateRuleDocument(document({ all: [amount('equal', 1)] }, change));
    expect(result).toMatchObject({ ok: false });
    if (!result.ok)
      expect(
        result.problems.some((problem) => problem.code === 'rule.invalid' && problem.pointer.startsWith(pointer)),
      ).toBe(true);
  });
});
