/** What the engine decides on a payment, and which facts it knows at that moment. */
import { describe, expect, it } from 'vitest';
import { anEvent, aPayment, createScenario } from '../../support/engine/engine.ts';
import { at, fraudRule } from '../../support/engine/rule-documents.ts';

describe('a decision', () => {
  it('is an approval of version 0 before the first rule set', () => {
    const scenario = createScenario().whenEvent(aPayment('c-1', at('08:00:00')));
    expect(scenario.decision()).toMatchObject({ decision: 'approve', score: 0, rulesetVersion: 0, reasons: [] });
    expect(scenario.outcomes().some(({ kind }) => kind === 'alert')).toBe(false);
  });

  it.each([
    ['approves below the review score', [{ score: 30 }, { score: 29 }], 'approve', 59],
    ['reviews from the review score on', [{ score: 30 }, { score: 30 }], 'review', 60],
    ['reviews where a rule asks for it', [{ action: 'review', score: 1 }], 'review', 1],
    [
      'declines where a rule asks for it, and caps the score',
      [
        { action: 'decline', score: 90 },
        { action: 'review', score: 90 },
      ],
      'decline',
      100,
    ],
  ])('%s', (_title, rules, decision, score) => {
    const scenario = createScenario(rules.map((params, i) => fraudRule(`r${i}`, params)));
    scenario.whenEvent(
      aPayment('c-1', at('08:00:00'), { amount: 7, merchant: { id: 'm-1', city: 'Shanghai' }, channel: 'pos' }),
    );
    expect(scenario.decision()).toMatchObject({ decision, score, rulesetVersion: 1, customer: 'c-1' });
    expect(scenario.firedRules()).toEqual(rules.map((_, i) => `r${i}`));
    const alerts = scenario.outcomes().filter(({ kind }) => kind === 'alert');
    expect(alerts).toHaveLength(decision === 'approve' ? 0 : 1);
    if (decision !== 'approve') {
      expect(alerts[0]).toMatchObject({
        decision,
        score,
        amount: 7,
        merchantId: 'm-1',
        region: 'Shanghai',
        channel: 'pos',
      });
    }
  });

  it('reads customer, merchant and device as they were before the event', () => {
    const fact = (name: string, path: string, value: unknown) => ({ fact: name, path, operator: 'equal', value });
    const rule = fraudRule('facts', { score: 10 }, [
      fact('customer', '$.transactionCount', 1),
      fact('customer', '$.knownDevice', false),
      fact('customer', '$.firstSeenDays', 2),
      fact('customer', '$.segment', 'gold'),
      fact('merchant', '$.fraudLabels', 1),
      fact('merchant', '$.transactionCount', 1),
      fact('device', '$.known', false),
      fact('event', '$.localHour', 23),
    ]);
    const scenario = createScenario([rule]).givenEvents(
      anEvent('profile', 'c-1', '2026-11-21T10:00:00Z', { segment: 'gold' }),
      aPayment('c-1', '2026-11-22T10:00:00Z', { merchant: { id: 'm-1' }, device: { id: 'd-1' } }, { id: 'first' }),
      anEvent('label', 'c-1', '2026-11-22T11:00:00Z', { transactionId: 'first', fraud: true }),
      anEvent('label', 'c-1', '2026-11-22T11:00:01Z', { transactionId: 'first', fraud: true }),
    );
    const next = { merchant: { id: 'm-1' }, device: { id: 'd-2' } };
    expect(scenario.whenEvent(aPayment('c-1', '2026-11-23T23:00:00+08:00', next)).firedRules()).toEqual(['facts']);
    expect(scenario.whenEvent(aPayment('c-1', '2026-11-23T23:00:01+08:00', next)).firedRules()).toEqual([]);
  });

  it('knows how fast the customer must have travelled, and nothing before the second position', () => {
    const rule = fraudRule('travel', { score: 10 }, [
      { fact: 'travel', path: '$.speedKmh', operator: 'greaterThan', value: 900 },
    ]);
    const scenario = createScenario([rule]);
    const paying = (time: string, lat: number, lon: number) => aPayment('c-1', at(time), { lat, lon });
    expect(scenario.whenEvent(paying('08:00:00', 31.23, 121.47)).firedRules()).toEqual([]);
    expect(scenario.whenEvent(paying('08:30:00', 39.9, 116.4)).firedRules()).toEqual(['travel']);
    // 1,067 km in two hours.
    expect(scenario.whenEvent(paying('10:30:00', 31.23, 121.47)).firedRules()).toEqual([]);
    // A remote payment is not where its merchant is; one at the counter is.
    const merchant = { id: 'm', lat: -33.9, lon: 151.2 };
    expect(scenario.whenEvent(aPayment('c-1', at('10:31:00'), { merchant, channel: 'web' })).firedRules()).toEqual([]);
    expect(scenario.whenEvent(aPayment('c-1', at('10:32:00'), { merchant, channel: 'pos' })).firedRules()).toEqual([
      'travel',
    ]);
  });

  it('honours lists until their entries expire, and a replaced list at once', () => {
    const rule = fraudRule('listed', { action: 'decline', score: 100 }, [
      { fact: 'list', params: { name: 'stolen', path: '$.instrument.token' }, operator: 'equal', value: true },
    ]);
    const paying = (time: string) => aPayment('c-1', at(time), { instrument: { token: 'tok' } });
    const scenario = createScenario([rule]);
    expect(scenario.whenEvent(paying('08:00:00')).decision().decision).toBe('approve');
    scenario.givenList('stolen', { value: 'tok', expiresMs: Date.parse(at('09:00:00')) });
    expect(scenario.whenRestarted().whenEvent(paying('08:59:59')).decision().decision).toBe('decline');
    expect(scenario.whenEvent(paying('09:00:00')).decision().decision).toBe('approve');
    expect(scenario.givenList('stolen', 'tok').whenEvent(paying('10:00:00')).decision().decision).toBe('decline');
    expect(scenario.givenList('stolen').whenEvent(paying('10:00:01')).decision().decision).toBe('approve');
  });
});
