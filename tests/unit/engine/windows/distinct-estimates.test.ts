/** Distinct values of windows with many events: exact up to a bound, an estimate within its error above, and told apart. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hashString } from '../../../../core/hash.ts';
import { createEngine, restoreEngine } from '../../../../processors/engine/engine.ts';
import { Slab } from '../../../../processors/engine/memory/slab.ts';
import { LAYOUTS } from '../../../../processors/engine/snapshots/layouts.ts';
import { Sketch } from '../../../../processors/engine/windows/hot/sketch.ts';
import type { Series } from '../../../../processors/engine/windows/series.ts';
import { planWindows, type WindowPlan } from '../../../../processors/engine/windows/window-plan.ts';
import { readWindows } from '../../../../processors/engine/windows/window-read.ts';
import { WindowStore } from '../../../../processors/engine/windows/window-store.ts';
import { compileRuleSet } from '../../../../rules/compile-rule-set.ts';
import type { Requirement } from '../../../../rules/requirement.ts';
import { aPayment, createScenario, encodeEntries, rulesetEntry } from '../../../support/engine/engine.ts';
import { document, input, window } from '../../../support/rules/rule-sets.ts';

const BASE_MS = 1_780_000_000_000;
const STANDARD_ERROR = 1.04 / Math.sqrt(2_048);
const EXACT_MAX = 1_000;
const KEEP_MAX = 60_000;

/** As a series stores a scalar. */
const hashOf = (value: string) => (hashString(value, 11) & 0x1f_ffff) * 2 ** 32 + hashString(value, 12);

function sketchOf(from: number, to: number): Sketch {
  const sketch = new Sketch();
  for (let i = from; i < to; i++) sketch.add(hashOf(`v-${i}`));
  return sketch;
}

function planOf(lengthsMs: readonly number[], offsetsMs: readonly number[]): WindowPlan {
  const requirements = lengthsMs.flatMap((lastMs) => offsetsMs.map((offsetMs) => ({ lastMs, offsetMs })));
  const numbered = requirements.map(({ lastMs, offsetMs }, index): Requirement => {
    const params = { aggregate: 'distinct', of: '$.x', over: ['customer'], lastMs, offsetMs, where: {} } as const;
    return { index, id: String(index), kind: 'window', params: { ...params, type: 'transaction' } };
  });
  return planWindows(numbered, new Set(), () => 1, EXACT_MAX);
}

describe('a sketch', () => {
  it('estimates within four standard errors from one value to a million, and to the unit where there are few', () => {
    for (const count of [0, 1, 2, 10, 100, 1_000, 3_000, 5_000, 8_000, 20_000, 100_000, 1_000_000]) {
      const estimate = sketchOf(0, count).estimate();
      const error = count === 0 ? estimate : Math.abs(estimate - count) / count;
      expect(error, `${count} values`).toBeLessThan(4 * STANDARD_ERROR);
      if (count <= 10) expect(Math.round(estimate)).toBe(count);
    }
  });

  it('has the standard error that is stated, and no bias, over many sets', () => {
    for (const count of [500, 5_000, 20_000]) {
      const errors = Array.from({ length: 150 }, (_, run) => {
        const first = run * 1_000_000;
        return sketchOf(first, first + count).estimate() / count - 1;
      });
      const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length;
      const spread = Math.sqrt(errors.reduce((sum, error) => sum + error ** 2, 0) / errors.length);
      expect(spread).toBeLessThan(1.2 * STANDARD_ERROR);
      expect(Math.abs(mean)).toBeLessThan((4 * STANDARD_ERROR) / Math.sqrt(errors.length));
    }
  });

  it('merged is the sketch of both sets together', () => {
    const together = sketchOf(0, 7_000);
    const merged = sketchOf(0, 4_000);
    merged.merge(sketchOf(3_000, 7_000));
    expect(merged).toEqual(together);
    expect(merged.estimate()).toBe(together.estimate());
  });
});

const act = fc.record({
  count: fc.integer({ min: 1, max: 3_000 }),
  stepMs: fc.constantFrom(0, 1, 3),
  jitterMs: fc.constantFrom(0, 0, 20, 8_000),
  different: fc.constantFrom(3, 500, 100_000),
  finally: fc.constantFrom('go on' as const, 'go on' as const, 'save' as const, 'trim' as const, 'merge' as const),
});

describe('distinct values of a key with many events', () => {
  it('are a count up to the bound, and above the estimate of just the events in the window, however they came', () => {
    const plan = planOf([100, 2_000, 9_000, 40_000], [0, 700]);
    const [group] = plan.groups;
    const series = plan.series[0] as Series;
    let estimated = 0;
    const check = (acts: readonly (typeof act extends fc.Arbitrary<infer T> ? T : never)[]): void => {
      let store = new WindowStore(new Slab());
      let cell = store.cells.findOrAdd(1, series.columns, 7, 0, 0);
      let held: { timeMs: number; value: number }[] = [];
      let nowMs = BASE_MS;
      let made = 0;
      for (const { count, stepMs, jitterMs, different, finally: last } of acts) {
        for (let i = 0; i < count; i++) {
          nowMs += stepMs;
          const back = jitterMs === 0 || i % 3 !== 0 ? 0 : (Math.imul(i, 0x85eb_ca6b) >>> 0) % jitterMs;
          const value = hashOf(String((Math.imul(made++, 0x9e37_79b1) >>> 0) % different));
          store.insert(cell, series, nowMs - back, value, 0, 50_000, KEEP_MAX, 0);
          held.push({ timeMs: nowMs - back, value });
          if (i % 500 !== 0) continue;
          // Read in between, so that what is remembered has to follow what comes.
          const values: unknown[] = [];
          if (group !== undefined) readWindows(store, group, cell, 0, nowMs, undefined, values);
        }
        if (last === 'trim') store.trim(cell, series, 50_000);
        if (last === 'save') {
          const head = store.slab.head();
          const slab = new Slab();
          slab.restore(head);
          slab.bytes.set(store.slab.bytes.subarray(0, store.slab.top * 8));
          slab.findFree(head);
          const restored = new WindowStore(slab);
          restored.loadHead(store.saveHead(), LAYOUTS.windows.written);
          store = restored;
        }
        if (last === 'merge') {
          const drained: number[] = [];
          store.drain(cell, series, drained);
          cell = store.cells.findOrAdd(1, series.columns, 8, 0, 0);
          for (let i = 0; i < drained.length; i += 3)
            store.insert(cell, series, drained[i] as number, drained[i + 1] as number, 0, 50_000, KEEP_MAX, 0);
        }
        held = held.filter(({ timeMs }) => timeMs > nowMs - 50_000);
        for (const pending of [undefined, hashOf('pending')]) {
          const values: unknown[] = [];
          if (group !== undefined) readWindows(store, group, cell, 0, nowMs, pending, values);
          for (const { index, lastMs, offsetMs } of group?.reads ?? []) {
            const inside = held.filter(
              ({ timeMs }) => timeMs > nowMs - offsetMs - lastMs && timeMs <= nowMs - offsetMs,
            );
            const all = inside.map(({ value }) => value);
            if (offsetMs === 0 && pending !== undefined) all.push(pending);
            if (inside.length <= EXACT_MAX) {
              expect(values[index]).toBe(new Set(all).size);
            } else {
              const sketch = new Sketch();
              for (const value of all) sketch.add(value);
              expect(values[index], `${lastMs} ms, ${offsetMs} ms ago`).toBe(Math.floor(sketch.estimate()) + 0.5);
              estimated++;
            }
          }
        }
      }
    };
    fc.assert(fc.property(fc.array(act, { minLength: 3, maxLength: 12 }), check), { seed: 20_261_127, numRuns: 25 });
    expect(estimated).toBeGreaterThan(500);
  });

  const RULE = document('many-cards', {
    all: [
      {
        ...window({ aggregate: 'distinct', of: '$.instrument.token', over: 'merchant', last: '1h' }),
        operator: 'greaterThanInclusive',
        value: 100,
      },
    ],
  });
  const pay = (i: number) =>
    aPayment(`c-${i % 50}`, BASE_MS + i, { merchant: { id: 'm' }, instrument: { token: `k-${i % 700}` } });

  it('that are estimated are marked in explanations, and the same after a restart', () => {
    const settings = { distinctEventsMax: 600 };
    const run = (restartEvery: number) => {
      let engine = createEngine();
      engine.step(1, encodeEntries([rulesetEntry([RULE], settings)]));
      for (let i = 0; i < 2_000; i++) {
        if (i % restartEvery === restartEvery - 1) engine = restoreEngine(engine.snapshot());
        engine.step(i + 2, encodeEntries([{ kind: 'event', event: { ...pay(i), id: `t-${i}` } }]));
      }
      expect(engine.stats()).toMatchObject({ poison: 0, accepted: 2_000 });
      return engine.stats().digest;
    };
    expect(run(333)).toBe(run(10_000));
    const set = compileRuleSet(1, [RULE]);
    const leafOf = (value: number) => set.explain(input({ transaction: {} }, [value]))[0]?.conditions.children?.[0];
    expect(leafOf(711.5)).toMatchObject({ actual: 711.5, approximate: true, result: true });
    expect(leafOf(711)).toMatchObject({ actual: 711 });
    expect(leafOf(711)).not.toHaveProperty('approximate');
  });

  it('follow a bound that changes in the log at the same event, wherever an engine restarts', () => {
    const run = (restartEvery: number, nextMax: number) => {
      let engine = createEngine();
      engine.step(1, encodeEntries([rulesetEntry([RULE], { distinctEventsMax: 600 })]));
      for (let i = 0; i < 2_000; i++) {
        if (i % restartEvery === restartEvery - 1) engine = restoreEngine(engine.snapshot());
        const change = i === 1_500 ? [rulesetEntry([RULE], { distinctEventsMax: nextMax }, 2)] : [];
        engine.step(i + 2, encodeEntries([...change, { kind: 'event', event: { ...pay(i), id: `t-${i}` } }]));
      }
      expect(engine.stats()).toMatchObject({ poison: 0, accepted: 2_000 });
      return engine.stats().digest;
    };
    const undisturbed = run(10_000, 4_096);
    expect([run(333, 4_096), run(1_501, 4_096)]).toEqual([undisturbed, undisturbed]);
    expect(run(10_000, 600)).not.toBe(undisturbed);
  });

  it('need a bound of at least 512', () => {
    expect(() => createScenario([RULE], { distinctEventsMax: 511 })).toThrow('distinctEventsMax is 511');
    expect(createScenario([RULE], { distinctEventsMax: 512 }).engine.stats().rulesetVersion).toBe(1);
  });
});
