/**
 * Windows that follow the events of a key are no part of a snapshot: an engine that was restored says what one says that
 * went on, and so does one that links two customers with many events each.
 */
import { describe, expect, it } from 'vitest';
import { createEngine, type Engine, restoreEngine } from '../../../../../processors/engine/engine.ts';
import type { WindowParams } from '../../../../../rules/requirement.ts';
import {
  anEvent,
  aPayment,
  encodeEntries,
  probeValues,
  type RequirementBody,
  rulesetEntry,
} from '../../../../support/engine/engine.ts';

const BASE_MS = 1_780_000_000_000;
const LATENESS_MS = 4_000;
const SETTINGS = { allowedLatenessMs: LATENESS_MS };
const STEP_MS = 9;
const TOKEN = '$.instrument.token';

const window = (params: Omit<WindowParams, 'type' | 'where' | 'offsetMs'> & Partial<WindowParams>) =>
  ({ kind: 'window', params: { offsetMs: 0, type: 'transaction', where: {}, ...params } }) as const;

/** Over merchants in the first test, over customers in the second. */
const requirementsOver = (over: 'merchant' | 'customer'): readonly RequirementBody[] => [
  window({ aggregate: 'distinct', of: TOKEN, over: [over], lastMs: 2_000 }),
  window({ aggregate: 'distinct', of: TOKEN, over: [over], lastMs: 9_000 }),
  window({ aggregate: 'distinct', of: TOKEN, over: [over], lastMs: 6_000, offsetMs: 1_500 }),
  window({ aggregate: 'distinct', of: TOKEN, over: [over], lastMs: 9_000, where: { amount: { gte: 20 } } }),
  window({ aggregate: 'percentile', of: '$.amount', p: 95, over: [over], lastMs: 2_000 }),
  window({ aggregate: 'percentile', of: '$.amount', p: 50, over: [over], lastMs: 9_000, offsetMs: 700 }),
  window({ aggregate: 'percentile', of: '$.score', p: 5, over: [over], lastMs: 9_000 }),
  window({ aggregate: 'percentile', of: '$.score', p: 95, over: [over], lastMs: 9_000, where: { status: 'declined' } }),
];

/** Number `i`: in order but for every seventh, which is late. */
function payment(i: number, subject: string) {
  const mixed = Math.imul(i ^ (i >>> 5), 0x9e37_79b1) >>> 0;
  const timeMs = BASE_MS + i * STEP_MS - (i % 7 === 0 ? mixed % (LATENESS_MS / 2) : 0);
  const amount = (mixed % 100) + Math.floor(i / 30);
  const data = {
    amount,
    score: amount / 3,
    status: mixed % 3 === 0 ? ('declined' as const) : ('approved' as const),
    merchant: { id: 'm' },
    instrument: { token: `k-${mixed % 150}` },
  };
  return aPayment(subject, timeMs, data, { id: `t-${i}` });
}

type Payment = ReturnType<typeof payment>;

function expected({ kind, ...rest }: RequirementBody, payments: readonly Payment[]): unknown {
  if (kind !== 'window' || !('params' in rest)) throw new Error('these are windows');
  const { aggregate, of, lastMs, offsetMs, where, p = 0 } = rest.params as WindowParams;
  const endMs = (payments.at(-1)?.timeMs ?? 0) - offsetMs;
  const inside = payments.filter(
    ({ timeMs, data }) =>
      timeMs > endMs - lastMs &&
      timeMs <= endMs &&
      (where.amount === undefined || data.amount >= 20) &&
      (where.status === undefined || data.status === 'declined'),
  );
  if (aggregate === 'distinct') return new Set(inside.map(({ data }) => data.instrument?.token)).size;
  const numbers = inside.map(({ data }) => (of === '$.amount' ? data.amount : data.amount / 3)).sort((a, b) => a - b);
  return numbers[Math.ceil((p / 100) * numbers.length) - 1];
}

describe('windows that follow the events of a key', () => {
  const EVENTS = 1_500;
  const run = (restartsAt: (i: number) => boolean) => {
    const requirements = requirementsOver('merchant');
    const seen: unknown[][] = [];
    const options = probeValues(requirements, ({ values }) => seen.push([...values]));
    let engine = createEngine(options);
    engine.step(1, encodeEntries([rulesetEntry([], SETTINGS)]));
    const payments: Payment[] = [];
    for (let i = 0; i < EVENTS; i++) {
      const event = payment(i, 'c-1');
      if (restartsAt(i)) engine = restoreEngine(engine.snapshot(), options);
      engine.step(i + 2, encodeEntries([{ kind: 'event', event }]));
      payments.push(event);
      if (i % 11 === 0) expect(seen.at(-1), `event ${i}`).toEqual(requirements.map((one) => expected(one, payments)));
    }
    return { seen, engine };
  };
  const bytesOf = (engine: Engine, name: string) => engine.memory().find(({ part }) => part === name)?.bytes;

  it('say the same before and after restarts, late events, filters and offsets or not, and what a recount says', () => {
    const whole = run(() => false);
    const restarted = run((i) => i === 700 || i === 701 || i % 333 === 0);
    expect(restarted.seen).toEqual(whole.seen);
    const { digest, bytes, poison } = whole.engine.stats();
    expect(poison).toBe(0);
    expect(restarted.engine.stats().digest).toBe(digest);
    expect(bytes.distinctWindows).toBeGreaterThan(1_000);
    expect(bytes.percentileWindows).toBeGreaterThan(1_000);
    expect(bytesOf(whole.engine, 'windows of distinct values')).toBe(bytes.distinctWindows);
    expect(bytesOf(whole.engine, 'windows of percentiles')).toBe(bytes.percentileWindows);
    const restored = restoreEngine(whole.engine.snapshot());
    expect(restored.stats().bytes).toMatchObject({ distinctWindows: 0, percentileWindows: 0 });
  });

  it('say after two customers with many events are linked what they would say had these always been one', () => {
    const link = anEvent('profile', 'c-1', BASE_MS, { links: ['phone:1'] }, { id: 'link' });
    const LINKED_AT = 1_300;
    const runLinked = (isKnown: boolean, restarts: boolean): unknown[][] => {
      let seen: unknown[][] = [];
      const options = probeValues(requirementsOver('customer'), ({ values }) => seen.push([...values]));
      let engine = createEngine(options);
      engine.step(
        1,
        encodeEntries([rulesetEntry([], SETTINGS), ...(isKnown ? [{ kind: 'event', event: link } as const] : [])]),
      );
      for (let i = 0; i < EVENTS + 200; i++) {
        const event = payment(i, i % 2 === 0 ? 'c-1' : 'phone:1');
        if (i === LINKED_AT) {
          if (!isKnown) engine.step(engine.position + 1, encodeEntries([{ kind: 'event', event: link }]));
          seen = [];
        }
        if (restarts && i === LINKED_AT + 50) engine = restoreEngine(engine.snapshot(), options);
        engine.step(engine.position + 1, encodeEntries([{ kind: 'event', event }]));
      }
      expect(engine.stats().poison).toBe(0);
      return seen;
    };
    const known = runLinked(true, false);
    expect(known).toHaveLength(EVENTS + 200 - LINKED_AT);
    expect(runLinked(false, false)).toEqual(known);
    expect(runLinked(false, true)).toEqual(known);
  });
});
