import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { WeirEvent } from '../../../core/events/event.ts';
import { createEngine, restoreEngine } from '../../../processors/engine/engine.ts';
import { compileWhere } from '../../../processors/engine/windows/where-clause.ts';
import type { EventFilter, SequenceParams, SequenceStep } from '../../../rules/requirement.ts';
import {
  anEvent,
  aPayment,
  createScenario,
  encodeEntries,
  probeValues,
  rulesetEntry,
} from '../../support/engine/engine.ts';
import { SequenceModel } from '../../support/engine/sequence-model.ts';

const BASE_MS = 1_780_000_000_000;
const LATENESS_MS = 3_000;
const fits = (filter: EventFilter, event: WeirEvent) =>
  filter.type === event.type && compileWhere(filter.where)(event.data);

const filter = fc.oneof(
  {
    arbitrary: fc.constantFrom(1, 2).map((amount) => ({ type: 'transaction' as const, where: { amount } })),
    weight: 5,
  },
  { arbitrary: fc.constant({ type: 'transaction' as const, where: { status: 'declined' } }), weight: 2 },
  { arbitrary: fc.constant({ type: 'location' as const, where: {} }), weight: 1 },
);
const positive = fc.tuple(filter, fc.constantFrom(1, 1, 2, 3)).map(([one, times]) => ({ ...one, times }));
const steps = fc
  .tuple(positive, fc.array(fc.tuple(fc.option(filter, { nil: undefined }), positive), { minLength: 1, maxLength: 2 }))
  .map(([first, rest]): SequenceStep[] => [
    first,
    ...rest.flatMap(([not, next]): SequenceStep[] => (not === undefined ? [next] : [{ not }, next])),
  ]);
const pattern = fc.record({
  over: fc.constantFrom<SequenceParams['over']>(['customer'], ['card'], ['customer', 'device']),
  withinMs: fc.constantFrom(1, 2_000, 8_000, 20_000),
  steps,
});
const event = fc.record({
  kind: fc.constantFrom('transaction', 'transaction', 'transaction', 'location'),
  moveMs: fc.oneof(
    { arbitrary: fc.nat(600), weight: 6 },
    { arbitrary: fc.constant(0), weight: 3 },
    { arbitrary: fc.integer({ min: -LATENESS_MS, max: 0 }), weight: 3 },
    { arbitrary: fc.integer({ min: -9_000, max: -LATENESS_MS }), weight: 1 },
  ),
  customer: fc.constantFrom('c-1', 'c-2'),
  card: fc.constantFrom('k-1', undefined),
  device: fc.constantFrom('d-1', 'd-2'),
  amount: fc.integer({ min: 1, max: 2 }),
  declined: fc.boolean(),
  restart: fc.nat(30),
});

describe('sequences', () => {
  it('are what trying every way to pick their steps finds, late events, ties, gaps, pairs and restarts included', () => {
    let matched = 0;
    let compared = 0;
    fc.assert(
      fc.property(
        fc.array(pattern, { minLength: 1, maxLength: 3 }),
        fc.array(event, { minLength: 20, maxLength: 60 }),
        (patterns, made) => {
          const seen: unknown[][] = [];
          const options = probeValues(
            patterns.map((params) => ({ kind: 'sequence', params })),
            (input) => seen.push([...input.values]),
          );
          let engine = createEngine(options);
          engine.step(1, encodeEntries([rulesetEntry([], { allowedLatenessMs: LATENESS_MS })]));
          const cards = new Map<WeirEvent, string | undefined>();
          const devices = new Map<WeirEvent, string>();
          const models = patterns.map(
            (params) =>
              new SequenceModel(
                params,
                (one) => {
                  if (params.over[0] === 'card') return cards.get(one);
                  const device = devices.get(one);
                  if (params.over.length === 1) return one.subject;
                  return device && `${one.subject} ${device}`;
                },
                fits,
                LATENESS_MS,
              ),
          );
          const newestMs = new Map<string, number>();
          let clockMs = BASE_MS;
          made.forEach((one, i) => {
            clockMs += Math.max(0, one.moveMs);
            const timeMs = clockMs + Math.min(0, one.moveMs);
            const status = one.declined ? 'declined' : 'approved';
            const more = { amount: one.amount, status, device: { id: one.device } } as const;
            const payment = aPayment(
              one.customer,
              timeMs,
              one.card ? { ...more, instrument: { token: one.card } } : more,
            );
            const next =
              one.kind === 'location' ? anEvent('location', one.customer, timeMs, { lat: 1, lon: 1 }) : payment;
            if (next === payment) {
              cards.set(next, one.card);
              devices.set(next, one.device);
            }
            if (one.restart === 0) engine = restoreEngine(engine.snapshot(), options);
            seen.length = 0;
            engine.step(i + 2, encodeEntries([{ kind: 'event', event: next }]));
            const newest = newestMs.get(one.customer + one.kind) ?? Number.NEGATIVE_INFINITY;
            newestMs.set(one.customer + one.kind, Math.max(newest, timeMs));
            const wanted = models.map((model) => model.take(next, timeMs < newest - LATENESS_MS));
            expect(seen).toEqual([wanted]);
            compared += wanted.length;
            matched += wanted.filter((value) => value === true).length;
          });
        },
      ),
      { seed: 20_261_126, numRuns: 150 },
    );
    // The comparison means something: sequences do come about.
    expect(matched).toBeGreaterThan(200);
    expect(compared).toBeGreaterThan(3_000);
  });

  const DECLINES: SequenceParams = {
    over: ['customer'],
    withinMs: 300_000,
    steps: [
      { type: 'transaction', where: { status: 'declined' }, times: 3 },
      { type: 'transaction', where: { status: 'approved', amount: { gt: 50_000 } }, times: 1 },
    ],
  };
  const rule = (id: string, params: object) => ({
    id,
    version: 1,
    name: id,
    on: ['transaction'],
    conditions: { all: [{ fact: 'sequence', params, operator: 'equal', value: true }] },
    event: { type: 'fraud', params: { action: 'review', score: 50, code: 'sequence', message: 'm' } },
  });
  const declines = {
    over: 'customer',
    within: '5m',
    steps: [
      { where: { '$.status': 'declined' }, times: 3 },
      { where: { '$.status': 'approved', '$.amount': { gt: 50_000 } } },
    ],
  };

  it('begin inside the time: a first step exactly that long ago is too old', () => {
    for (const [firstMs, fires] of [
      [-300_000, false],
      [-299_999, true],
    ] as const) {
      const scenario = createScenario([rule('r', declines)]).givenEvents(
        ...[firstMs, -2, -1].map((ms) => aPayment('c-1', BASE_MS + ms, { status: 'declined' })),
      );
      scenario.whenEvent(aPayment('c-1', BASE_MS, { amount: 60_000 }));
      expect(scenario.firedRules()).toEqual(fires ? ['r'] : []);
    }
  });

  it('count labels for the keys of the transaction that they are about', () => {
    const params = {
      over: 'merchant',
      within: '1d',
      steps: [{ type: 'label', where: { fraud: true }, times: 2 }, {}],
    };
    const at = (id: string) => ({ merchant: { id } });
    const label = (about: string, ms: number) =>
      anEvent('label', 'c-1', BASE_MS + ms, { transactionId: about, fraud: true });
    const scenario = createScenario([rule('r', params)]).givenEvents(
      aPayment('c-1', BASE_MS, at('m-1'), { id: 'a' }),
      aPayment('c-1', BASE_MS + 1, at('m-1'), { id: 'b' }),
      label('a', 2),
      label('b', 3),
    );
    expect(scenario.whenEvent(aPayment('c-2', BASE_MS + 4, at('m-2'))).firedRules()).toEqual([]);
    expect(scenario.whenEvent(aPayment('c-2', BASE_MS + 5, at('m-1'))).firedRules()).toEqual(['r']);
  });

  it('go on through a change of rules, and are let go when no rule follows them', () => {
    const scenario = createScenario([rule('r', declines)]).givenEvents(
      ...[1, 2, 3].map((ms) => aPayment('c-1', BASE_MS + ms, { status: 'declined' })),
    );
    const other = rule('other', { ...declines, within: '6m' });
    scenario.givenRules([other, rule('again', declines)]);
    scenario.whenRestarted().whenEvent(aPayment('c-1', BASE_MS + 10, { amount: 60_000 }));
    expect(scenario.firedRules()).toEqual(['again']);
    scenario.givenRules([other]);
    scenario.givenRules([other, rule('again', declines)]).whenEvent(aPayment('c-1', BASE_MS + 11, { amount: 60_000 }));
    expect(scenario.firedRules()).toEqual([]);
  });

  it('are let go once no event in time can reach them', () => {
    const scenario = createScenario(
      [],
      { allowedLatenessMs: 1_000 },
      probeValues([{ kind: 'sequence', params: DECLINES }], () => {}),
    );
    scenario.givenTick(BASE_MS);
    for (let i = 0; i < 100; i++) scenario.givenEvents(aPayment(`c-${i}`, BASE_MS, { status: 'declined' }));
    expect(scenario.engine.stats().sequenceKeys).toBe(100);
    for (let i = 0; i < 4; i++) scenario.givenTick(BASE_MS + 3_600_000 + 301_000);
    expect(scenario.engine.stats().sequenceKeys).toBe(100);
    for (let i = 0; i < 4; i++) scenario.givenTick(BASE_MS + 3_600_000 + 302_000);
    expect(scenario.engine.stats().sequenceKeys).toBe(0);
  });
});
