import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Entry } from '../../../core/codec/entry.ts';
import type { WeirEvent } from '../../../core/events/event.ts';
import type { Outcome } from '../../../core/outcomes/outcome.ts';
import { decodeOutcomeFrame } from '../../../core/outcomes/outcome-codec.ts';
import { createEngine, restoreEngine } from '../../../processors/engine/engine.ts';
import { TIMERS_PER_CUSTOMER_MAX } from '../../../processors/engine/limits.ts';
import { Slab } from '../../../processors/engine/memory/slab.ts';
import { TimerQueue } from '../../../processors/engine/timers/timer-queue.ts';
import { anEvent, aPayment, createScenario, encodeEntries, rulesetEntry } from '../../support/engine/engine.ts';

const BASE_MS = 1_780_000_000_000;
const FOR_MS = 5_000;
const absence = (params: object) => ({
  fact: 'absence',
  params: { over: 'customer', for: `${FOR_MS}ms`, of: { where: { status: 'approved' } }, ...params },
  operator: 'equal',
  value: true,
});
const rule = (id: string, params: object, more: object = {}) => ({
  id,
  version: 1,
  name: id,
  on: ['timer'],
  conditions: { all: [absence(params)] },
  event: { type: 'fraud', params: { action: 'review', score: 50, code: 'absence', message: 'm' } },
  ...more,
});
const DECLINED = { after: { where: { status: 'declined' } } };
const OFFER = {
  type: 'offer',
  params: {
    campaignId: 'help',
    title: 'For {customer.name}',
    body: 'b',
    reason: 'r',
    validFor: '1h',
    cooldown: '1d',
  },
};

describe('the timer queue', () => {
  it('gives timers back by due time, then in the order in which they were set, through restarts', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.nat(20), { nil: undefined }), { maxLength: 200 }), (steps) => {
        const slab = new Slab();
        let queue = new TimerQueue(slab);
        let model: { dueMs: number; blob: number }[] = [];
        steps.forEach((dueMs, i) => {
          if (i % 17 === 16) {
            const restored = new TimerQueue(slab);
            restored.loadHead(JSON.parse(JSON.stringify(queue.saveHead())));
            queue = restored;
          }
          if (dueMs !== undefined) {
            queue.add({ dueMs, absence: 1, customer: 2, blob: i });
            // The sort is stable.
            model = [...model, { dueMs, blob: i }].sort((a, b) => a.dueMs - b.dueMs);
          } else if (model.length > 0) {
            expect(queue.take()).toEqual({ ...model.shift(), absence: 1, customer: 2 });
          }
          expect(queue.size).toBe(model.length);
          expect(queue.dueMs).toBe(model[0]?.dueMs ?? Number.POSITIVE_INFINITY);
        });
      }),
      { seed: 20_261_126, numRuns: 100 },
    );
  });
});

const step = fc.record({
  kind: fc.constantFrom('payment', 'payment', 'payment', 'tick'),
  moveMs: fc.nat(2_500),
  backMs: fc.oneof({ arbitrary: fc.constant(0), weight: 3 }, { arbitrary: fc.nat(6_000), weight: 1 }),
  customer: fc.constantFrom('c-1', 'c-2'),
  card: fc.constantFrom('k-1', 'k-2', undefined),
  approved: fc.boolean(),
  restart: fc.nat(12),
});

describe('absences', () => {
  it('fire at the first tick that is due, unless what they wait for came between, by event time, however it arrived', () => {
    let fired = 0;
    let cancelled = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 80 }), (steps) => {
        let engine = createEngine();
        let seq = 0;
        engine.step(
          ++seq,
          encodeEntries([rulesetEntry([rule('own', DECLINED), rule('card', { ...DECLINED, over: 'card' })])]),
        );
        const timers: { over: string; key: string; event: WeirEvent; dueMs: number; order: number }[] = [];
        const approvals: { over: string; key: string; timeMs: number }[] = [];
        let nowMs = BASE_MS;
        let clockMs = 0;
        let order = 0;
        for (const one of steps) {
          nowMs += one.moveMs;
          if (one.restart === 0) engine = restoreEngine(engine.snapshot());
          if (one.kind === 'tick') {
            clockMs = nowMs;
            const outcomes = engine
              .step(++seq, encodeEntries([{ kind: 'tick', timeMs: nowMs }]))
              .flatMap((part) => decodeOutcomeFrame(part).outcomes)
              .filter((outcome): outcome is Extract<Outcome, { kind: 'alert' }> => outcome.kind === 'alert');
            const due = timers
              .filter(({ dueMs }) => dueMs <= nowMs)
              .sort((a, b) => a.dueMs - b.dueMs || a.order - b.order);
            const wanted = due.filter(
              ({ over, key, event, dueMs }) =>
                !approvals.some(
                  (a) => a.over === over && a.key === key && a.timeMs > event.timeMs && a.timeMs <= dueMs,
                ),
            );
            for (const timer of due) timers.splice(timers.indexOf(timer), 1);
            expect(outcomes.map(({ eventId, timeMs, reasons }) => [eventId, timeMs, reasons[0]?.ruleId])).toEqual(
              wanted.map(({ event, dueMs, over }) => [event.id, dueMs, over]),
            );
            fired += wanted.length;
            cancelled += due.length - wanted.length;
            continue;
          }
          const timeMs = nowMs - one.backMs;
          const event = aPayment(one.customer, timeMs, {
            status: one.approved ? 'approved' : 'declined',
            ...(one.card && { instrument: { token: one.card } }),
          });
          engine.step(++seq, encodeEntries([{ kind: 'event', event }]));
          for (const over of ['own', 'card']) {
            const key = over === 'own' ? one.customer : one.card;
            if (key === undefined) continue;
            if (one.approved) approvals.push({ over, key, timeMs });
            else if (timeMs + FOR_MS > clockMs)
              timers.push({ over, key, event, dueMs: timeMs + FOR_MS, order: order++ });
          }
        }
        const { timers: waiting, poison, timersRefused } = engine.stats();
        expect({ waiting, poison, timersRefused }).toEqual({ waiting: timers.length, poison: 0, timersRefused: 0 });
      }),
      { seed: 20_261_126, numRuns: 120 },
    );
    expect(fired).toBeGreaterThan(300);
    expect(cancelled).toBeGreaterThan(300);
  });

  it('bring an offer to the customer, with its facts and windows at the time it was due', () => {
    const conditions = {
      all: [
        absence({ after: { type: 'bill' }, of: { where: { kind: 'bill_payment' } } }),
        { fact: 'customer', path: '$.segment', operator: 'equal', value: 'gold' },
        { fact: 'bill', path: '$.issuer', operator: 'equal', value: 'Water' },
        {
          fact: 'window',
          params: { aggregate: 'count', over: 'customer', last: '5s' },
          operator: 'equal',
          value: 1,
        },
      ],
    };
    const bill = anEvent('bill', 'c-1', BASE_MS, {
      amount: 5,
      currency: 'CNY',
      dueDate: '2026-07-01',
      issuer: 'Water',
    });
    const scenario = createScenario([rule('r', {}, { conditions, event: OFFER })]).givenEvents(
      anEvent('profile', 'c-1', BASE_MS, { name: 'Ada', segment: 'gold' }),
      aPayment('c-1', BASE_MS - 1),
      bill,
      aPayment('c-1', BASE_MS + 10),
    );
    scenario.givenTick(BASE_MS + FOR_MS - 1);
    expect(scenario.outcomes()).toEqual([]);
    scenario.whenRestarted().givenTick(BASE_MS + FOR_MS + 700);
    expect(scenario.offers()).toMatchObject([
      { customer: 'c-1', title: 'For Ada', timeMs: BASE_MS + FOR_MS, validUntilMs: BASE_MS + FOR_MS + 700 + 3_600_000 },
    ]);
    expect(scenario.engine.stats()).toMatchObject({ offers: 1, timersSet: 1, timersDue: 1, timers: 0, poison: 0 });
    // It is remembered: another bill's absence is cooling down.
    scenario.givenEvents({ ...bill, id: 'second', timeMs: BASE_MS + 10_000 }).givenTick(BASE_MS + 20_000);
    expect(scenario.offers()).toEqual([]);
  });

  it('go with an identifier to the customer that it is linked to', () => {
    const link = anEvent('profile', 'c-1', BASE_MS + 1, { links: ['phone:1', 'phone:2'] });
    const scenario = createScenario([rule('r', DECLINED)]).givenEvents(
      aPayment('phone:1', BASE_MS, { status: 'declined' }, { id: 'first' }),
      link,
      aPayment('c-1', BASE_MS + 3_000, { status: 'declined' }, { id: 'second' }),
      aPayment('phone:2', BASE_MS + FOR_MS, { status: 'approved' }),
    );
    scenario.givenTick(BASE_MS + 60_000);
    expect(scenario.outcomes()).toEqual([]);
    scenario
      .givenEvents(aPayment('phone:1', BASE_MS + 70_000, { status: 'declined' }, { id: 'third' }))
      .givenTick(BASE_MS + 80_000);
    expect(scenario.outcomes()).toMatchObject([
      { kind: 'alert', eventId: 'third', customer: 'c-1', decision: 'review' },
      { kind: 'kpi', alerts: 1, transactions: 0 },
    ]);
  });

  it('are not set when they would be due already, nor past the bound of a customer; both are counted', () => {
    const scenario = createScenario([rule('r', DECLINED)]).givenTick(BASE_MS);
    scenario.givenEvents(aPayment('c-1', BASE_MS - FOR_MS, { status: 'declined' }));
    for (let i = 0; i <= TIMERS_PER_CUSTOMER_MAX; i++)
      scenario.givenEvents(aPayment('c-1', BASE_MS + i, { status: 'declined' }));
    scenario.givenEvents(aPayment('c-2', BASE_MS, { status: 'declined' }));
    expect(scenario.engine.stats()).toMatchObject({
      timersLate: 1,
      timersRefused: 1,
      timersSet: TIMERS_PER_CUSTOMER_MAX + 1,
      timers: TIMERS_PER_CUSTOMER_MAX + 1,
    });
    scenario.givenTick(BASE_MS + 60_000);
    expect(scenario.outcomes().filter(({ kind }) => kind === 'alert')).toHaveLength(TIMERS_PER_CUSTOMER_MAX + 1);
    scenario.givenEvents(aPayment('c-1', BASE_MS + 70_000, { status: 'declined' }));
    expect(scenario.engine.stats()).toMatchObject({ timersRefused: 1, timers: 1 });
  });

  it('are let go when no rule reads them any more', () => {
    const scenario = createScenario([rule('r', DECLINED)]).givenEvents(
      aPayment('c-1', BASE_MS, { status: 'declined' }),
    );
    scenario.givenRules([rule('other', { ...DECLINED, for: '9s' })]).givenTick(BASE_MS + 60_000);
    expect(scenario.outcomes()).toEqual([]);
    expect(scenario.engine.stats()).toMatchObject({ timers: 0, timersDue: 1 });
  });

  it('give the same bytes with a restart after every frame', () => {
    const entries: Entry[] = [];
    for (let i = 0; i < 120; i++) {
      const status = i % 3 === 0 ? 'declined' : 'approved';
      const event = aPayment(`c-${i % 7}`, BASE_MS + i * 900, {
        status,
        ...(i % 2 && { instrument: { token: `k-${i % 3}` } }),
      });
      entries.push({ kind: 'event', event });
      if (i % 5 === 4) entries.push({ kind: 'tick', timeMs: BASE_MS + i * 900 });
    }
    const digest = (restart: boolean): string => {
      let engine = createEngine();
      engine.step(
        1,
        encodeEntries([rulesetEntry([rule('own', DECLINED), rule('card', { ...DECLINED, over: 'card' })])]),
      );
      entries.forEach((entry, i) => {
        engine.step(i + 2, encodeEntries([entry]));
        if (restart) engine = restoreEngine(engine.snapshot());
      });
      expect(engine.stats().timersDue).toBeGreaterThan(20);
      return engine.stats().digest;
    };
    expect(digest(true)).toBe(digest(false));
  });
});
