/**
 * A shadow rule is evaluated, traced and recorded like any other, and changes nothing: with any shadow rules in a rule set,
 * every outcome is what it was without them, but for the record of what they would have done.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeEntry } from '../../../../core/codec/entry.ts';
import { splitFrame } from '../../../../core/codec/frame.ts';
import { eventFacts } from '../../../../core/events/event-facts.ts';
import type { Outcome, ShadowOutcome } from '../../../../core/outcomes/outcome.ts';
import { decodeOutcomeFrame } from '../../../../core/outcomes/outcome-codec.ts';
import { createEngine, restoreEngine } from '../../../../processors/engine/engine.ts';
import { SHADOW_RULES_RECORDED_MAX, TIMERS_PER_CUSTOMER_MAX } from '../../../../processors/engine/limits.ts';
import { loadCatalog } from '../../../../rules/catalog/load-catalog.ts';
import { compileRuleSet } from '../../../../rules/compile-rule-set.ts';
import type { RuleExplanation } from '../../../../rules/ruleset.ts';
import { aPayment, createScenario, encodeEntries, type Scenario } from '../../../support/engine/engine.ts';
import { engineLog } from '../../../support/engine/engine-log.ts';
import { at, fraudRule, here, offerRule } from '../../../support/engine/rule-documents.ts';

type Document = Readonly<Record<string, unknown>>;

const shadow = (document: Document, priority?: number): Document => ({
  ...document,
  id: `shadow-${document.id}`,
  mode: 'shadow',
  ...(priority !== undefined && { priority }),
});
const absence = (last: string) => ({
  fact: 'absence',
  params: { over: 'customer', for: last, after: { where: { channel: 'pos' } }, of: { where: { status: 'approved' } } },
  operator: 'equal',
  value: true,
});
/** Rules on everything that the fixed log holds, with windows of their own and longer ones of its series. */
const POOL: readonly Document[] = [
  ...loadCatalog().map(({ document }) => ({ ...document })),
  fraudRule('every_payment', { action: 'decline', score: 100 }),
  fraudRule('month', { action: 'decline', score: 40 }, [
    {
      fact: 'window',
      params: { aggregate: 'sum', of: '$.amount', over: 'card', last: '30d' },
      operator: 'greaterThan',
      value: 5_000,
    },
  ]),
  fraudRule('unseen', { action: 'review' }, [
    { fact: 'recency', params: { over: 'device' }, operator: 'lessThan', value: 600 },
  ]),
  fraudRule('waited', { action: 'decline', score: 100 }, [absence('1m')], ['timer']),
  offerRule('wait', [absence('30s')], { campaignId: 'campaign-stay' }, ['timer']),
  offerRule('anywhere', [{ fact: 'location', path: '$.lat', operator: 'greaterThan', value: 0 }], {
    campaignId: 'campaign-stay',
    cooldown: '400d',
  }),
];

interface Run {
  /** As text. */
  readonly outcomes: readonly string[];
  readonly shadows: readonly ShadowOutcome[];
}

/**
 * The fixed log, its first rules activated again and again with `more` rules mixed in. Its later rule sets are not taken:
 * they let windows go and read them again, and a window that shadow rules read meanwhile is rightly the warmer one. Traces
 * are read, not compared byte for byte.
 */
function runLog(seed: number, more: readonly Document[], explains = false): Run {
  let engine = createEngine();
  const outcomes: string[] = [];
  const push = (outcome: Outcome | { readonly explained: readonly RuleExplanation[] }) =>
    outcomes.push(JSON.stringify(outcome));
  const shadows: ShadowOutcome[] = [];
  let ruleSet = compileRuleSet(0, []);
  let own: readonly unknown[] | undefined;
  engineLog(260, seed).forEach((frame, i) => {
    const entries = splitFrame(frame).map((bytes) => {
      if (bytes[0] !== 3) return bytes;
      const entry = decodeEntry(bytes);
      if (entry.kind !== 'ruleset') return bytes;
      own ??= entry.documents;
      const documents = own.flatMap((document, k) => more.filter((_, m) => m % 4 === k).concat(document as Document));
      ruleSet = compileRuleSet(entry.version, documents);
      return { ...entry, documents };
    });
    if (i === 130) engine = restoreEngine(engine.snapshot());
    for (const part of engine.step(i + 1, encodeEntries(entries))) {
      const frameOutcomes = decodeOutcomeFrame(part).outcomes;
      for (const outcome of frameOutcomes) {
        if (outcome.kind === 'shadow') shadows.push(outcome);
        else if (outcome.kind === 'ruleset') push({ ...outcome, documents: [] });
        else if (outcome.kind === 'decision') {
          push({ ...outcome, trace: new Uint8Array() });
          if (!explains) continue;
          const accepted = frameOutcomes.find((other) => other.kind === 'accepted' && other.index === outcome.index);
          const entry = accepted?.kind === 'accepted' ? decodeEntry(accepted.entry) : undefined;
          if (entry?.kind !== 'event') throw new Error('a decision without its event');
          const input = ruleSet.expandTrace(outcome.trace, 'transaction', eventFacts(entry.event));
          push({ explained: ruleSet.explain(input).filter(({ mode }) => mode !== 'shadow') });
        } else push(outcome);
      }
    }
  });
  return { outcomes, shadows };
}

const shadowsOf = (scenario: Scenario): ShadowOutcome[] =>
  scenario.outcomes().filter((outcome): outcome is ShadowOutcome => outcome.kind === 'shadow');

describe('shadow rules', () => {
  it('leave every other outcome, and every explanation of the others, as it is without them', () => {
    const plain = new Map([5, 6].map((seed) => [seed, runLog(seed, [], true).outcomes]));
    let recorded = 0;
    fc.assert(
      fc.property(
        fc.constantFrom(5, 6),
        fc.shuffledSubarray([...POOL], { minLength: 1 }),
        fc.array(fc.option(fc.integer({ min: 1, max: 200 }), { nil: undefined }), { minLength: 40, maxLength: 40 }),
        (seed, documents, priorities) => {
          const withShadow = runLog(
            seed,
            documents.map((document, i) => shadow(document, priorities[i])),
            true,
          );
          expect(withShadow.outcomes).toEqual(plain.get(seed));
          recorded += withShadow.shadows.length;
        },
      ),
      { seed: 20_261_126, numRuns: 12 },
    );
    expect(recorded).toBeGreaterThan(4_000);
  }, 120_000);

  it('change outcomes when they are active: the comparison above can fail', () => {
    const plain = runLog(5, []);
    for (const document of POOL.slice(-6)) {
      const { outcomes, shadows } = runLog(5, [{ ...document, id: `active-${document.id}` }]);
      expect(shadows).toEqual([]);
      if (document.id !== 'unseen') expect(outcomes, String(document.id)).not.toEqual(plain.outcomes);
    }
  });

  it('are recorded with what the decision would have been', () => {
    const scenario = createScenario([
      fraudRule('active', { score: 30 }),
      { ...fraudRule('quiet', { action: 'decline', score: 50 }), mode: 'shadow' },
      {
        ...fraudRule('silent', { action: 'decline' }, [
          { fact: 'customer', path: '$.id', operator: 'equal', value: 'x' },
        ]),
        mode: 'shadow',
      },
    ]).whenEvent(aPayment('c-1', at('10:00:00'), {}, { id: 't-1' }));
    expect(scenario.decision()).toMatchObject({ decision: 'approve', score: 30, reasons: [{ ruleId: 'active' }] });
    expect(scenario.outcomes().some(({ kind }) => kind === 'alert')).toBe(false);
    expect(shadowsOf(scenario)).toEqual([
      {
        kind: 'shadow',
        index: 0,
        eventId: 't-1',
        source: 'test',
        customer: 'c-1',
        timeMs: Date.parse(at('10:00:00')),
        decision: 'decline',
        score: 80,
        rulesetVersion: 1,
        rules: [{ ruleId: 'quiet', ruleVersion: 3 }],
        more: 0,
      },
    ]);
    expect(scenario.engine.stats()).toMatchObject({ shadowed: 1, alerts: 0 });
  });

  it('are told apart in explanations', () => {
    const documents = [fraudRule('active', {}), { ...fraudRule('quiet', {}), mode: 'shadow' }];
    const scenario = createScenario(documents).whenEvent(aPayment('c-1', at('10:00:00')));
    const ruleSet = compileRuleSet(1, documents);
    const event = { timeMs: Date.parse(at('10:00:00')) };
    const explained = ruleSet.explain(ruleSet.expandTrace(scenario.decision().trace, 'transaction', { event }));
    expect(explained.map(({ ruleId, fired, mode }) => ({ ruleId, fired, mode }))).toEqual([
      { ruleId: 'active', fired: true, mode: undefined },
      { ruleId: 'quiet', fired: true, mode: 'shadow' },
    ]);
  });

  it('issue no offers, and hold back none of the others', () => {
    const offer = offerRule('real', [], { campaignId: 'one' });
    const always = [{ fact: 'location', path: '$.lat', operator: 'greaterThan', value: 0 }];
    const scenario = createScenario([
      { ...offerRule('quiet', always, { campaignId: 'one' }), mode: 'shadow', priority: 50 },
      { ...offer, conditions: { all: always } },
    ]).whenEvent(here('10:00:00'));
    expect(scenario.offers().map(({ ruleId }) => ruleId)).toEqual(['real']);
    expect(shadowsOf(scenario).map(({ rules }) => rules)).toEqual([[{ ruleId: 'quiet', ruleVersion: 1 }]]);
    scenario.whenEvent(here('10:01:00'));
    expect(scenario.offers()).toEqual([]);
    expect(shadowsOf(scenario)).toHaveLength(1);
    expect(scenario.engine.stats()).toMatchObject({ offers: 1, shadowed: 2, offersHeldBack: { cooldown: 1 } });
  });

  it('name a bounded number of rules, so that no number of them makes an event poison', () => {
    const many = Array.from({ length: SHADOW_RULES_RECORDED_MAX + 7 }, (_, i) => ({
      ...fraudRule(`quiet-${'x'.repeat(100)}-${i}`, { code: 'quiet' }),
      mode: 'shadow',
    }));
    const scenario = createScenario(many).whenEvent(aPayment('c-1', at('10:00:00')));
    const [record] = shadowsOf(scenario);
    expect(record?.rules).toHaveLength(SHADOW_RULES_RECORDED_MAX);
    expect(record?.more).toBe(7);
    expect(scenario.decision()).toMatchObject({ decision: 'approve', score: 0, reasons: [] });
  });
});

describe('timers of shadow rules', () => {
  const rule = (id: string, last: string, more: object = {}) => ({
    ...fraudRule(id, { action: 'review', score: 50 }, [absence(last)], ['timer']),
    ...more,
  });
  const BASE_MS = Date.parse(at('10:00:00'));
  const pay = (i: number) =>
    aPayment('c-1', BASE_MS + i, { channel: 'pos', status: 'declined' }, { id: `t-${i}`, source: 'gw' });

  it('take none of the room of a customer that the others have', () => {
    const many = Array.from({ length: TIMERS_PER_CUSTOMER_MAX }, (_, i) => pay(i));
    const scenario = createScenario([rule('quiet', '1h', { mode: 'shadow' }), rule('real', '2h')])
      .givenTick(BASE_MS)
      .givenEvents(...many);
    expect(scenario.engine.stats()).toMatchObject({ timers: 2 * TIMERS_PER_CUSTOMER_MAX, timersRefused: 0 });
    scenario.whenEvent(pay(TIMERS_PER_CUSTOMER_MAX));
    expect(scenario.engine.stats()).toMatchObject({ timers: 2 * TIMERS_PER_CUSTOMER_MAX + 1, timersRefused: 1 });
    scenario.givenTick(BASE_MS + 3_700_000);
    expect(scenario.outcomes().map(({ kind }) => kind)).toEqual(new Array(TIMERS_PER_CUSTOMER_MAX + 1).fill('shadow'));
    expect(scenario.engine.stats()).toMatchObject({ timers: TIMERS_PER_CUSTOMER_MAX, alerts: 0 });
    scenario.whenRestarted().givenTick(BASE_MS + 7_300_000);
    expect(scenario.outcomes().filter(({ kind }) => kind === 'alert')).toHaveLength(TIMERS_PER_CUSTOMER_MAX);
    // All of the customer's room is there again.
    scenario.givenEvents(...many.map((_, i) => pay(8_000_000 + i)));
    expect(scenario.engine.stats()).toMatchObject({ timers: 2 * TIMERS_PER_CUSTOMER_MAX, timersRefused: 1 });
  });

  it('ask no rule that is not waiting itself', () => {
    const impatient = {
      ...rule('impatient', '2h'),
      conditions: {
        any: [absence('2h'), { fact: 'transaction', path: '$.amount', operator: 'greaterThan', value: 1 }],
      },
    };
    const scenario = createScenario([rule('quiet', '1h', { mode: 'shadow' }), impatient])
      .givenTick(BASE_MS)
      .givenEvents(pay(0))
      .givenTick(BASE_MS + 3_700_000);
    expect(scenario.outcomes().map(({ kind }) => kind)).toEqual(['shadow']);
  });

  it('fire for the rule when it is made active before they are due', () => {
    const scenario = createScenario([rule('r', '1h', { mode: 'shadow' })])
      .givenTick(BASE_MS)
      .givenEvents(pay(0))
      .whenRestarted()
      .givenRules([rule('r', '1h')])
      .givenTick(BASE_MS + 3_700_000);
    expect(scenario.outcomes().map(({ kind }) => kind)).toEqual(['alert', 'kpi']);
  });
});
