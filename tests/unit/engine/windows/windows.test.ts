import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EventOf } from '../../../../core/events/event.ts';
import { createEngine, restoreEngine } from '../../../../processors/engine/engine.ts';
import type { WindowParams } from '../../../../rules/requirement.ts';
import {
  anEvent,
  aPayment,
  encodeEntries,
  probeValues,
  type RequirementBody,
  rulesetEntry,
} from '../../../support/engine/engine.ts';
import { createWindowModel } from '../../../support/engine/window-model.ts';

const BASE_MS = 1_780_000_000_000;
const LATENESS_MS = 4_000;

const window = (params: Partial<WindowParams> & Pick<WindowParams, 'aggregate' | 'lastMs'>): RequirementBody => ({
  kind: 'window',
  params: { over: ['customer'], offsetMs: 0, type: 'transaction', where: {}, ...params },
});
const AMOUNT = '$.amount';

/** Every aggregate, key kind, pair, offset, filter, read key and type at least once. */
const REQUIREMENTS: readonly RequirementBody[] = [
  window({ aggregate: 'count', lastMs: 1_000 }),
  window({ aggregate: 'count', lastMs: 10_000 }),
  window({ aggregate: 'sum', of: AMOUNT, lastMs: 5_000 }),
  window({ aggregate: 'sum', of: AMOUNT, lastMs: 5_000, offsetMs: 3_000 }),
  window({ aggregate: 'avg', of: AMOUNT, lastMs: 60_000, over: ['merchant'] }),
  window({ aggregate: 'min', of: AMOUNT, lastMs: 7_000 }),
  window({ aggregate: 'max', of: AMOUNT, lastMs: 7_000, offsetMs: 1 }),
  window({ aggregate: 'max', of: '$.fee', lastMs: 20_000, over: ['card'] }),
  window({ aggregate: 'sum', of: '$.score', lastMs: 20_000 }),
  window({ aggregate: 'min', of: '$.score', lastMs: 9_000, over: ['device'] }),
  window({ aggregate: 'distinct', of: '$.merchant.id', lastMs: 8_000 }),
  window({ aggregate: 'distinct', of: '$.instrument.token', lastMs: 30_000, over: ['device'] }),
  window({ aggregate: 'distinct', of: '$.instrument.token', lastMs: 30_000, offsetMs: 2_000, over: ['ip'] }),
  window({ aggregate: 'count', lastMs: 6_000, over: ['customer', 'device'] }),
  window({ aggregate: 'sum', of: AMOUNT, lastMs: 6_000, over: ['merchant', 'card', 'ip'] }),
  window({ aggregate: 'count', lastMs: 15_000, where: { status: 'declined' } }),
  window({ aggregate: 'sum', of: AMOUNT, lastMs: 15_000, where: { amount: { gte: 3, lt: 7 }, status: ['approved'] } }),
  window({ aggregate: 'sum', of: AMOUNT, lastMs: 15_000, over: ['counterparty'], at: ['customer'] }),
  window({ aggregate: 'count', lastMs: 15_000, over: ['counterparty'] }),
  window({ aggregate: 'count', lastMs: 9_000, type: 'location' }),
  window({ aggregate: 'avg', of: '$.lat', lastMs: 9_000, type: 'location' }),
  window({ aggregate: 'count', lastMs: 60_000, type: 'label', over: ['merchant'], where: { fraud: true } }),
  window({ aggregate: 'count', lastMs: 60_000, type: 'label' }),
  window({ aggregate: 'stddev', of: AMOUNT, lastMs: 12_000 }),
  window({ aggregate: 'stddev', of: '$.score', lastMs: 25_000, over: ['device'], offsetMs: 500 }),
  window({ aggregate: 'first', of: AMOUNT, lastMs: 9_000 }),
  window({ aggregate: 'first', of: '$.score', lastMs: 9_000, over: ['card'] }),
  window({ aggregate: 'last', of: '$.fee', lastMs: 9_000 }),
  window({ aggregate: 'last', of: AMOUNT, lastMs: 9_000, offsetMs: 1_500, over: ['merchant'] }),
  window({ aggregate: 'rate', lastMs: 8_000 }),
  window({ aggregate: 'rate', of: AMOUNT, lastMs: 8_000, over: ['ip'] }),
  window({ aggregate: 'percentile', of: AMOUNT, p: 50, lastMs: 20_000 }),
  window({ aggregate: 'percentile', of: '$.score', p: 95, lastMs: 20_000, over: ['merchant'] }),
  window({ aggregate: 'percentile', of: AMOUNT, p: 100, lastMs: 5_000, over: ['card'], offsetMs: 1_000 }),
  window({ aggregate: 'count', lastMs: 20_000, over: ['$.merchant.city'] }),
  window({ aggregate: 'sum', of: AMOUNT, lastMs: 20_000, over: ['customer', '$.channel'], offsetMs: 700 }),
  window({ aggregate: 'max', of: AMOUNT, lastMs: 30_000, over: ['$.tag'] }),
  window({ aggregate: 'distinct', of: '$.instrument.token', lastMs: 30_000, over: ['$.tag', 'merchant', '$.channel'] }),
  window({ aggregate: 'count', lastMs: 30_000, over: ['$.to.account'], at: ['$.from'] }),
  window({ aggregate: 'count', lastMs: 30_000, over: ['$.lat'], type: 'location' }),
  window({ aggregate: 'count', lastMs: 30_000, over: ['customer', '$.fraud'], type: 'label' }),
  { kind: 'recency', params: { over: ['$.merchant.city'], type: 'transaction', where: {} } },
  { kind: 'recency', params: { over: ['customer'], type: 'transaction', where: {} } },
  { kind: 'recency', params: { over: ['card'], type: 'transaction', where: { status: 'declined' } } },
];

const pick = <T>(...values: T[]) => fc.constantFrom(...values);
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 5 });

const step = fc.record({
  kind: fc.constantFrom('transaction', 'transaction', 'transaction', 'transaction', 'location', 'label'),
  /** Mostly forwards, sometimes back within the lateness, sometimes beyond it. */
  moveMs: fc.oneof(
    { arbitrary: fc.nat(900), weight: 8 },
    { arbitrary: fc.constant(0), weight: 2 },
    { arbitrary: fc.integer({ min: -LATENESS_MS, max: 0 }), weight: 3 },
    { arbitrary: fc.integer({ min: -30_000, max: -LATENESS_MS }), weight: 1 },
  ),
  customer: pick('c-1', 'c-2', 'c-3'),
  card: optional(pick('k-1', 'k-2', 'k-3')),
  device: optional(pick('d-1', 'd-2')),
  ip: optional(pick('10.0.0.1', '10.0.0.2')),
  merchant: optional(pick('m-1', 'm-2', 'ü-3')),
  counterparty: optional(pick('c-1', 'c-2', 'x-9')),
  city: optional(pick('Shanghai', 'Köln', '', 'c-1', 'x'.repeat(257))),
  channel: optional(pick('app' as const, 'pos' as const)),
  tag: optional(pick<string | number | boolean | null | object>('5', 5, -5.5, true, 'true', null, {}, '')),
  from: optional(pick('a-1', 'a-2')),
  to: optional(pick('a-1', 'a-2')),
  amount: fc.nat(9),
  fee: optional(fc.nat(5)),
  score: optional(fc.double({ min: -5, max: 5, noNaN: true })),
  declined: fc.boolean(),
  fraud: fc.boolean(),
  labels: fc.nat(40),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

describe('windows', () => {
  it('equal a brute-force recount, whatever the order, lateness, key, filter, offset, and with restarts', () => {
    const check = (steps: readonly Step[], restartEvery: number): void => {
      const seen: unknown[][] = [];
      const options = probeValues(REQUIREMENTS, (input) => seen.push([...input.values]));
      const model = createWindowModel(REQUIREMENTS, LATENESS_MS);
      let engine = createEngine(options);
      engine.step(1, encodeEntries([rulesetEntry([], { allowedLatenessMs: LATENESS_MS })]));
      const transactions: EventOf<'transaction'>[] = [];
      let nowMs = BASE_MS;
      for (const [i, one] of steps.entries()) {
        nowMs += Math.max(0, one.moveMs);
        const event = eventOf(one, nowMs + Math.min(0, one.moveMs), i, transactions);
        if (event.type === 'transaction') transactions.push(event);
        if (i % restartEvery === restartEvery - 1) engine = restoreEngine(engine.snapshot(), options);
        engine.step(i + 2, encodeEntries([{ kind: 'event', event }]));
        const expected = model.expect(event);
        expect(rounded(seen.at(-1)), `event ${i} ${event.type} at ${event.timeMs - BASE_MS}`).toEqual(
          rounded(expected),
        );
      }
      expect(engine.stats().poison).toBe(0);
      expect(seen.length).toBe(steps.length);
    };
    fc.assert(fc.property(fc.array(step, { minLength: 1, maxLength: 120 }), fc.integer({ min: 7, max: 200 }), check), {
      seed: 20_261_123,
      numRuns: 100,
    });
  });

  it('stay exact through thousands of events of one key, late ones among them', () => {
    const requirements = REQUIREMENTS.slice(0, 8);
    const seen: unknown[][] = [];
    const engine = createEngine(probeValues(requirements, (input) => seen.push([...input.values])));
    const model = createWindowModel(requirements, LATENESS_MS);
    engine.step(1, encodeEntries([rulesetEntry([], { allowedLatenessMs: LATENESS_MS })]));
    for (let i = 0; i < 600; i++) {
      const jitterMs = (Math.imul(i, 2_654_435_761) >>> 0) % 5 === 0 ? (Math.imul(i, 40_503) >>> 0) % LATENESS_MS : 0;
      const data = { amount: i % 97, merchant: { id: 'm' }, instrument: { token: 'k' }, fee: i % 13 };
      const event = aPayment('c', BASE_MS + i * 3 - jitterMs, data);
      engine.step(i + 2, encodeEntries([{ kind: 'event', event }]));
      expect(seen.at(-1), `event ${i}`).toEqual(model.expect(event));
    }
  });

  it('sum money exactly where prefix sums have to be rebased', () => {
    const seen: unknown[][] = [];
    const requirements = [window({ aggregate: 'sum', of: AMOUNT, lastMs: 2_000 })];
    const engine = createEngine(probeValues(requirements, (input) => seen.push([...input.values])));
    engine.step(1, encodeEntries([rulesetEntry([], { allowedLatenessMs: 0 })]));
    const large = 2 ** 51 - 7;
    for (let i = 0; i < 50; i++) {
      const event = aPayment('c', BASE_MS + i * 1_000, { amount: large + i });
      engine.step(i + 2, encodeEntries([{ kind: 'event', event }]));
      expect(seen.at(-1)).toEqual([i === 0 ? large : large * 2 + 2 * i - 1]);
    }
  });

  it('cut a key that exceeds the bound, and count what they cut', () => {
    const seen: unknown[][] = [];
    const requirements = [window({ aggregate: 'count', lastMs: 1_000_000 })];
    const engine = createEngine(probeValues(requirements, (input) => seen.push([...input.values])));
    engine.step(1, encodeEntries([rulesetEntry([], { historyEventsMax: 10 })]));
    for (let i = 0; i < 15; i++)
      engine.step(i + 2, encodeEntries([{ kind: 'event', event: aPayment('c', BASE_MS + i) }]));
    expect(seen.map(([count]) => count)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 11, 11, 11, 11]);
    expect(engine.stats().cutEvents).toBe(5);
  });

  it('have at most 64 paths for keys', () => {
    const over = (count: number) =>
      Array.from({ length: count }, (_, i) => window({ aggregate: 'count', lastMs: 1_000, over: [`$.p${i}`] }));
    const liveWith = (count: number) => {
      const engine = createEngine(probeValues(over(count), () => undefined));
      engine.step(1, encodeEntries([rulesetEntry([])]));
      return engine.stats().rulesetVersion;
    };
    expect(liveWith(64)).toBe(1);
    expect(liveWith(65)).toBe(0);
  });

  it('let go of the paths of the rule set before', () => {
    const seen: unknown[][] = [];
    const see = (input: { values: readonly unknown[] }) => seen.push([...input.values]);
    const first = probeValues(
      ['$.fee', '$.cost'].map((path) => window({ aggregate: 'count', lastMs: 1_000, over: [path as '$.fee'] })),
      see,
    );
    const second = probeValues([window({ aggregate: 'count', lastMs: 1_000, over: ['$.cost'] })], see);
    const compileRuleSet: typeof first.compileRuleSet = (version, documents) =>
      (version === 1 ? first : second).compileRuleSet?.(version, documents) as never;
    const engine = createEngine({ compileRuleSet });
    const pay = (seq: number, fee: number, cost: number) =>
      engine.step(seq, encodeEntries([{ kind: 'event', event: aPayment('c', BASE_MS + seq, { fee, cost }) }]));
    engine.step(1, encodeEntries([rulesetEntry([], {}, 1)]));
    pay(2, 1, 7);
    pay(3, 2, 7);
    expect(seen.at(-1)).toEqual([1, 2]);
    engine.step(4, encodeEntries([rulesetEntry([], {}, 2)]));
    pay(5, 1, 7);
    expect(seen.at(-1)).toEqual([3]);
  });

  it('keep their events through a new rule set that still asks for them, and drop what nothing asks for', () => {
    const seen: unknown[][] = [];
    const see = (input: { values: readonly unknown[] }) => seen.push([...input.values]);
    const first = probeValues(
      [window({ aggregate: 'count', lastMs: 1_000 }), window({ aggregate: 'sum', of: '$.fee', lastMs: 1_000 })],
      see,
    );
    const second = probeValues([window({ aggregate: 'sum', of: AMOUNT, lastMs: 1_000 })], see);
    const compileRuleSet: typeof first.compileRuleSet = (version, documents) =>
      (version === 1 ? first : second).compileRuleSet?.(version, documents) as never;
    const engine = createEngine({ compileRuleSet });
    engine.step(1, encodeEntries([rulesetEntry([], {}, 1)]));
    engine.step(2, encodeEntries([{ kind: 'event', event: aPayment('c', BASE_MS, { amount: 5, fee: 1 }) }]));
    expect(engine.stats().windowKeys).toBe(2);
    engine.step(3, encodeEntries([rulesetEntry([], {}, 2)]));
    expect(engine.stats()).toMatchObject({ windowKeys: 1, series: 1 });
    engine.step(4, encodeEntries([{ kind: 'event', event: aPayment('c', BASE_MS + 1, { amount: 6, fee: 1 }) }]));
    expect(seen.at(-1)).toEqual([11]);
  });
});

function eventOf(one: Step, timeMs: number, i: number, transactions: readonly EventOf<'transaction'>[]) {
  const id = { id: `e-${i}` };
  if (one.kind === 'location')
    return anEvent('location', one.customer, timeMs, { lat: one.amount, lon: one.fee ?? 0 }, id);
  const labelled = transactions[one.labels % Math.max(1, transactions.length)];
  if (one.kind === 'label' && labelled !== undefined) {
    const data = { transactionId: labelled.id, fraud: one.fraud };
    return anEvent('label', labelled.subject, timeMs, data, id);
  }
  const { amount, fee, score, counterparty, channel, tag, from, to } = one;
  const data = {
    amount,
    status: one.declined ? ('declined' as const) : ('approved' as const),
    ...(fee === undefined ? {} : { fee }),
    ...(score === undefined ? {} : { score }),
    ...(counterparty === undefined ? {} : { counterparty }),
    ...(one.card === undefined ? {} : { instrument: { token: one.card } }),
    ...(one.merchant === undefined
      ? {}
      : { merchant: { id: one.merchant, ...(one.city !== undefined && { city: one.city }) } }),
    ...(channel === undefined ? {} : { channel }),
    // Members that the layout does not know: such a transaction is decoded as a whole.
    ...(tag === undefined ? {} : { tag }),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to: { account: to } }),
    ...(one.device === undefined && one.ip === undefined
      ? {}
      : { device: { ...(one.device && { id: one.device }), ...(one.ip && { ip: one.ip }) } }),
  };
  return aPayment(one.customer, timeMs, data, id);
}

/** Sums of fractions are added in another order by the model; everything else must be equal to the bit. */
function rounded(values: readonly unknown[] | undefined): unknown[] | undefined {
  return values?.map((value) =>
    typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(12)) : value === 0 ? 0 : value,
  );
}
