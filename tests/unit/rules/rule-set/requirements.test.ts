/** What a rule set asks of the engine: deduplicated by meaning, problems told with their pointers. */
import { describe, expect, it } from 'vitest';
import { compileRuleSet } from '../../../../rules/compile-rule-set.ts';
import { document, type Json, window } from '../../../support/rules/rule-sets.ts';

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

  it('a key may be a path, alone, with others and for "at"', () => {
    const overs = (params: Json) =>
      compileRuleSet(1, [
        document('a', { all: [{ ...window(params), operator: 'greaterThan', value: 1 }] }),
      ]).requirements.map((one) => (one.kind === 'window' ? [one.params.over, one.params.at] : []));
    expect(overs({ over: '$.merchant.city' })).toEqual([[['$.merchant.city'], undefined]]);
    expect(overs({ over: 'customer+$.channel' })).toEqual([[['customer', '$.channel'], undefined]]);
    expect(overs({ over: ['$.to.account'], at: ["$['from']"] })).toEqual([[['$.to.account'], ['$.from']]]);
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
    [{ over: '$' }, '/over'],
    [{ over: '$.items[*].id' }, '/over'],
    [{ over: '$..id' }, '/over'],
    [{ over: ['$.city', '$["city"]'] }, '/over'],
    [{ over: 'merchant.city' }, '/over'],
    [{ at: '$.a+$.b' }, '/at'],
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
