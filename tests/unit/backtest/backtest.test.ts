/** What a backtest says, against what is counted by hand: a real engine on each side, and nothing in between. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_ENGINE_SETTINGS, decodeEntry } from '../../../core/codec/entry.ts';
import { splitFrame } from '../../../core/codec/frame.ts';
import type { EventOf, WeirEvent } from '../../../core/events/event.ts';
import { CandidateLog } from '../../../processors/backtest/candidate-log.ts';
import { createEngine } from '../../../processors/engine/engine.ts';
import { backtestByHand } from '../../support/engine/backtest-by-hand.ts';
import { anEvent, aPayment, encodeEntries, rulesetEntry } from '../../support/engine/engine.ts';
import { engineLog } from '../../support/engine/engine-log.ts';
import { fraudRule, HOME, offerRule } from '../../support/engine/rule-documents.ts';

const BASE_MS = 1_780_000_000_000;
const over = (amount: number) => [
  { fact: 'transaction', path: '$.amount', operator: 'greaterThanInclusive', value: amount },
];
const oftenThan = (times: number) => [
  {
    fact: 'window',
    params: { aggregate: 'count', over: 'customer', last: '1m' },
    operator: 'greaterThan',
    value: times,
  },
];
const large = (amount: number) => fraudRule('large', { action: 'decline', score: 80, code: 'large' }, over(amount));
const often = (times: number) => fraudRule('often', { action: 'review', score: 40, code: 'often' }, oftenThan(times));

/** The fixed log with its first rules only; without `first`, those are taken out too. */
function plainLog(seed: number, frames = 300): { frames: Uint8Array[]; rules: readonly unknown[] } {
  let rules: readonly unknown[] = [];
  const kept = engineLog(frames, seed).filter((frame, f) => {
    const [entry] = splitFrame(frame);
    if (entry?.[0] !== 3) return true;
    const decoded = decodeEntry(entry);
    if (f === 0 && decoded.kind === 'ruleset') rules = decoded.documents;
    return f === 0;
  });
  return { frames: kept, rules };
}

/** Payments of a few customers in two currencies, some of them labelled afterwards. */
const payments = fc.array(
  fc.record({
    customer: fc.constantFrom('c-1', 'c-2', 'c-3'),
    amount: fc.integer({ min: 0, max: 100 }),
    currency: fc.constantFrom('CNY', 'EUR'),
    moveMs: fc.nat(40_000),
    fraud: fc.constantFrom(true, false, undefined),
  }),
  { minLength: 1, maxLength: 60 },
);

function logOf(list: typeof payments extends fc.Arbitrary<infer T> ? T : never, rules: readonly unknown[]) {
  let timeMs = BASE_MS;
  const events: EventOf<'transaction'>[] = list.map(({ customer, amount, currency, moveMs }, i) => {
    timeMs += moveMs;
    return aPayment(customer, timeMs, { amount, currency }, { id: `t-${i}` });
  });
  const labels: WeirEvent[] = list.flatMap(({ customer, fraud }, i) =>
    fraud === undefined
      ? []
      : [
          // The last one holds.
          anEvent('label', customer, timeMs + i, { transactionId: `t-${i}`, fraud: !fraud }),
          anEvent('label', customer, timeMs + 1_000 + i, { transactionId: `t-${i}`, fraud }),
        ],
  );
  const frames = [
    encodeEntries([rulesetEntry(rules)]),
    ...events.map((event) => encodeEntries([{ kind: 'event', event }])),
    encodeEntries(labels.map((event) => ({ kind: 'event' as const, event }))),
  ];
  return { frames, events };
}

describe('a backtest', () => {
  it('under the rules that were live finds no change', () => {
    const { frames, rules } = plainLog(7);
    const { live, candidate, changes, rules: counts } = backtestByHand(frames, rules);
    expect(candidate).toEqual(live);
    expect(live.transactions).toBeGreaterThan(300);
    expect(live.decisions.decline).toBeGreaterThan(0);
    expect(live.offers).toBeGreaterThan(0);
    expect(live.labelled.precision).toBeGreaterThan(0);
    expect(counts.every((rule) => rule.live.fired === rule.candidate.fired)).toBe(true);
    expect(changes).toMatchObject({
      decisions: 0,
      reasons: 0,
      onlyLive: 0,
      onlyCandidate: 0,
      offers: { gained: 0, lost: 0 },
      timerAlerts: { gained: 0, lost: 0 },
      examples: [],
    });
  });

  it('pairs decisions by their entries where the range begins with the first frame that is replayed', () => {
    const events = [10, 90, 20, 95].map((amount, i) => aPayment('c-1', BASE_MS + i, { amount }, { id: `t-${i}` }));
    const frame = encodeEntries([
      rulesetEntry([large(60)]),
      ...events.map((event) => ({ kind: 'event' as const, event })),
    ]);
    expect(backtestByHand([frame], [large(60)]).changes).toMatchObject({ decisions: 0, onlyLive: 0, onlyCandidate: 0 });
    const { changes } = backtestByHand([frame], [large(15)]);
    expect(changes).toMatchObject({ decisions: 1, onlyLive: 0, onlyCandidate: 0 });
    expect(changes.examples).toMatchObject([{ eventId: 't-2', change: 'approve → decline', position: 1 }]);
  });

  it('finds changes when one rule is missing: the comparison above can fail', () => {
    const { frames, rules } = plainLog(7);
    for (const gone of ['amount', 'mule', 'listed', 'due']) {
      const { changes } = backtestByHand(
        frames,
        rules.filter((rule) => (rule as { id: string }).id !== gone),
      );
      expect(changes.decisions + changes.reasons + changes.offers.lost, gone).toBeGreaterThan(0);
    }
  });

  it('gives exactly the differences, amounts, precision and recall of a recount by hand', () => {
    fc.assert(
      fc.property(payments, fc.integer({ min: 1, max: 100 }), fc.integer({ min: 0, max: 5 }), (list, amount, times) => {
        const { frames, events } = logOf(list, [large(60), often(2)]);
        const report = backtestByHand(frames, [large(amount), often(times)]);
        const decide = (i: number, limit: number, most: number) => {
          const { subject, timeMs, data } = events[i] as (typeof events)[number];
          if (data.amount >= limit) return 'decline';
          const within = events
            .slice(0, i + 1)
            .filter((other) => other.subject === subject && other.timeMs > timeMs - 60_000);
          return within.length > most ? 'review' : 'approve';
        };
        const pairs = list.map((payment, i) => ({
          ...payment,
          id: `t-${i}`,
          live: decide(i, 60, 2),
          candidate: decide(i, amount, times),
        }));
        const values = ['approve', 'review', 'decline'] as const;
        for (const from of values)
          for (const to of values)
            expect(report.changes.matrix[from][to]).toBe(
              pairs.filter(({ live, candidate }) => live === from && candidate === to).length,
            );
        expect(report.changes.examples.map(({ eventId, change }) => `${eventId} ${change}`).sort()).toEqual(
          pairs
            .filter(({ live, candidate }) => live !== candidate)
            .map((pair) => `${pair.id} ${pair.live} → ${pair.candidate}`)
            .sort(),
        );
        for (const side of ['live', 'candidate'] as const) {
          const { decisions, amounts, labelled, alertRate } = report[side];
          const alerted = pairs.filter((pair) => pair[side] !== 'approve');
          expect(alertRate).toBe(alerted.length / pairs.length);
          for (const value of values) {
            const these = pairs.filter((pair) => pair[side] === value);
            expect(decisions[value]).toBe(these.length);
            for (const currency of ['CNY', 'EUR'])
              expect(amounts[value][currency] ?? 0).toBe(
                these.filter((pair) => pair.currency === currency).reduce((sum, pair) => sum + pair.amount, 0),
              );
          }
          const caught = alerted.filter(({ fraud }) => fraud === true).length;
          const known = alerted.filter(({ fraud }) => fraud !== undefined).length;
          const frauds = pairs.filter(({ fraud }) => fraud === true).length;
          expect(labelled.precision).toBe(known === 0 ? undefined : caught / known);
          expect(labelled.recall).toBe(frauds === 0 ? undefined : caught / frauds);
        }
        const rule = report.rules.find(({ ruleId }) => ruleId === 'large')?.candidate;
        const hit = pairs.filter((pair) => pair.amount >= amount);
        expect(rule?.fired ?? 0).toBe(hit.length);
        expect(rule?.fraud ?? 0).toBe(hit.filter(({ fraud }) => fraud === true).length);
        expect(rule?.legitimate ?? 0).toBe(hit.filter(({ fraud }) => fraud === false).length);
      }),
      { seed: 20_261_126, numRuns: 120 },
    );
  });

  it('fills the windows of the candidate on the way to the range', () => {
    const list = Array.from({ length: 10 }, () => ({
      customer: 'c-1' as const,
      amount: 1,
      currency: 'CNY' as const,
      moveMs: 1_000,
      fraud: undefined,
    }));
    const { frames } = logOf(list, [large(60)]);
    const { candidate, live } = backtestByHand(frames, [often(5)], { from: 8 });
    expect(live).toMatchObject({ transactions: 3, decisions: { approve: 3, review: 0 } });
    expect(candidate).toMatchObject({ transactions: 3, decisions: { approve: 0, review: 3 } });
  });

  it('keeps to the candidate whatever went live meanwhile, and leaves everything else in its place', () => {
    const { frames, rules } = plainLog(5);
    const changing = engineLog(300, 5);
    const engines = [createEngine(), createEngine()] as const;
    const log = new CandidateLog(rules, DEFAULT_ENGINE_SETTINGS);
    let others = 0;
    changing.forEach((bytes, i) => {
      const { frame, added } = log.next(bytes);
      expect(added).toBe(i === 0 ? 2 : 0);
      expect(splitFrame(frame)).toHaveLength(splitFrame(bytes).length + added);
      if (frame !== bytes) others++;
      engines[0].step(i + 1, frame);
    });
    expect(others).toBe(changing.length - frames.length + 1);
    // The frames of rule sets held nothing else: without them the log is the plain one.
    for (const [i, bytes] of frames.entries()) engines[1].step(i + 1, bytes);
    const { accepted, alerts, offers, windowKeys } = engines[1].stats();
    expect(engines[0].stats()).toMatchObject({ accepted, alerts, offers, windowKeys });
  });

  it('shows offers that are gained and lost, and what shadow rules of the candidate fired on', () => {
    const always = [{ fact: 'location', path: '$.lat', operator: 'greaterThan', value: 0 }];
    const moves = [1, 2].map((i) =>
      encodeEntries([{ kind: 'event', event: anEvent('location', `c-${i}`, BASE_MS, HOME) }]),
    );
    const report = backtestByHand(
      [encodeEntries([rulesetEntry([offerRule('old', always)])]), ...moves],
      [offerRule('new', always), { ...offerRule('quiet', always), mode: 'shadow' }],
      { examplesMax: 1 },
    );
    expect(report.changes).toMatchObject({ offers: { gained: 2, lost: 2 } });
    expect(report.changes.examples.map(({ change, customer }) => [change, customer])).toEqual([
      ['offer lost', 'c-1'],
      ['offer gained', 'c-1'],
    ]);
    expect(report.candidate.shadowed).toBe(2);
    expect(
      report.rules.map(({ ruleId, live, candidate }) => [ruleId, live.fired, candidate.fired, candidate.shadow]),
    ).toEqual([
      ['new', 0, 2, 0],
      ['old', 2, 0, 0],
      ['quiet', 0, 0, 2],
    ]);
  });
});
