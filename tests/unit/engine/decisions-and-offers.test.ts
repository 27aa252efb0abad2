import { describe, expect, it } from 'vitest';
import { anEvent, aPayment, createScenario } from '../../support/engine.ts';

const at = (time: string) => `2026-11-23T${time}+08:00`;
const HOME = { lat: 31.23, lon: 121.47 };

const fraudRule = (id: string, params: Record<string, unknown>, all: unknown[] = [], on = ['transaction']) => ({
  id,
  version: 3,
  name: id,
  on,
  conditions: { all: [{ fact: 'event', path: '$.timeMs', operator: 'greaterThan', value: 0 }, ...all] },
  event: { type: 'fraud', params: { action: 'score', score: 0, code: id, message: id, ...params } },
});
const offerRule = (id: string, all: unknown[], params: Record<string, unknown> = {}, on = ['location']) => ({
  id,
  version: 1,
  name: id,
  on,
  conditions: { all },
  event: {
    type: 'offer',
    params: {
      campaignId: `campaign-${id}`,
      title: '{place.name}: {place.discount} % off',
      body: '{customer.name}, only {distanceM} m away',
      reason: 'near {place.name}',
      validFor: '2h',
      cooldown: '1d',
      ...params,
    },
  },
});
const near = (params: Record<string, unknown> = {}) => ({
  fact: 'nearby',
  params: { category: 'hotel', radiusM: 500, ...params },
  path: '$.count',
  operator: 'greaterThanInclusive',
  value: 1,
});
const place = (id: string, lat: number, lon: number, data: Record<string, unknown> = {}) =>
  anEvent('place', id, at('00:00:00'), { name: `Hotel ${id}`, category: 'hotel', lat, lon, discount: 20, ...data });
const here = (time: string, lat = HOME.lat, lon = HOME.lon) => anEvent('location', 'c-1', at(time), { lat, lon });

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

describe('an offer', () => {
  it('names the nearest place that fits, by id where two are equally near, and renders its texts', () => {
    const scenario = createScenario([offerRule('stay', [near({ minDiscount: 10 })])]).givenEvents(
      anEvent('profile', 'c-1', at('00:00:00'), { name: 'Ada' }),
      place('b', 31.231, 121.47),
      place('a', 31.231, 121.47),
      place('far', 31.29, 121.47),
      place('cheap', 31.2301, 121.47, { discount: 5 }),
    );
    expect(scenario.whenEvent(here('12:00:00')).offers()).toMatchObject([
      {
        campaignId: 'campaign-stay',
        customer: 'c-1',
        title: 'Hotel a: 20 % off',
        body: 'Ada, only 111 m away',
        reason: 'near Hotel a',
        distanceM: 111,
        place: { id: 'a', category: 'hotel' },
        validUntilMs: Date.parse(at('14:00:00')),
        ruleId: 'stay',
      },
    ]);
    expect(scenario.offers()[0]?.offerId).toMatch(/^o-[0-9a-f]{16}$/);
  });

  it('follows a place that moved, and wraps around the antimeridian', () => {
    const scenario = createScenario([offerRule('stay', [near()])]).givenEvents(
      place('a', 31.23, 121.47),
      anEvent('place', 'a', at('01:00:00'), { name: 'A', category: 'hotel', lat: -17, lon: 179.999 }),
    );
    expect(scenario.whenEvent(here('12:00:00')).offers()).toEqual([]);
    expect(scenario.whenEvent(here('12:01:00', -17, -179.999)).offers()).toMatchObject([{ distanceM: 213 }]);
  });

  it('asks for a place that takes a card that the customer was seen with', () => {
    const scenario = createScenario([offerRule('shop', [near({ acceptsCard: true })])]).givenEvents(
      place('a', 31.23, 121.47, { acceptsCards: ['CMB'] }),
      place('b', 31.232, 121.47, { acceptsCards: ['ICBC', 'BOC'] }),
    );
    expect(scenario.whenEvent(here('12:00:00')).offers()).toEqual([]);
    scenario.givenEvents(aPayment('c-1', at('12:01:00'), { instrument: { token: 'tok', issuer: 'BOC' } }));
    expect(scenario.whenRestarted().whenEvent(here('12:02:00')).offers()).toMatchObject([{ place: { id: 'b' } }]);
  });

  it('is not made twice within its cooldown, per customer, campaign and place', () => {
    const scenario = createScenario([offerRule('stay', [near()])]).givenEvents(
      place('a', 31.23, 121.47),
      place('z', 31.3, 121.47),
    );
    expect(scenario.whenEvent(here('12:00:00')).offers()).toHaveLength(1);
    expect(scenario.whenRestarted().whenEvent(here('13:00:00')).offers()).toEqual([]);
    expect(scenario.whenEvent(here('13:30:00', 31.3)).offers()).toMatchObject([{ place: { id: 'z' } }]);
    const other = anEvent('location', 'c-2', at('13:00:00'), HOME);
    expect(scenario.whenEvent(other).offers()).toHaveLength(1);
    const nextDay = anEvent('location', 'c-1', '2026-11-24T12:00:00+08:00', HOME);
    expect(scenario.whenEvent(nextDay).offers()).toHaveLength(1);
    expect(scenario.engine.stats()).toMatchObject({ offers: 4, offersHeldBack: { cooldown: 1 } });
  });

  it('keeps the spacing of its campaign, wherever the next place is', () => {
    const scenario = createScenario([offerRule('stay', [near()], { spacing: '10m' })]).givenEvents(
      place('a', 31.23, 121.47),
      place('z', 31.3, 121.47),
    );
    expect(scenario.whenEvent(here('12:00:00')).offers()).toHaveLength(1);
    expect(scenario.whenRestarted().whenEvent(here('12:09:59', 31.3)).offers()).toEqual([]);
    expect(scenario.whenEvent(here('12:10:00', 31.3)).offers()).toMatchObject([{ place: { id: 'z' } }]);
  });

  it('holds from when it is issued, by the clock of the log', () => {
    const scenario = createScenario([offerRule('stay', [near()])]).givenEvents(place('a', 31.23, 121.47));
    const tickMs = Date.parse(at('18:00:00'));
    scenario.givenTick(tickMs);
    expect(scenario.whenEvent(here('12:00:00')).offers()).toMatchObject([{ validUntilMs: tickMs + 7_200_000 }]);
  });

  it.each([
    ['marketing', { marketing: false }],
    ['location', { location: false }],
  ])('is not made where the customer refused %s', (_name, consents) => {
    const scenario = createScenario([offerRule('stay', [near()])]).givenEvents(
      place('a', 31.23, 121.47),
      anEvent('profile', 'c-1', at('00:00:00'), { consents }),
    );
    expect(scenario.whenEvent(here('12:00:00')).offers()).toEqual([]);
    expect(scenario.engine.stats().offersHeldBack.consent).toBe(1);
  });

  it('without a place needs no consent for location', () => {
    const rule = offerRule(
      'thanks',
      [{ fact: 'transaction', path: '$.amount', operator: 'greaterThan', value: 1 }],
      { title: 'Thanks' },
      ['transaction'],
    );
    const scenario = createScenario([rule]).givenEvents(
      anEvent('profile', 'c-1', at('00:00:00'), { consents: { location: false } }),
    );
    expect(scenario.whenEvent(aPayment('c-1', at('12:00:00'))).offers()).toMatchObject([{ title: 'Thanks' }]);
  });

  it('is withdrawn when the customer accepts, redeems or dismisses it, once', () => {
    const scenario = createScenario([offerRule('stay', [near()])]).givenEvents(place('a', 31.23, 121.47));
    const offerId = scenario.whenEvent(here('12:00:00')).offers()[0]?.offerId ?? '';
    const feedback = (time: string, action: 'seen' | 'dismissed') =>
      anEvent('offer_feedback', 'c-1', at(time), { offerId, action });
    expect(scenario.whenEvent(feedback('12:01:00', 'seen')).withdrawn()).toEqual([]);
    expect(scenario.whenEvent(feedback('12:02:00', 'dismissed')).withdrawn()).toEqual([offerId]);
    expect(scenario.whenRestarted().whenEvent(feedback('12:03:00', 'dismissed')).withdrawn()).toEqual([]);
    expect(scenario.engine.describeCustomer('c-1')?.offers).toEqual([]);
  });

  it('from an event that came too late is not made', () => {
    const scenario = createScenario([offerRule('stay', [near()])], { allowedLatenessMs: 60_000 }).givenEvents(
      place('a', 31.23, 121.47),
      here('12:00:00', 0, 0),
    );
    expect(scenario.whenEvent(here('11:00:00')).offers()).toEqual([]);
    expect(scenario.outcomes()[0]).toMatchObject({ kind: 'accepted', late: true });
  });
});

describe('a bill', () => {
  const bill = (time: string, dueDate: string, data: Record<string, unknown> = {}) =>
    anEvent('bill', 'c-1', at(time), { amount: 123_450, currency: 'CNY', dueDate, issuer: 'ICBC', ...data });
  const due = offerRule('due', [{ fact: 'bill', path: '$.dueInDays', operator: 'lessThanInclusive', value: 2 }], {
    title: '{bill.amount} to {bill.issuer} due in {bill.dueInDays} days',
    body: 'Hello {customer.name}, pay',
    cooldown: '1s',
  });

  it('is a fact until it is paid, with the days left by the local date of the event', () => {
    const scenario = createScenario([due]).givenEvents(
      bill('08:00:00', '2026-11-26'),
      bill('08:00:01', '2026-11-25', { issuer: 'BOC' }),
    );
    expect(scenario.whenEvent(here('23:59:59')).offers()).toMatchObject([
      { title: '1234.50 CNY to BOC due in 2 days', body: 'Hello, pay' },
    ]);
    const offerId = scenario.offers()[0]?.offerId;
    expect(scenario.whenEvent(bill('23:59:59', '2026-11-25', { issuer: 'BOC', paid: true })).withdrawn()).toEqual([
      offerId,
    ]);
    expect(scenario.whenEvent(here('23:59:59')).offers()).toEqual([]);
    const midnight = anEvent('location', 'c-1', '2026-11-24T00:00:10+08:00', HOME);
    expect(scenario.whenRestarted().whenEvent(midnight).offers()).toMatchObject([
      { title: '1234.50 CNY to ICBC due in 2 days' },
    ]);
  });

  it('is settled by a payment to its issuer that covers it, and not by one that does not', () => {
    const paying = (time: string, amount: number, status: 'approved' | 'declined' = 'approved') =>
      aPayment('c-1', at(time), { amount, kind: 'bill_payment', counterparty: 'ICBC', status });
    const scenario = createScenario([due]).givenEvents(bill('08:00:00', '2026-11-25'), here('09:00:00'));
    const offerId = scenario.offers()[0]?.offerId;
    expect(scenario.whenEvent(paying('09:00:01', 123_449)).withdrawn()).toEqual([]);
    expect(scenario.whenEvent(paying('09:00:02', 123_450, 'declined')).withdrawn()).toEqual([]);
    expect(scenario.whenEvent(paying('09:00:03', 123_450)).withdrawn()).toEqual([offerId]);
    expect(scenario.engine.describeCustomer('c-1')).toMatchObject({ openBills: [], nextBill: null });
  });

  it('that is overdue gives way to the next one, and is told as overdue where there is none', () => {
    const scenario = createScenario([due]).givenEvents(bill('08:00:00', '2026-11-20'));
    expect(scenario.whenEvent(here('09:00:00')).offers()).toMatchObject([
      { title: '1234.50 CNY to ICBC due in -3 days' },
    ]);
    scenario.givenEvents(bill('09:00:01', '2026-11-24', { issuer: 'CMB' }));
    expect(scenario.whenEvent(here('09:01:00')).offers()).toMatchObject([
      { title: '1234.50 CNY to CMB due in 1 days' },
    ]);
  });
});
