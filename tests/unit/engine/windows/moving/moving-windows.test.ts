/**
 * Windows that follow the events of a ring, read at nearly every event, against a scan of a sorted list: through late events,
 * cuts, trims, merges and restarts, and where they get no memory.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Slab } from '../../../../../processors/engine/memory/slab.ts';
import { LAYOUTS } from '../../../../../processors/engine/snapshots/layouts.ts';
import { insertMerged } from '../../../../../processors/engine/windows/merge-events.ts';
import type { Series } from '../../../../../processors/engine/windows/series.ts';
import { planWindows, type ReadGroup } from '../../../../../processors/engine/windows/window-plan.ts';
import { readWindows } from '../../../../../processors/engine/windows/window-read.ts';
import { WindowStore } from '../../../../../processors/engine/windows/window-store.ts';
import type { Requirement } from '../../../../../rules/requirement.ts';
import { type RingEvent, RingModel } from '../../../../support/engine/ring-model.ts';

const BASE_MS = 1_780_000_000_000;
const KEEP_MS = 30_000;
const MANY = 10_000;
const LENGTHS_MS = [900, 4_000, 20_000] as const;
const OFFSETS_MS = [0, 1_500] as const;
const PERCENTS = [5, 95] as const;
/** So little that windows make room for one another all the time. */
const SCARCE_BYTES = 6_000;
const PLENTY_BYTES = 2 ** 24;

/** Distinct values of a series of scalars, or percentiles of one of money or other numbers. */
const KINDS = {
  scalar: { of: '$.instrument.token', isRanked: false },
  money: { of: '$.amount', isRanked: true },
  number: { of: '$.score', isRanked: true },
} as const;
type Kind = keyof typeof KINDS;

function groupOf(kind: Kind): ReadGroup {
  const { of, isRanked } = KINDS[kind];
  const requirements: Requirement[] = [];
  for (const lastMs of LENGTHS_MS) {
    for (const offsetMs of OFFSETS_MS) {
      for (const p of isRanked ? PERCENTS : [undefined]) {
        const what = p === undefined ? ({ aggregate: 'distinct' } as const) : ({ aggregate: 'percentile', p } as const);
        const index = requirements.length;
        const params = { ...what, of, over: ['customer'], lastMs, offsetMs, where: {}, type: 'transaction' } as const;
        requirements.push({ index, id: String(index), kind: 'window', params });
      }
    }
  }
  const [group] = planWindows(requirements, new Set(), () => 1).groups;
  if (group === undefined) throw new Error('there is a group');
  return group;
}

/** Of the kind, number `i`: some often, some once, rising in parts. */
function valueAt(kind: Kind, i: number): number {
  const hash = Math.imul(i ^ (i >>> 7), 0x9e37_79b1) >>> 0;
  if (kind === 'scalar') return hash % (i % 1_000 < 500 ? 40 : 3_000);
  const value = i % 900 < 300 ? i : hash % 5_000;
  return kind === 'money' ? value : value / 7;
}

function restored(store: WindowStore, bytesMax: number): WindowStore {
  const slab = new Slab();
  const head = store.slab.head();
  slab.restore(head);
  slab.bytes.set(store.slab.bytes.subarray(0, store.slab.top * 8));
  slab.findFree(head);
  const copy = new WindowStore(slab, bytesMax);
  copy.loadHead(store.saveHead(), LAYOUTS.windows.written);
  return copy;
}

const act = fc.record({
  events: fc.integer({ min: 1, max: 500 }),
  stepMs: fc.constantFrom(0, 2, 11, 40),
  /** Every fourth event comes so much later, at most. */
  lateMs: fc.constantFrom(0, 0, 30, 2_000, 25_000),
  readEvery: fc.constantFrom(1, 1, 5, 60),
  finally: fc.constantFrom('go on' as const, 'go on' as const, 'trim' as const, 'save' as const, 'merge' as const),
  gapMs: fc.constantFrom(0, 0, 0, 700, 15_000),
});
type Act = typeof act extends fc.Arbitrary<infer T> ? T : never;

/** Carries out the acts, and compares each value that is read; how many windows followed at most. */
function follow(kind: Kind, acts: readonly Act[], keepMax: number, bytesMax: number): number {
  const group = groupOf(kind);
  const series: Series = group.series;
  let store = new WindowStore(new Slab(), bytesMax);
  let cell = store.cells.findOrAdd(1, series.columns, 7, 0, 0);
  const model = new RingModel(KEEP_MS);
  let [nowMs, made, windows] = [BASE_MS, 0, 0];
  const values: unknown[] = [];
  const insert = (into: number, { timeMs, value }: RingEvent) =>
    store.insert(into, series, timeMs, value, 0, KEEP_MS, keepMax, 0);
  for (const one of acts) {
    for (let i = 0; i < one.events; i++) {
      nowMs += one.stepMs;
      const back = one.lateMs === 0 || i % 4 !== 0 ? 0 : (Math.imul(made, 0x85eb_ca6b) >>> 0) % one.lateMs;
      const event = { timeMs: Math.max(nowMs - back, nowMs - KEEP_MS + 1), value: valueAt(kind, made++) };
      if (i % one.readEvery === 0) {
        const pending = made % 3 === 0 ? undefined : event.value;
        readWindows(store, group, cell, 0, event.timeMs, pending, values);
        let sorted = new Float64Array(0);
        for (const [at, { index, lastMs, offsetMs, p }] of group.reads.entries()) {
          // Percentiles of one window are read one after the other.
          if (kind === 'scalar' || at % PERCENTS.length === 0) {
            const inside = model.within(event.timeMs - offsetMs, lastMs);
            if (pending !== undefined && offsetMs === 0) inside.push(pending);
            sorted = kind === 'scalar' ? Float64Array.from(new Set(inside)) : Float64Array.from(inside).sort();
          }
          const wanted = kind === 'scalar' ? sorted.length : sorted[Math.ceil((p / 100) * sorted.length) - 1];
          if (values[index] !== wanted)
            expect(values[index], `${p} of ${sorted.length}, ${lastMs} ms long, ${offsetMs} ms ago`).toBe(wanted);
        }
      }
      insert(cell, event);
      model.insert(event, keepMax);
    }
    nowMs += one.gapMs;
    if (one.finally === 'trim') {
      store.trim(cell, series, KEEP_MS);
      model.evict((model.events.at(-1)?.timeMs ?? 0) - KEEP_MS, Number.POSITIVE_INFINITY);
    } else if (one.finally === 'save') {
      store = restored(store, bytesMax);
    } else if (one.finally === 'merge') {
      // Every third event was that of a key of its own: they come back between the others.
      const other = store.cells.findOrAdd(1, series.columns, 9, 0, 0);
      const events = [...model.events];
      const [moved, kept]: [number[], number[]] = [[], []];
      store.drain(cell, series, []);
      cell = store.cells.findOrAdd(1, series.columns, 8, 0, 0);
      events.forEach((event, i) => {
        if (i % 3 === 0) insert(other, event);
        else kept.push(event.timeMs, event.value, 0);
      });
      insertMerged(store, cell, series, kept, [], KEEP_MS, keepMax, 0);
      readWindows(store, group, cell, 0, nowMs, undefined, values);
      store.drain(other, series, moved);
      insertMerged(store, cell, series, [], moved, KEEP_MS, keepMax, 0);
      const times = (list: readonly RingEvent[]) => list.map(({ timeMs }) => timeMs).join();
      model.events = Array.from({ length: store.lengthOf(cell) }, (_, i) => ({
        timeMs: store.timeOf(cell, i),
        value: store.value(cell, i, kind === 'money'),
      }));
      expect(times(model.events)).toBe(times(events));
    }
    const { counts, bands } = store.hot;
    windows = Math.max(windows, counts.count + bands.count);
    expect(counts.bytes).toBeLessThanOrEqual(bytesMax);
    expect(bands.bytes).toBeLessThanOrEqual(bytesMax);
  }
  store.remove(cell);
  const { counts, bands } = store.hot;
  expect([counts.count, counts.bytes, bands.count, bands.bytes]).toEqual([0, 0, 0, 0]);
  return windows;
}

describe('windows that follow the events of a ring', () => {
  const acts = fc.array(act, { minLength: 3, maxLength: 10 });
  it.each(['scalar', 'money', 'number'] as const)('of %s are what a scan says', (kind) => {
    let windows = 0;
    const check = (steps: readonly Act[], keepMax: number, bytesMax: number): void => {
      windows = Math.max(windows, follow(kind, steps, keepMax, bytesMax));
    };
    const bounds = [fc.constantFrom(900, MANY), fc.constantFrom(SCARCE_BYTES, PLENTY_BYTES, PLENTY_BYTES)] as const;
    fc.assert(fc.property(acts, ...bounds, check), { seed: 20_261_126, numRuns: 7 });
    expect(windows).toBe(groupOf(kind).reads.length);
  });

  it.each(['scalar', 'money'] as const)('of many keys of %s take no more than they may, and say the same', (kind) => {
    const group = groupOf(kind);
    const run = (bytesMax: number) => {
      const store = new WindowStore(new Slab(), bytesMax);
      const said: unknown[] = [];
      let bytes = 0;
      for (let i = 0; i < 16_000; i++) {
        const key = (i % 3) * (i % 10) + 1;
        const cell = store.cells.findOrAdd(1, group.series.columns, key, 0, 0);
        const timeMs = BASE_MS + i - (i % 4 === 0 ? i % 37 : 0);
        if (i > 12_000) {
          const values: unknown[] = [];
          readWindows(store, group, cell, 0, timeMs, valueAt(kind, i), values);
          said.push(values);
          const { counts, bands } = store.hot;
          bytes = Math.max(bytes, counts.bytes + bands.bytes);
        }
        store.insert(cell, group.series, timeMs, valueAt(kind, i), 0, KEEP_MS, MANY, 0);
      }
      expect(bytes).toBeLessThanOrEqual(bytesMax);
      for (let cell = 1; cell <= store.cells.top; cell++) store.remove(cell);
      expect([store.hot.counts.bytes, store.hot.bands.bytes]).toEqual([0, 0]);
      return { said, store };
    };
    const plenty = run(PLENTY_BYTES);
    const scarce = run(SCARCE_BYTES * 20);
    expect(scarce.said).toEqual(plenty.said);
    const [ample, short] = [plenty, scarce].map(({ store }) => store.hot.counts.displaced + store.hot.bands.displaced);
    expect(ample).toBe(0);
    expect(short).toBeGreaterThan(50);
  });
});
