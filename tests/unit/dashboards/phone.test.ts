import { describe, expect, it } from 'vitest';
import type { CustomerAnswer } from '../../../api/schemas/customers.ts';
import { describeFact, describeOperator, describeValue } from '../../../dashboards/cockpit/describe-condition.ts';
import { daysUntil, readAccount } from '../../../dashboards/phone/customer-account.ts';
import { createMapView, placeLabels, thinOutSigns } from '../../../dashboards/phone/map-view.ts';

const HOME = { lat: 31.23, lon: 121.47 };

describe('the account on the phone', () => {
  const answer = (description: unknown): CustomerAnswer => ({
    customer: 'c-1',
    state: { available: true, description },
    transactions: [],
    decisions: [],
    offers: [],
    locations: [
      { eventId: 'l2', time: '', lat: 2, lon: 3 },
      { eventId: 'l1', time: '', lat: 0, lon: 0 },
    ],
  });

  it('takes name and bills from the description, earliest due first, and the newest position', () => {
    const bill = { key: 'k', issuer: 'ICBC', amount: 100, currency: 'CNY', dueDate: '2026-12-01' };
    const account = readAccount(
      answer({ profile: { name: 'Lin Wei' }, openBills: [bill, { ...bill, key: 'j', dueDate: '2026-11-25' }] }),
    );
    expect(account.name).toBe('Lin Wei');
    expect(account.bills.map(({ dueDate }) => dueDate)).toEqual(['2026-11-25', '2026-12-01']);
    expect(account.position).toEqual({ lat: 2, lon: 3 });
  });

  it('lives with a processor that does not answer or answers something else', () => {
    for (const strange of [undefined, null, 'x', { openBills: [{}, null, 3], profile: 7 }]) {
      expect(readAccount(answer(strange))).toMatchObject({ name: undefined, bills: [] });
    }
    const silent = { ...answer({}), state: { available: false as const, reason: 'timeout' }, locations: [] };
    expect(readAccount(silent)).toMatchObject({ bills: [], position: undefined });
  });

  it('counts days to a bill by the local calendar', () => {
    const lateEvening = Date.parse('2026-11-23T17:30:00Z');
    expect(daysUntil('2026-11-24', lateEvening, 8 * 60)).toBe(0);
    expect(daysUntil('2026-11-24', lateEvening, 0)).toBe(1);
    expect(daysUntil('2026-11-20', lateEvening, 0)).toBe(-3);
  });
});

describe('the small map', () => {
  it('puts the customer in the middle, north up, at the scale of its rings', () => {
    const north = { lat: HOME.lat + 500 / 111_195, lon: HOME.lon };
    const view = createMapView(HOME, [north], 358, 208);
    expect(view.project(HOME)).toEqual({ x: 179, y: 104 });
    const at = view.project(north);
    expect(at.x).toBeCloseTo(179, 3);
    expect(at.y).toBeLessThan(104);
    const ring = view.rings.find(({ radiusM }) => radiusM === 500);
    expect(104 - at.y).toBeCloseTo(ring?.radiusPx ?? 0, 0);
  });

  it('does not zoom out for one place far away', () => {
    const near = Array.from({ length: 20 }, (_, i) => ({ lat: HOME.lat + i * 0.0001, lon: HOME.lon }));
    const far = { lat: HOME.lat + 1, lon: HOME.lon };
    expect(createMapView(HOME, [...near, far], 358, 208).rings).toEqual(createMapView(HOME, near, 358, 208).rings);
  });

  it('shows the first sign of a crowd and none on top of it', () => {
    const crowd = [0, 8, 16, 30, 60].map((x) => ({ x, y: 50 }));
    expect(thinOutSigns(crowd).map(({ x }) => x)).toEqual([0, 30, 60]);
  });

  it('names no place over another one', () => {
    const signs = [
      { id: 'a', text: 'Grand Hotel', x: 100, y: 100 },
      { id: 'b', text: 'Market', x: 100, y: 128 },
      { id: 'c', text: 'Bank', x: 100, y: 72 },
      { id: 'd', text: 'At the lower edge', x: 250, y: 190 },
    ];
    const labels = placeLabels(signs, signs, { width: 358, height: 208 });
    expect(['a', 'b', 'c', 'd'].map((id) => labels.get(id))).toEqual([undefined, 27, -19, -19]);
  });
});

describe('a condition in words', () => {
  it('names what was looked at', () => {
    const leaf = { pointer: '', kind: 'leaf' as const, result: true };
    expect(describeFact({ ...leaf, fact: 'transaction', path: '$.amount' })).toBe('transaction.amount');
    expect(describeFact({ ...leaf, fact: 'window', params: { aggregate: 'count', over: 'card', last: '10m' } })).toBe(
      'count by card, 10m',
    );
    expect(describeOperator('greaterThanInclusive')).toBe('≥');
    expect(describeOperator('everyFact:equal')).toBe('everyFact:equal');
    expect(describeValue(undefined, 'en')).toBeUndefined();
    expect(describeValue(4_500_000, 'en')).toBe('4,500,000');
  });
});
