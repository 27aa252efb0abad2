import { describe, expect, it } from 'vitest';
import { DAY_MS } from '../../../core/clock.ts';
import { createEngine } from '../../../processors/engine/engine.ts';
import { anEvent, aPayment, createScenario, encodeEntries, rulesetEntry } from '../../support/engine/engine.ts';

const T0 = '2026-11-23T08:00:00+08:00';
const BASE_MS = 1_780_000_000_000;
const kinds = (scenario: ReturnType<typeof createScenario>) => scenario.outcomes().map(({ kind }) => kind);

describe('duplicates', () => {
  it('are recognised by source, id and time, leave no outcome and are counted', () => {
    const payment = aPayment('c-1', T0, {}, { id: 't-1' });
    const scenario = createScenario()
      .givenEvents(payment)
      .whenEvent({ ...payment, receivedMs: 5 });
    expect(scenario.outcomes()).toEqual([]);
    expect(scenario.heads()).toMatchObject([{ accepted: 0, duplicates: 1, final: true }]);
    expect(scenario.engine.stats()).toMatchObject({ accepted: 1, duplicates: 1 });
  });

  it('are not seen in another source, another id or another time', () => {
    const scenario = createScenario().givenEvents(
      aPayment('c-1', T0, {}, { id: 't-1' }),
      aPayment('c-1', T0, {}, { id: 't-2' }),
      aPayment('c-1', T0, {}, { id: 't-1', source: 'other' }),
      aPayment('c-1', '2026-11-23T08:00:00.001+08:00', {}, { id: 't-1' }),
    );
    expect(scenario.engine.stats()).toMatchObject({ accepted: 4, duplicates: 0 });
  });

  it('are found within one frame, behind late events, after a restart, and for every event type', () => {
    const events = [
      aPayment('c-1', BASE_MS + 5_000),
      aPayment('c-1', BASE_MS),
      anEvent('location', 'c-1', BASE_MS + 2_000, { lat: 1, lon: 2 }),
      anEvent('bill', 'c-1', BASE_MS + 2_000, { amount: 1, currency: 'CNY', dueDate: '2026-12-01' }),
      anEvent('profile', 'c-1', BASE_MS, { name: 'A' }),
      anEvent('label', 'c-1', BASE_MS, { transactionId: 'x', fraud: true }),
      anEvent('offer_feedback', 'c-1', BASE_MS, { offerId: 'o', action: 'seen' }),
      anEvent('place', 'p-1', BASE_MS, { name: 'P', category: 'bank', lat: 1, lon: 2 }),
    ];
    const entries = events.map((event) => ({ kind: 'event', event }) as const);
    const scenario = createScenario()
      .whenFrame(...entries, ...entries)
      .whenRestarted()
      .whenFrame(...entries);
    expect(scenario.engine.stats()).toMatchObject({ accepted: 8, duplicates: 16, poison: 0 });
  });

  it('add nothing when a whole year is replayed', () => {
    const engine = createEngine();
    engine.step(1, encodeEntries([rulesetEntry([])]));
    const frames: Uint8Array[] = [];
    for (let day = 0; day < 365; day++) {
      const events = Array.from({ length: 20 }, (_, i) =>
        aPayment(`c-${i % 3}`, BASE_MS + day * DAY_MS + i * 1_000, { amount: i }, { id: `${day}/${i}` }),
      );
      frames.push(encodeEntries(events.map((event) => ({ kind: 'event', event }))));
    }
    let seq = 1;
    for (const frame of frames) engine.step(++seq, frame);
    const first = engine.stats();
    for (const frame of frames) engine.step(++seq, frame);
    expect(engine.stats()).toMatchObject({
      accepted: 365 * 20,
      duplicates: 365 * 20,
      poison: 0,
      windowKeys: first.windowKeys,
      customers: 3,
    });
  });

  it('that are older than the history kept are quarantined, since nobody can tell them from new events', () => {
    const scenario = createScenario([], { historyMs: DAY_MS })
      .givenEvents(aPayment('c-1', BASE_MS, {}, { id: 'old' }), aPayment('c-1', BASE_MS + 3 * DAY_MS))
      .givenEvents(aPayment('c-1', BASE_MS + 3 * DAY_MS + 1))
      .whenFrame({ kind: 'event', event: aPayment('c-1', BASE_MS, {}, { id: 'old' }) });
    expect(scenario.outcomes()).toMatchObject([
      { kind: 'poison', message: expect.stringContaining('cannot be told from a duplicate') },
    ]);
    expect(scenario.engine.stats()).toMatchObject({ accepted: 3, poison: 1 });
  });
});

describe('identity', () => {
  const linked = anEvent('profile', 'c-1', T0, { name: 'Ada', links: ['phone:+86', 'card:tok-1'] });

  it('resolves linked identifiers to their customer', () => {
    const scenario = createScenario().givenEvents(linked).whenEvent(aPayment('phone:+86', T0));
    expect(scenario.outcomes()[0]).toMatchObject({ kind: 'accepted', customer: 'c-1' });
    expect(scenario.decision()).toMatchObject({ customer: 'c-1' });
  });

  it('takes an unknown identifier for a provisional customer of that name', () => {
    const scenario = createScenario().whenEvent(aPayment('account:77', T0));
    expect(scenario.outcomes()[0]).toMatchObject({ customer: 'account:77' });
    expect(scenario.engine.describeCustomer('account:77')).toMatchObject({ provisional: true, transactionCount: 1 });
  });

  it('resolves an unlinked identifier by the card that was used, and a plain subject never', () => {
    const card = { instrument: { token: 'tok-1' } };
    const scenario = createScenario()
      .givenEvents(linked)
      .whenEvent(aPayment('device:d-9', T0, card));
    expect(scenario.outcomes()[0]).toMatchObject({ customer: 'c-1' });
    expect(scenario.whenEvent(aPayment('c-5', T0, card)).outcomes()[0]).toMatchObject({ customer: 'c-5' });
  });

  it('follows links of links, survives circles, and lets the later link win', () => {
    const link = (subject: string, ...links: string[]) => anEvent('profile', subject, T0, { links });
    const scenario = createScenario()
      .givenEvents(link('phone:1', 'card:a'), link('c-1', 'phone:1'), link('card:a', 'phone:1', 'card:a'))
      .whenEvent(aPayment('card:a', T0));
    expect(scenario.outcomes()[0]).toMatchObject({ customer: 'c-1' });
    scenario.givenEvents(link('c-2', 'card:a')).whenRestarted().whenEvent(aPayment('card:a', '2026-11-23T09:00:00Z'));
    expect(scenario.outcomes()[0]).toMatchObject({ customer: 'c-2' });
  });

  it('recognises a repeated event although its identifier has been linked, or linked anew, since', () => {
    const payment = aPayment('phone:+86', T0, { instrument: { token: 'tok-1' } }, { id: 'before' });
    const scenario = createScenario().givenEvents(payment, linked).whenEvent(payment);
    expect(kinds(scenario)).toEqual([]);
    scenario.givenEvents(aPayment('phone:+86', '2026-11-23T10:00:00Z', {}, { id: 'as c-1' }));
    scenario.givenEvents(anEvent('profile', 'c-2', T0, { links: ['phone:+86'] }));
    scenario.whenEvent(aPayment('phone:+86', '2026-11-23T10:00:00Z', {}, { id: 'as c-1' }));
    expect(kinds(scenario)).toEqual([]);
    expect(scenario.whenRestarted().whenEvent(payment).engine.stats()).toMatchObject({
      accepted: 4,
      duplicates: 3,
      customersMerged: 1,
    });
  });

  it('describes a customer by any of its identifiers', () => {
    const scenario = createScenario().givenEvents(
      linked,
      aPayment('c-1', T0, { instrument: { token: 'tok-1', issuer: 'ICBC' } }),
    );
    expect(scenario.engine.describeCustomer('card:tok-1')).toMatchObject({
      customer: 'c-1',
      provisional: false,
      profile: { name: 'Ada' },
      links: ['phone:+86', 'card:tok-1'],
      cardIssuers: ['ICBC'],
      historyEvents: 2,
    });
    expect(scenario.engine.describeCustomer('c-9')).toBeUndefined();
  });
});
