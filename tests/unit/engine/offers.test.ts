/** Which offers the engine makes, holds back and withdraws, and what their texts say. */
import { describe, expect, it } from 'vitest';
import { anEvent, aPayment, createScenario } from '../../support/engine/engine.ts';
import { at, HOME, here, offerRule } from '../../support/engine/rule-documents.ts';

const near = (params: Record<string, unknown> = {}) => ({
  fact: 'nearby',
  params: { category: 'hotel', radiusM: 500, ...params },
  path: '$.count',
  operator: 'greaterThanInclusive',
  value: 1,
});
const place = (id: string, lat: number, lon: number, data: Record<string, unknown> = {}) =>
  anEvent('place', id, at('00:00:00'), { name: `Hotel ${id}`, category: 'hotel', lat, lon, discount: 20, ...data });

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
