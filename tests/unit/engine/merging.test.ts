/**
 * Linking an identifier that had events of its own: from then on every answer is what an engine gives that knew of the
 * link from the start.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { WeirEvent } from '../../../core/events/event.ts';
import { createEngine, restoreEngine } from '../../../processors/engine/engine.ts';
import type { WindowParams } from '../../../rules/requirement.ts';
import type { RuleInput } from '../../../rules/ruleset.ts';
import {
  anEvent,
  aPayment,
  createScenario,
  encodeEntries,
  probeValues,
  type RequirementBody,
  rulesetEntry,
} from '../../support/engine/engine.ts';

const BASE_MS = 1_780_000_000_000;
const AMOUNT = '$.amount';
const window = (params: Partial<WindowParams> & Pick<WindowParams, 'aggregate'>): RequirementBody => ({
  kind: 'window',
  params: { over: ['customer'], lastMs: 20_000, offsetMs: 0, type: 'transaction', where: {}, ...params },
});
const REQUIREMENTS: readonly RequirementBody[] = [
  window({ aggregate: 'count' }),
  window({ aggregate: 'sum', of: AMOUNT }),
  window({ aggregate: 'sum', of: AMOUNT, lastMs: 5_000, offsetMs: 2_000 }),
  window({ aggregate: 'max', of: AMOUNT }),
  window({ aggregate: 'min', of: '$.score' }),
  window({ aggregate: 'stddev', of: AMOUNT }),
  window({ aggregate: 'first', of: AMOUNT }),
  window({ aggregate: 'last', of: AMOUNT }),
  window({ aggregate: 'percentile', of: AMOUNT, p: 50 }),
  window({ aggregate: 'distinct', of: '$.merchant.id' }),
  window({ aggregate: 'count', over: ['customer', 'device'] }),
  window({ aggregate: 'sum', of: AMOUNT, over: ['customer', 'merchant'], where: { status: 'declined' } }),
  window({ aggregate: 'count', over: ['merchant', 'customer', 'card'] }),
  window({ aggregate: 'count', over: ['counterparty'] }),
  window({ aggregate: 'sum', of: AMOUNT, over: ['counterparty'], at: ['customer'] }),
  window({ aggregate: 'count', type: 'location' }),
  window({ aggregate: 'count', type: 'label', where: { fraud: true } }),
  { kind: 'recency', params: { over: ['customer'], type: 'transaction', where: {} } },
  { kind: 'recency', params: { over: ['customer', 'device'], type: 'transaction', where: { status: 'declined' } } },
  { kind: 'travel' },
  {
    kind: 'sequence',
    params: {
      over: ['customer'],
      withinMs: 20_000,
      steps: [
        { type: 'transaction', where: { status: 'declined' }, times: 2 },
        { not: { type: 'location', where: {} } },
        { type: 'transaction', where: { status: 'approved' }, times: 1 },
      ],
    },
  },
  {
    kind: 'sequence',
    params: {
      over: ['customer', 'device'],
      withinMs: 20_000,
      steps: [{ type: 'transaction', where: {}, times: 3 }],
    },
  },
];
const IDENTIFIERS = ['phone:1', 'account:7', 'device:d'];

const step = fc.record({
  kind: fc.constantFrom('transaction', 'transaction', 'transaction', 'location', 'label', 'again'),
  /** Times differ: of two events at the same millisecond, nobody knows afterwards which one came first. */
  moveMs: fc.integer({ min: 1, max: 1_500 }),
  lateMs: fc.oneof(
    { arbitrary: fc.constant(0), weight: 4 },
    { arbitrary: fc.integer({ min: 0, max: 4_000 }), weight: 1 },
  ),
  subject: fc.constantFrom('c-1', 'c-2', ...IDENTIFIERS),
  device: fc.constantFrom('d-1', 'd-2', undefined),
  merchant: fc.constantFrom('m-1', 'm-2'),
  counterparty: fc.constantFrom('phone:1', 'account:7', 'c-1', 'x', undefined),
  card: fc.constantFrom('k-1', 'k-2'),
  amount: fc.integer({ min: 1, max: 9 }),
  declined: fc.boolean(),
  pick: fc.nat(1_000),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function makeEvents(steps: readonly Step[]): WeirEvent[] {
  const events: WeirEvent[] = [];
  const taken = new Set<number>();
  let clockMs = BASE_MS;
  for (const [i, one] of steps.entries()) {
    clockMs += one.moveMs;
    const payments = events.filter(({ type }) => type === 'transaction');
    if (one.kind === 'again' && events.length > 0) {
      events.push(events[one.pick % events.length] as WeirEvent);
      continue;
    }
    let timeMs = clockMs - one.lateMs;
    while (taken.has(timeMs)) timeMs++;
    taken.add(timeMs);
    const about = payments[one.pick % payments.length];
    if (one.kind === 'location') {
      events.push(anEvent('location', one.subject, timeMs, { lat: one.amount, lon: 1 }, { id: `e-${i}` }));
    } else if (one.kind === 'label' && about !== undefined) {
      const label = { transactionId: about.id, fraud: one.declined };
      events.push(anEvent('label', about.subject, timeMs, label, { id: `e-${i}` }));
    } else {
      const data = {
        amount: one.amount,
        score: one.amount / 2,
        status: one.declined ? 'declined' : 'approved',
        merchant: { id: one.merchant },
        instrument: { token: one.card },
        ...(one.device && { device: { id: one.device } }),
        ...(one.counterparty && { counterparty: one.counterparty }),
      } as const;
      events.push(aPayment(one.subject, timeMs, data, { id: `t-${i}` }));
    }
  }
  return events;
}

const LINK = anEvent('profile', 'c-1', BASE_MS, { links: IDENTIFIERS }, { id: 'link' });

function customerSeen(input: RuleInput | undefined): object {
  const customer = (input?.facts.customer ?? {}) as Readonly<Record<string, unknown>>;
  const { id, transactionCount, firstSeenDays, knownDevice } = customer;
  return { values: input?.values, id, transactionCount, firstSeenDays, knownDevice };
}

/** What the engine saw at each event, by position; the link comes at the given one. */
function run(events: readonly WeirEvent[], linkAt: number, restart: boolean) {
  const seen: object[] = [];
  let last: RuleInput | undefined;
  const options = probeValues(REQUIREMENTS, (input) => {
    last = input;
  });
  let engine = createEngine(options);
  let seq = 0;
  engine.step(++seq, encodeEntries([rulesetEntry([])]));
  events.forEach((event, i) => {
    if (i === linkAt) {
      engine.step(++seq, encodeEntries([{ kind: 'event', event: LINK }]));
      if (restart) engine = restoreEngine(engine.snapshot(), options);
    }
    last = undefined;
    engine.step(++seq, encodeEntries([{ kind: 'event', event }]));
    const { duplicates, poison, labelsUnmatched } = engine.stats();
    expect(poison).toBe(0);
    seen.push({ ...customerSeen(last), duplicates, labelsUnmatched });
  });
  return { seen, engine };
}

describe('a link', () => {
  it('makes every window, sequence, count and duplicate what they would be had it been known from the start', () => {
    let merged = 0;
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 20, maxLength: 60 }),
        fc.integer({ min: 10, max: 95 }),
        fc.boolean(),
        (steps, percent, restart) => {
          const events = makeEvents(steps);
          const linkAt = Math.floor((percent / 100) * (events.length - 1));
          const known = run(events, 0, false);
          const linked = run(events, linkAt, restart);
          expect(linked.seen.slice(linkAt)).toEqual(known.seen.slice(linkAt));
          const about = (engine: typeof known.engine) => {
            const { devices = [], ...more } = engine.describeCustomer('c-1') ?? {};
            return { ...more, devices: [...devices].sort() };
          };
          expect(about(linked.engine)).toEqual(about(known.engine));
          merged += linked.engine.stats().customersMerged;
        },
      ),
      { seed: 20_261_126, numRuns: 120 },
    );
    expect(merged).toBeGreaterThan(100);
  });

  it('brings profile, bills, offers, devices and issuers along, the newer of two profiles winning', () => {
    const bill = (subject: string, issuer: string, dueDate: string) =>
      anEvent('bill', subject, BASE_MS, { amount: 5, currency: 'CNY', dueDate, issuer });
    const scenario = createScenario().givenEvents(
      anEvent('profile', 'phone:1', BASE_MS + 9, { name: 'Newer', consents: { marketing: false } }),
      bill('phone:1', 'B', '2026-07-01'),
      aPayment('phone:1', BASE_MS, { device: { id: 'd-1' }, instrument: { token: 'k', issuer: 'ICBC' } }, { id: 'p' }),
      anEvent('profile', 'c-1', BASE_MS + 1, { name: 'Older', email: 'a@b.c' }),
      bill('c-1', 'A', '2026-08-01'),
      aPayment('c-1', BASE_MS + 2, { device: { id: 'd-2' }, instrument: { token: 'k', issuer: 'BOC' } }),
    );
    scenario.givenEvents(anEvent('profile', 'c-1', BASE_MS + 3, { links: ['phone:1'] })).whenRestarted();
    const description = scenario.engine.describeCustomer('phone:1');
    expect(description).toMatchObject({
      customer: 'c-1',
      profile: { name: 'Newer', email: 'a@b.c', consents: { marketing: false } },
      links: ['phone:1'],
      transactionCount: 2,
      historyEvents: 7,
      firstSeenMs: BASE_MS,
      lastSeenMs: BASE_MS + 9,
      devices: ['d-2', 'd-1'],
      cardIssuers: ['BOC', 'ICBC'],
      openBills: [{ issuer: 'B' }, { issuer: 'A' }],
    });
    expect(scenario.engine.stats()).toMatchObject({ customers: 1, customersMerged: 1 });
    // A label finds the transaction under either name.
    scenario.givenEvents(anEvent('label', 'c-1', BASE_MS + 20, { transactionId: 'p', fraud: true }));
    expect(scenario.engine.stats().labelsUnmatched).toBe(0);
  });

  it('to another customer leaves what the identifier brought to the former one, and still recognises it', () => {
    const payment = aPayment('phone:1', BASE_MS, {}, { id: 'p' });
    const link = (subject: string, ms: number) => anEvent('profile', subject, BASE_MS + ms, { links: ['phone:1'] });
    const scenario = createScenario().givenEvents(payment, link('c-1', 1), link('c-2', 2));
    scenario
      .givenEvents(aPayment('phone:1', BASE_MS + 3))
      .whenRestarted()
      .whenEvent(payment);
    expect(scenario.engine.stats()).toMatchObject({ duplicates: 1, customersMerged: 1 });
    expect(scenario.engine.describeCustomer('c-1')).toMatchObject({ transactionCount: 1 });
    expect(scenario.engine.describeCustomer('c-2')).toMatchObject({ transactionCount: 1 });
    expect(scenario.engine.describeCustomer('phone:1')).toMatchObject({ customer: 'c-2' });
  });

  it('frees what the identifier held: linking in a circle of names does not grow the state', () => {
    const scenario = createScenario(
      [],
      {},
      probeValues(REQUIREMENTS, () => {}),
    );
    for (let i = 0; i < 50; i++) {
      scenario.givenEvents(
        ...Array.from({ length: 40 }, (_, k) =>
          aPayment(`phone:${i}`, BASE_MS + i * 100 + k, { device: { id: `d-${k}` } }),
        ),
        anEvent('profile', 'c-1', BASE_MS + i * 100 + 50, { links: [`phone:${i}`] }),
      );
    }
    expect(scenario.engine.stats()).toMatchObject({ customers: 1, customersMerged: 50, accepted: 2_050 });
    expect(scenario.engine.describeCustomer('c-1')).toMatchObject({ transactionCount: 2_000, historyEvents: 2_050 });
  });
});
