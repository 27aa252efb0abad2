/** Why a rule fired or did not, and what would have changed it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadCatalog } from '../../../../rules/catalog/load-catalog.ts';
import { compileRuleSet } from '../../../../rules/compile-rule-set.ts';
import { RequirementTable } from '../../../../rules/facts/requirement-table.ts';
import { parsePath } from '../../../../rules/language/path.ts';
import type { ExplainedCondition, NearestChange, RuleInput, RuleSet } from '../../../../rules/ruleset.ts';
import { document, idsOf, input, type Json } from '../../../support/rules/rule-sets.ts';

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
