/** The evaluator that the engine runs: requirements, order, traces, explanations; generated code and interpreter alike. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteWriter } from '../../../core/codec/byte-writer.ts';
import {
  createFacts,
  createRules,
  createSelectiveRules,
  toRuleDocument,
} from '../../../loadtest/bench/rules-workload.ts';
import { loadCatalog } from '../../../rules/catalog/load-catalog.ts';
import { compileRuleSet, compileRuleSetInSlices } from '../../../rules/compile-rule-set.ts';
import { ExpressionTable } from '../../../rules/compiler/expression.ts';
import { orderConditions } from '../../../rules/compiler/order-conditions.ts';
import { SlotTable } from '../../../rules/compiler/slot-table.ts';
import { RequirementTable } from '../../../rules/facts/requirement-table.ts';
import { type ResolvedOperator, resolveOperator } from '../../../rules/language/operators.ts';
import { parsePath } from '../../../rules/language/path.ts';
import type { ExplainedCondition, NearestChange, RuleInput, RuleSet } from '../../../rules/ruleset.ts';

type Json = Record<string, unknown>;

const FRAUD = { type: 'fraud', params: { action: 'review', score: 10, code: 'c', message: 'm' } };
const document = (id: string, conditions: Json, more: Json = {}) => ({
  id,
  version: 1,
  name: id,
  on: ['transaction'],
  conditions,
  event: FRAUD,
  ...more,
});
const window = (params: Json) => ({
  fact: 'window',
  params: { aggregate: 'count', over: 'customer', last: '10m', ...params },
});
const input = (facts: Json, values: unknown[] = [], type: RuleInput['type'] = 'transaction'): RuleInput => ({
  type,
  facts,
  values,
});
const idsOf = (set: RuleSet, one: RuleInput) => set.evaluate(one).map(({ id }) => id);

describe('requirements', () => {
  it('equal meaning is one requirement, whatever way it is written', () => {
    const set = compileRuleSet(1, [
      document('a', {
        all: [{ ...window({ where: { status: 'declined', amount: { gte: 5 } } }), operator: 'greaterThan', value: 1 }],
      }),
      document('b', {
        all: [
          {
            ...window({
              last: '600s',
              over: ['customer'],
              offset: '0s',
              type: 'transaction',
              where: { '$.amount': { gte: 5 }, '$.status': 'declined' },
            }),
            operator: 'lessThan',
            value: 9,
          },
        ],
      }),
      document('c', {
        all: [
          {
            ...window({ last: '11m', where: { status: 'declined', amount: { gte: 5 } } }),
            operator: 'lessThan',
            value: 9,
          },
        ],
      }),
    ]);
    expect(set.requirements.map(({ index }) => index)).toEqual([0, 1]);
    expect(set.requirements[0]).toMatchObject({
      kind: 'window',
      params: {
        aggregate: 'count',
        over: ['customer'],
        lastMs: 600_000,
        offsetMs: 0,
        type: 'transaction',
        where: { amount: { gte: 5 }, status: 'declined' },
      },
    });
  });

  it('ids depend on the meaning alone, not on the order of the rules', () => {
    const a = document('a', { all: [{ ...window({}), operator: 'greaterThan', value: 1 }] });
    const b = document('b', { all: [{ fact: 'travel', path: '$.speedKmh', operator: 'greaterThan', value: 1 }] });
    const ids = (list: Json[]) => compileRuleSet(1, list).requirements.map(({ id }) => id);
    expect(ids([a, b]).sort()).toEqual(ids([b, a]).sort());
  });

  it('every parametrised fact is collected, inside ratios and on the right of a comparison too', () => {
    const set = compileRuleSet(1, [
      document('a', {
        all: [
          {
            fact: 'ratio',
            params: { of: { fact: 'transaction', path: '$.amount' }, to: window({ aggregate: 'avg', of: '$.amount' }) },
            operator: 'greaterThan',
            value: window({ over: 'customer+device', at: 'customer+ip' }),
          },
          { fact: 'recency', params: { over: 'card' }, operator: 'lessThan', value: 5 },
          {
            fact: 'nearby',
            params: { category: 'hotel', radiusM: 500, acceptsCard: true, minDiscount: 5 },
            path: '$.count',
            operator: 'greaterThan',
            value: 0,
          },
          { fact: 'list', params: { name: 'stolen', path: '$.instrument.token' }, operator: 'equal', value: true },
          { fact: 'travel', path: '$.distanceM', operator: 'greaterThan', value: 1 },
        ],
      }),
    ]);
    expect(set.requirements.map(({ kind }) => kind).sort()).toEqual([
      'list',
      'nearby',
      'recency',
      'travel',
      'window',
      'window',
    ]);
  });

  it.each([
    [{ aggregate: 'median' }, '/aggregate'],
    [{ over: 'galaxy' }, '/over'],
    [{ over: 'customer+customer' }, '/over'],
    [{ last: '10 minutes' }, '/last'],
    [{ last: '0s' }, '/last'],
    [{ of: '$.amount' }, '/of'],
    [{ aggregate: 'sum' }, ''],
    [{ aggregate: 'percentile', of: '$.amount' }, '/p'],
    [{ aggregate: 'percentile', of: '$.amount', p: 101 }, '/p'],
    [{ aggregate: 'stddev', of: '$.amount', p: 5 }, '/p'],
    [{ aggregate: 'first' }, ''],
    [{ aggregate: 'sum', of: '$..amount' }, '/of'],
    [{ at: 'customer+device' }, '/at'],
    [{ type: 'bill' }, '/type'],
    [{ where: { amount: { near: 5 } } }, '/where/amount/near'],
    [{ where: { amount: { gt: '5' } } }, '/where/amount/gt'],
    [{ where: { 'a[*]': 1 } }, '/where/a[*]'],
    [{ where: { amount: {} } }, '/where/amount'],
    [{ wher: {} }, '/wher'],
    [{ offset: 5 }, '/offset'],
    [{ where: { amount: [] } }, '/where/amount'],
  ])('a window with %j is refused at its place', (params, pointer) => {
    expect(() =>
      compileRuleSet(1, [document('a', { all: [{ ...window(params), operator: 'greaterThan', value: 1 }] })]),
    ).toThrowError(
      expect.objectContaining({
        code: 'rule.invalid',
        problems: expect.arrayContaining([
          expect.objectContaining({ code: 'rule.bad_params', pointer: `/0/conditions/all/0/params${pointer}` }),
        ]),
      }),
    );
  });
});

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

describe('traces', () => {
  const value = fc.oneof(
    fc.integer(),
    fc.double({ noNaN: true }),
    fc.string({ maxLength: 100 }),
    fc.boolean(),
    fc.constant(null),
    fc.constant(undefined),
    fc.integer({ min: 0, max: 300 }),
    fc.constantFrom(255, 256, 65_535, 65_536, 16_777_215, 16_777_216, 4_294_967_295, 4_294_967_296, -1, -0),
    // Texts that the rules below name, which a trace keeps by number.
    fc.constantFrom('gold', 'x', 'pos', 'Pos', ''),
  );
  const set = compileRuleSet(1, [
    document('a', {
      any: [
        { ...window({}), operator: 'greaterThan', value: 3 },
        { fact: 'travel', path: '$.speedKmh', operator: 'greaterThan', value: 3 },
        { fact: 'customer', path: '$.attributes.tier', operator: 'equal', value: 'gold' },
        { fact: 'customer', path: '$.attributes.tier', operator: 'in', value: ['pos', 'gold', 7, 'x'] },
        {
          fact: 'customer',
          path: '$.homeCity',
          operator: 'equal',
          value: { fact: 'transaction', path: '$.merchant.city' },
        },
        { fact: 'merchant', path: '$.tags[*]', operator: 'contains', value: 'x' },
        { fact: 'bill', path: '$.dueInDays', operator: 'lessThan', value: 3 },
        { fact: 'event', path: '$.localHour', operator: 'lessThan', value: 6 },
        { fact: 'device', path: '$.__proto__', operator: 'equal', value: 'x' },
      ],
    }),
  ]);

  it('a trace with the event expands to the same explanation', () => {
    fc.assert(
      fc.property(fc.array(value, { minLength: 9, maxLength: 9 }), (v) => {
        const eventFacts = { event: { localHour: v[0] }, transaction: { merchant: { city: v[1] } } };
        const one = input(
          {
            ...eventFacts,
            customer: { homeCity: v[2], attributes: { tier: v[3] } },
            // JSON has no -0.
            merchant: { tags: [(v[4] === 0 ? 0 : v[4]) ?? null, 'x'] },
            bill: { dueInDays: v[5] },
            device: JSON.parse('{"__proto__":"x"}'),
          },
          [v[6], { speedKmh: v[7], distanceM: 5 }],
        );
        const trace = set.trace(one);
        const writer = new ByteWriter();
        writer.u32(7);
        set.evaluateTraced(one, writer);
        expect(writer.take(4)).toEqual(trace);
        const expanded = set.expandTrace(trace, 'transaction', {
          ...eventFacts,
          customer: { homeCity: 'wrong' },
          bill: { dueInDays: 'wrong' },
        });
        expect(set.explain(expanded)).toEqual(set.explain(one));
        expect(idsOf(set, expanded)).toEqual(idsOf(set, one));
      }),
      { numRuns: 500, seed: 1 },
    );
  });

  it('of a text that rules name a trace keeps the number in one byte, up to 256 of them', () => {
    const tiers = Array.from({ length: 300 }, (_, i) => `tier-${i}`);
    const many = compileRuleSet(1, [
      document('a', { all: [{ fact: 'customer', path: '$.segment', operator: 'in', value: tiers }] }),
    ]);
    const sizeOf = (segment: string) => many.trace(input({ customer: { segment } })).length;
    const none = many.trace(input({ customer: {} })).length;
    for (const i of [0, 255]) expect(sizeOf(`tier-${i}`)).toBe(none + 1);
    expect(sizeOf('tier-256')).toBe(none + 2 + 'tier-256'.length);
    for (const segment of [...tiers, 'other']) {
      const { facts } = many.expandTrace(many.trace(input({ customer: { segment } })), 'transaction', {});
      expect(facts.customer).toEqual({ segment });
    }
    const unnamed = compileRuleSet(1, [
      document('a', { all: [{ fact: 'customer', path: '$.segment', operator: 'equal', value: 7 }] }),
    ]);
    const foreign = many.trace(input({ customer: { segment: 'tier-1' } }));
    expect(() => unnamed.expandTrace(foreign, 'transaction', {})).toThrow(RangeError);
  });

  it.each([
    [0, 1],
    [255, 1],
    [256, 2],
    [65_535, 2],
    [65_536, 3],
    [16_777_215, 3],
    [16_777_216, 4],
    [4_294_967_295, 4],
    [4_294_967_296, 8],
    [-0, 8],
    [0.5, 8],
  ])('a trace keeps the number %d in %i bytes and gives it back exactly', (number, bytes) => {
    const one = compileRuleSet(1, [document('a', { all: [{ ...window({}), operator: 'greaterThan', value: 3 }] })]);
    const trace = one.trace(input({}, [number]));
    expect(trace.length - one.trace(input({}, [])).length).toBe(bytes);
    expect(one.expandTrace(trace, 'transaction', {}).values[0]).toBe(number);
  });

  it('bytes that are no trace are refused', () => {
    const trace = set.trace(input({}, []));
    expect(() => set.expandTrace(trace.subarray(0, 3), 'transaction', {})).toThrow(RangeError);
    expect(() => set.expandTrace(Uint8Array.of(9, ...trace), 'transaction', {})).toThrow(RangeError);
    expect(() => set.expandTrace(Uint8Array.of(...trace, 0), 'transaction', {})).toThrow(RangeError);
  });
});

/** `one` with the change made for real; undefined where several values together stand for the fact. */
function applyChange(set: RuleSet, one: RuleInput, change: NearestChange): RuleInput | undefined {
  const { fact, params, to } = change;
  const path = change.path === undefined ? undefined : parsePath(change.path);
  if (fact === 'ratio' || typeof path === 'string' || (path !== undefined && path.names === undefined))
    return undefined;
  const names = path?.names ?? [];
  const wanted = new RequirementTable().add(
    { fact, params: params as Json | undefined, path: undefined, pointer: '' },
    [],
  );
  if (wanted === undefined) return { ...one, facts: withValue(one.facts, [fact, ...names], to) as Json };
  const index = set.requirements.findIndex(({ id }) => id === wanted.id);
  expect(index).toBeGreaterThanOrEqual(0);
  return { ...one, values: one.values.map((value, i) => (i === index ? withValue(value, names, to) : value)) };
}

function withValue(holder: unknown, names: readonly string[], to: unknown): unknown {
  const [name, ...rest] = names;
  if (name === undefined) return to;
  const members = typeof holder === 'object' && holder !== null ? (holder as Json) : {};
  return { ...members, [name]: withValue(members[name], rest, to) };
}

/** The truth of a rule from its explanation alone. */
function truthOf(explained: ExplainedCondition): boolean {
  const children = explained.children ?? [];
  switch (explained.kind) {
    case 'all':
      return children.every(truthOf);
    case 'any':
      return children.some(truthOf);
    case 'not':
      return !children.some(truthOf);
    case 'condition':
      return children.every(truthOf);
    case 'leaf':
      return explained.result;
  }
}

describe('explanations', () => {
  const catalog = loadCatalog().map(({ document: one }) => one);
  const set = compileRuleSet(1, catalog);
  const scalar = fc.oneof(
    fc.integer({ min: 0, max: 200_000 }),
    fc.constantFrom(
      'CNY',
      'purchase',
      'withdrawal',
      'refund',
      'transfer',
      'approved',
      'declined',
      'atm',
      'app',
      'm-1',
      'hotel',
      true,
      false,
      undefined,
    ),
  );
  const facts = fc.record(
    {
      transaction: fc.record(
        {
          amount: fc.integer({ min: 0, max: 2_000_000 }),
          kind: scalar,
          status: scalar,
          channel: scalar,
          merchant: fc.record({ id: scalar, city: scalar, mcc: scalar }),
        },
        { requiredKeys: [], noNullPrototype: true },
      ),
      event: fc.record(
        { localHour: fc.integer({ min: 0, max: 23 }), localMinuteOfDay: fc.integer({ min: 0, max: 1439 }) },
        { noNullPrototype: true },
      ),
      customer: fc.record(
        { homeCity: scalar, segment: scalar, isNew: scalar, knownDevice: scalar },
        { requiredKeys: [], noNullPrototype: true },
      ),
      device: fc.record({ known: scalar, isNew: scalar }, { requiredKeys: [], noNullPrototype: true }),
      bill: fc.record(
        { dueInDays: fc.integer({ min: -1, max: 9 }), amount: scalar },
        { requiredKeys: [], noNullPrototype: true },
      ),
    },
    { noNullPrototype: true },
  );

  it('every rule of the catalog: the explanation alone rebuilds what evaluation said, and the nearest change flips it', () => {
    let changes = 0;
    let applied = 0;
    fc.assert(
      fc.property(
        facts,
        fc.array(fc.oneof(scalar, fc.integer({ min: 0, max: 30 })), { minLength: 80, maxLength: 80 }),
        fc.constantFrom<RuleInput['type']>('transaction', 'location'),
        (known, values, type) => {
          const shaped = set.requirements.map(({ kind }, i) =>
            kind === 'travel'
              ? { speedKmh: values[i], distanceM: 70_000, seconds: 60 }
              : kind === 'nearby'
                ? { count: values[i], distanceM: 5 }
                : kind === 'list'
                  ? values[i] === true
                  : values[i],
          );
          const one = input(known as Json, shaped, type);
          const fired = new Set(idsOf(set, one));
          for (const explained of set.explain(one)) {
            expect(explained.fired).toBe(fired.has(explained.ruleId));
            expect(truthOf(explained.conditions)).toBe(explained.fired);
            expect(explained.firstFailure === undefined).toBe(explained.fired);
            if (explained.nearestChange !== undefined) {
              changes++;
              expect(explained.nearestChange.to).not.toBe(explained.nearestChange.from);
              const changed = applyChange(set, one, explained.nearestChange);
              if (changed === undefined) continue;
              applied++;
              const now = set.explain(changed).find(({ ruleId }) => ruleId === explained.ruleId);
              expect({ ...explained.nearestChange, fired: now?.fired }).toMatchObject({ fired: !explained.fired });
              expect(idsOf(set, changed).includes(explained.ruleId)).toBe(!explained.fired);
            }
          }
        },
      ),
      { numRuns: 400, seed: 5 },
    );
    expect(changes).toBeGreaterThan(1_000);
    // All but changes of a ratio, which is no value of its own.
    expect(applied / changes).toBeGreaterThan(0.9);
  });

  it('the first failure is the first condition that failed, in document order', () => {
    const one = compileRuleSet(1, [
      document('a', {
        all: [
          { fact: 'transaction', path: '$.amount', operator: 'greaterThan', value: 10 },
          {
            any: [
              { fact: 'transaction', path: '$.channel', operator: 'equal', value: 'pos' },
              { not: { fact: 'transaction', path: '$.amount', operator: 'greaterThan', value: 10 } },
            ],
          },
        ],
      }),
    ]);
    const explain = (transaction: Json) => one.explain(input({ transaction }))[0];
    expect(explain({ amount: 5 })?.firstFailure).toMatchObject({
      pointer: '/conditions/all/0',
      fact: 'transaction',
      path: '$.amount',
      operator: 'greaterThan',
      actual: 5,
      wanted: 10,
    });
    expect(explain({ amount: 50, channel: 'app' })?.firstFailure).toMatchObject({
      pointer: '/conditions/all/1/any/0',
      actual: 'app',
      wanted: 'pos',
    });
    expect(explain({ amount: 50, channel: 'pos' })?.firstFailure).toBeUndefined();
  });

  it('names the nearest single change that flips a rule, and none where no single one does', () => {
    const change = (conditions: Json, transaction: Json) =>
      compileRuleSet(1, [document('a', conditions)]).explain(input({ transaction }))[0]?.nearestChange;
    const over = (path: string, value: unknown, operator = 'greaterThan') => ({
      fact: 'transaction',
      path,
      operator,
      value,
    });
    expect(change({ all: [over('$.amount', 100)] }, { amount: 90 })).toMatchObject({
      pointer: '/conditions/all/0',
      path: '$.amount',
      from: 90,
      to: 101,
    });
    expect(change({ all: [over('$.amount', 100, 'greaterThanInclusive')] }, { amount: 90 })).toMatchObject({ to: 100 });
    expect(change({ all: [over('$.amount', 100, 'lessThan')] }, { amount: 190 })).toMatchObject({ to: 99 });
    // It fired: the nearest change that would have kept it silent.
    expect(change({ all: [over('$.amount', 100)] }, { amount: 190 })).toMatchObject({ to: 100 });
    expect(change({ any: [over('$.amount', 1_000), over('$.fee', 10)] }, { amount: 990, fee: 1 })).toMatchObject({
      path: '$.amount',
      to: 1_001,
    });
    expect(change({ all: [over('$.amount', 100), over('$.fee', 10)] }, { amount: 1, fee: 1 })).toBeUndefined();
    expect(change({ all: [over('$.channel', ['app', 'web'], 'in')] }, { channel: 'pos' })).toMatchObject({
      to: 'app',
      distance: 1,
    });
    // Raising the amount over the first bound must not break the second.
    expect(
      change({ all: [over('$.amount', 100), over('$.amount', 100.5, 'lessThan')] }, { amount: 90 }),
    ).toBeUndefined();
    expect(change({ all: [over('$.amount', 100), over('$.amount', 200, 'lessThan')] }, { amount: 90 })).toMatchObject({
      to: 101,
    });
  });
});
