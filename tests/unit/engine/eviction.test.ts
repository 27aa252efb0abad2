/** State that no rule can reach is given back, by the log's clock and a few keys a frame, and no outcome changes for it. */
import { describe, expect, it } from 'vitest';
import { DAY_MS, HOUR_MS } from '../../../core/clock.ts';
import type { Entry } from '../../../core/codec/entry.ts';
import { createEngine, restoreEngine } from '../../../processors/engine/engine.ts';
import type { WindowParams } from '../../../rules/requirement.ts';
import {
  aPayment,
  encodeEntries,
  probeValues,
  type RequirementBody,
  rulesetEntry,
} from '../../support/engine/engine.ts';

const BASE_MS = 1_780_000_000_000;
const COUNT_1D: WindowParams = {
  aggregate: 'count',
  over: ['customer'],
  lastMs: DAY_MS,
  offsetMs: 0,
  type: 'transaction',
  where: {},
};
const RECENCY: RequirementBody = {
  kind: 'recency',
  params: { over: ['device'], type: 'transaction', where: {} },
};

const tick = (timeMs: number): Entry => ({ kind: 'tick', timeMs });
const payment = (customer: string, timeMs: number, id: string): Entry => ({
  kind: 'event',
  event: aPayment(customer, timeMs, { device: { id: `d-${customer}` } }, { id }),
});

function engineWith(requirements: readonly RequirementBody[], settings = {}) {
  const seen: unknown[][] = [];
  const options = probeValues(requirements, (input) => seen.push([...input.values]));
  const engine = createEngine(options);
  engine.step(1, encodeEntries([rulesetEntry([], settings)]));
  return { engine, options, seen };
}

describe('windows that nothing can reach any more', () => {
  it('are given back once their key has been idle for as long as they reach', () => {
    const { engine } = engineWith([{ kind: 'window', params: COUNT_1D }]);
    engine.step(2, encodeEntries([tick(BASE_MS)]));
    for (let i = 0; i < 500; i++)
      engine.step(engine.position + 1, encodeEntries([payment(`c-${i}`, BASE_MS + i, `t-${i}`)]));
    expect(engine.stats().windowKeys).toBe(500);
    for (let i = 0; i < 100; i++) engine.step(engine.position + 1, encodeEntries([tick(BASE_MS + DAY_MS)]));
    expect(engine.stats().windowKeys).toBe(500);
    for (let i = 0; i < 100; i++)
      engine.step(engine.position + 1, encodeEntries([tick(BASE_MS + DAY_MS + 3 * HOUR_MS + i)]));
    expect(engine.stats()).toMatchObject({ windowKeys: 0, evictedKeys: 500 });
  });

  it('stay where a rule asks for the event before, for as long as the history reaches', () => {
    const { engine, seen } = engineWith([RECENCY], { historyMs: 30 * DAY_MS });
    engine.step(2, encodeEntries([tick(BASE_MS), payment('c', BASE_MS, 't-1')]));
    for (let day = 1; day <= 20; day++) engine.step(engine.position + 1, encodeEntries([tick(BASE_MS + day * DAY_MS)]));
    engine.step(engine.position + 1, encodeEntries([payment('c', BASE_MS + 20 * DAY_MS, 't-2')]));
    expect(seen.at(-1)).toEqual([(20 * DAY_MS) / 1_000]);
    for (let day = 21; day <= 60; day++)
      engine.step(engine.position + 1, encodeEntries([tick(BASE_MS + day * DAY_MS)]));
    expect(engine.stats().windowKeys).toBe(0);
  });

  it('are not lost to a replay of old events, whose times lie far behind the clock', () => {
    const { engine, seen } = engineWith([{ kind: 'window', params: COUNT_1D }]);
    engine.step(2, encodeEntries([tick(BASE_MS)]));
    const oldMs = BASE_MS - 2_000 * DAY_MS;
    for (let i = 0; i < 300; i++) {
      const entries = [payment('c', oldMs + i * 1_000, `t-${i}`), tick(BASE_MS + i * 1_000)];
      engine.step(engine.position + 1, encodeEntries(entries));
      expect(seen.at(-1)).toEqual([i + 1]);
    }
  });

  it('of a rule set that is gone are swept up while events go on, before and after a restart', () => {
    const reads = [probeValues([{ kind: 'window', params: COUNT_1D }], () => {}), probeValues([RECENCY], () => {})];
    const compileRuleSet = (version: number, documents: readonly unknown[]) =>
      reads[(version - 1) % 2]?.compileRuleSet?.(version, documents) as never;
    let engine = createEngine({ compileRuleSet });
    engine.step(1, encodeEntries([rulesetEntry([], {}, 1)]));
    for (let i = 0; i < 400; i++)
      engine.step(engine.position + 1, encodeEntries([payment(`c-${i}`, BASE_MS + i, `t-${i}`)]));
    engine.step(engine.position + 1, encodeEntries([rulesetEntry([], {}, 2)]));
    expect(engine.stats().windowKeys).toBeGreaterThan(300);
    for (let i = 0; i < 5; i++) engine.step(engine.position + 1, encodeEntries([tick(BASE_MS)]));
    engine = restoreEngine(engine.snapshot(), { compileRuleSet });
    for (let i = 0; i < 10; i++) engine.step(engine.position + 1, encodeEntries([tick(BASE_MS)]));
    expect(engine.stats().windowKeys).toBe(0);
    engine.step(engine.position + 1, encodeEntries([payment('c-1', BASE_MS + 1_000, 'next')]));
    expect(engine.stats()).toMatchObject({ windowKeys: 1, poison: 0 });
  });
});
