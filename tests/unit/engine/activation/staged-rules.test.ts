/** A rule set that comes in parts and goes live later decides as one that goes live at once. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_ENGINE_SETTINGS, type Entry } from '../../../../core/codec/entry.ts';
import { stageEntries } from '../../../../core/codec/stage-entries.ts';
import type { RulesetOutcome, RulesetPartOutcome } from '../../../../core/outcomes/outcome.ts';
import { createEngine, type Engine, restoreEngine } from '../../../../processors/engine/engine.ts';
import { compileRuleSet } from '../../../../rules/compile-rule-set.ts';
import { aPayment, createScenario, encodeEntries, rulesetEntry } from '../../../support/engine/engine.ts';

const BASE_MS = 1_780_000_000_000;

const rule = (id: string, above: number, description = '') => ({
  id,
  version: 1,
  name: id,
  description,
  on: ['transaction'],
  conditions: {
    all: [
      { fact: 'transaction', path: '$.amount', operator: 'greaterThan', value: above },
      {
        fact: 'window',
        params: { aggregate: 'count', over: 'customer', last: '1h' },
        operator: 'greaterThan',
        value: 1,
      },
    ],
  },
  event: { type: 'fraud', params: { action: 'review', score: 10, code: 'large', message: 'large' } },
});

/** Long descriptions: a few of them fill a part. */
const rules = (count: number) => Array.from({ length: count }, (_, i) => rule(`r-${i}`, i * 10, 'x'.repeat(3_000)));
const activation = (version: number): Entry => ({
  kind: 'activate',
  version,
  settings: DEFAULT_ENGINE_SETTINGS,
  author: 'test',
  comment: '',
});
const payment = (i: number): Entry => ({
  kind: 'event',
  event: aPayment(`c-${i % 3}`, BASE_MS + i * 1_000, { amount: (i * 37) % 400 }, { id: `t-${i}` }),
});

describe('a staged rule set', () => {
  it('decides from its activation on as one that went live there, restarted and prepared at whatever time', () => {
    const staged = stageEntries(2, rules(40));
    expect(staged.length).toBeGreaterThan(3);
    const check = (before: number, between: number, restartAt: number, slices: number) => {
      const entries: Entry[] = [rulesetEntry([rule('old', 5)], {}, 1)];
      let next = 0;
      const addPayments = (count: number) => {
        for (let i = 0; i < count; i++) entries.push(payment(next++));
      };
      addPayments(before);
      for (const part of staged) {
        entries.push(part);
        addPayments(1);
      }
      addPayments(between);
      const activateAt = entries.length;
      entries.push(activation(2));
      addPayments(20);
      let engine = createEngine();
      const reference = createEngine();
      for (const [i, entry] of entries.entries()) {
        if (i === restartAt % entries.length) engine = restoreEngine(engine.snapshot());
        for (let slice = 0; slice < slices; slice++) engine.prepare();
        const parts = engine.step(i + 1, encodeEntries([entry]));
        const isStage = entry.kind === 'stage' || entry.kind === 'activate';
        const plain = i === activateAt ? rulesetEntry(rules(40), {}, 2) : entry;
        const wanted = isStage && i !== activateAt ? [] : reference.step(i + 1, encodeEntries([plain]));
        if (!isStage) expect(parts).toEqual(wanted);
      }
      expect(engine.stats()).toMatchObject({ poison: 0, rulesetVersion: 2, alerts: reference.stats().alerts });
      expect(engine.stats().alerts).toBeGreaterThan(0);
    };
    fc.assert(fc.property(fc.nat(9), fc.nat(9), fc.nat(60), fc.nat(12), check), { seed: 7, numRuns: 12 });
  });

  it('is told with its documents when it is staged, and by its parts when it goes live', () => {
    const scenario = createScenario();
    const staged = stageEntries(3, rules(30));
    const documents = staged.flatMap((part) => {
      const [outcome] = scenario.whenFrame(part).outcomes();
      expect(outcome).toMatchObject({ kind: 'ruleset_part', version: 3, part: part.part });
      return (outcome as RulesetPartOutcome).documents;
    });
    expect(documents).toEqual(rules(30));
    const [live] = scenario.whenFrame(activation(3)).outcomes();
    expect(live as RulesetOutcome).toMatchObject({ kind: 'ruleset', version: 3, documents: [], parts: staged.length });
  });

  it('is refused, and the live one stays, where a part is missing, out of order or not sound', () => {
    const [first, second, third] = stageEntries(2, rules(30));
    if (first === undefined || second === undefined || third === undefined) throw new Error('too few parts');
    const scenario = createScenario([rule('old', 5)]);
    const refusal = (...entries: Entry[]) => {
      const poison = scenario
        .whenFrame(...entries)
        .outcomes()
        .at(-1);
      return poison?.kind === 'poison' ? poison.message : '';
    };
    expect(refusal(activation(2))).toContain('rule set 2 is not staged');
    expect(refusal(second)).toContain('part 1 of rule set 2 comes without those before it');
    expect(refusal(first, third)).toContain('part 2 of rule set 2 does not follow part 1');
    expect(refusal({ ...second, parts: 9 })).toContain('does not follow');
    expect(refusal(first, second, activation(2))).toContain(`2 of ${first.parts} parts are staged`);
    for (const parts of [0, 1.5, 10_001]) expect(refusal({ ...first, parts })).toContain('1 to 10000 parts');
    expect(refusal({ ...first, version: 'x' } as unknown as Entry)).toContain('a number for its version');
    expect(refusal({ ...first, documents: {} } as unknown as Entry)).toContain('no list of documents');
    const broken = { ...rule('broken', 1), conditions: { all: [{ fact: 'weather', operator: 'equal', value: 1 }] } };
    expect(refusal(...stageEntries(4, [broken]), activation(4))).toContain('/0/conditions/all/0/fact');
    expect(scenario.engine.stats().rulesetVersion).toBe(1);
    // The next one is none the worse for it.
    expect(refusal(...stageEntries(5, rules(3)), activation(5))).toBe('');
    expect(scenario.engine.stats().rulesetVersion).toBe(5);
  });

  it('is not disturbed by others that are staged at the same time', () => {
    const sets = [2, 3, 4, 5].map((version) => stageEntries(version, [...rules(30), rule(`of-${version}`, version)]));
    const check = (order: readonly number[], activated: readonly number[], restartAt: number) => {
      let engine = createEngine();
      const next = sets.map(() => 0);
      const entries: Entry[] = order.flatMap((set) => {
        const part = next[set] ?? 0;
        next[set] = part + 1;
        return sets[set]?.[part] ?? [];
      });
      for (const [set, from] of next.entries()) entries.push(...(sets[set]?.slice(from) ?? []));
      const staged = entries.length;
      entries.push(...activated.map(activation));
      for (const [i, entry] of entries.entries()) {
        if (i === restartAt % entries.length) engine = restoreEngine(engine.snapshot());
        if (i % 3 === 0) engine.prepare();
        engine.step(i + 1, encodeEntries([entry]));
        if (i >= staged) expect(engine.stats().rulesetVersion).toBe(activated[i - staged]);
      }
      expect(engine.stats()).toMatchObject({ poison: 0, stagedRulesets: 0, displacedRulesets: 0 });
    };
    const order = fc.array(fc.nat(3), { maxLength: 40 });
    const activated = fc.shuffledSubarray([2, 3, 4, 5], { minLength: 4 });
    fc.assert(fc.property(order, activated, fc.nat(40), check), { seed: 5, numRuns: 25 });
  });

  it('is compiled in its turn, and says when', () => {
    const engine = createEngine();
    const sets = [2, 3].map((version) => stageEntries(version, rules(30)));
    let seq = 0;
    for (const part of sets.flat()) engine.step(++seq, encodeEntries([part]));
    const compiled = () => engine.staged.filter((one) => one.compiled).map(({ version }) => version);
    const seen: string[] = [compiled().join()];
    for (let isMore = true; isMore; ) {
      isMore = engine.prepare();
      if (seen.at(-1) !== compiled().join()) seen.push(compiled().join());
    }
    expect(seen).toEqual(['', '2', '2,3']);
    const before = engine.staged;
    engine.step(++seq, encodeEntries([{ kind: 'tick', timeMs: BASE_MS }]));
    expect(engine.staged).toBe(before);
    engine.step(++seq, encodeEntries([activation(2)]));
    expect(engine.staged).toEqual([{ version: 3, compiled: true }]);
    // One that does not compile has nothing left to wait for either.
    const broken = { ...rule('broken', 1), on: [] };
    for (const part of stageEntries(4, [broken])) engine.step(++seq, encodeEntries([part]));
    while (engine.prepare());
    expect(compiled()).toEqual([3, 4]);
  });

  it('has every document looked at before it goes live, so that no event waits for that', () => {
    let looks = 0;
    const engine = createEngine({
      compileRuleSet: (version, documents) => {
        const ruleSet = compileRuleSet(version, documents);
        const counted = new Proxy(ruleSet.documents, {
          get: (target, key) => {
            looks++;
            return Reflect.get(target, key) as unknown;
          },
        });
        return { ...ruleSet, documents: counted };
      },
    });
    const parts = stageEntries(2, rules(300));
    for (const [i, part] of parts.entries()) engine.step(i + 1, encodeEntries([part]));
    while (engine.prepare());
    expect(looks).toBeGreaterThan(300);
    looks = 0;
    engine.step(parts.length + 1, encodeEntries([activation(2)]));
    expect(engine.stats()).toMatchObject({ rulesetVersion: 2, poison: 0 });
    expect(looks).toBe(0);
  });

  it('gives its place to a further one where four are staged and its newest part came first', () => {
    const scenario = createScenario();
    const begin = (version: number) => stageEntries(version, rules(30)).slice(0, 2);
    const [, second] = stageEntries(2, rules(30));
    const versions = () => scenario.engine.staged.map(({ version }) => version);
    scenario.whenFrame(...[2, 3, 4, 5].map((version) => begin(version)[0] as Entry));
    expect(versions()).toEqual([2, 3, 4, 5]);
    // A part of the oldest makes it the newest.
    scenario.whenFrame(second as Entry);
    expect(versions()).toEqual([3, 4, 5, 2]);
    scenario.whenFrame(...begin(6));
    expect(versions()).toEqual([4, 5, 2, 6]);
    expect(scenario.engine.stats()).toMatchObject({ stagedRulesets: 4, displacedRulesets: 1, poison: 0 });
    const [poison] = scenario.whenFrame(activation(3)).outcomes();
    expect(poison).toMatchObject({ kind: 'poison', message: 'rule set 3 is not staged' });
    // A refused part displaces nobody.
    scenario.whenFrame({ ...(begin(7)[0] as Extract<Entry, { kind: 'stage' }>), parts: 0 });
    expect(versions()).toEqual([4, 5, 2, 6]);
    const restored = restoreEngine(scenario.engine.snapshot());
    expect(restored.staged).toEqual(scenario.engine.staged);
    expect(restored.stats().displacedRulesets).toBe(1);
  });

  it('may hold ten thousand rules', () => {
    const entries = stageEntries(
      1,
      Array.from({ length: 10_000 }, (_, i) => rule(`r-${i}`, i)),
    );
    const engine: Engine = createEngine();
    for (const [i, entry] of entries.entries()) engine.step(i + 1, encodeEntries([entry]));
    let slices = 0;
    while (engine.prepare()) slices++;
    expect(slices).toBeGreaterThan(100);
    engine.step(entries.length + 1, encodeEntries([activation(1)]));
    expect(engine.stats()).toMatchObject({ poison: 0, rulesetVersion: 1 });
  });
});
