/**
 * Rings of keys with many events against a sorted list: appended to, inserted into far behind, cut at the front, merged,
 * shrunk and saved, with every aggregate over windows of any length read in between.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Slab } from '../../../../processors/engine/memory/slab.ts';
import type { Series, SeriesKind } from '../../../../processors/engine/windows/series.ts';
import { planWindows, type ReadGroup, type WindowPlan } from '../../../../processors/engine/windows/window-plan.ts';
import { readWindows } from '../../../../processors/engine/windows/window-read.ts';
import { WindowStore } from '../../../../processors/engine/windows/window-store.ts';
import type { Requirement, WindowAggregate } from '../../../../rules/requirement.ts';
import { type RingEvent, RingModel } from '../../../support/engine/ring-model.ts';
import { emptyWords, reloaded } from '../../../support/engine/window-stores.ts';

const BASE_MS = 1_780_000_000_000;
const KEEP_MS = 100_000;
const MANY = 10_000;
const LENGTHS_MS = [40, 900, 5_000, 30_000, 90_000] as const;
const OFFSETS_MS = [0, 300, 10_000] as const;
const OF_NUMBERS: readonly WindowAggregate[] = ['count', 'sum', 'avg', 'min', 'max', 'stddev', 'first', 'last'];

/** Every aggregate over every length and offset of one series. */
function planOf(of: string | undefined, aggregates: readonly WindowAggregate[]): WindowPlan {
  const requirements: Requirement[] = [];
  for (const aggregate of aggregates) {
    for (const lastMs of LENGTHS_MS) {
      for (const offsetMs of OFFSETS_MS) {
        const path = aggregate === 'count' || of === undefined ? {} : { of };
        const p = aggregate === 'percentile' ? { p: 90 } : {};
        const index = requirements.length;
        const params = { aggregate, ...path, ...p, over: ['customer'], lastMs, offsetMs, where: {} } as const;
        requirements.push({ index, id: String(index), kind: 'window', params: { ...params, type: 'location' } });
      }
    }
  }
  // One series: a count of locations would have one of its own.
  const plan = planWindows(requirements, new Set(), (signature) => (signature.includes('number') ? 1 : 2));
  return plan;
}

const KINDS: readonly SeriesKind[] = ['money', 'number', 'count', 'scalar', 'position'];

function seriesOf(kind: SeriesKind): Series {
  const columns = { count: 1, money: 2, number: 2, scalar: 2, position: 3 }[kind];
  const [series] = planOf('$.lat', ['sum']).series;
  return { ...(series as Series), id: 1, kind, columns };
}

/** What is done to the ring, a few hundred events at a time. */
const act = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('run' as const),
      count: fc.integer({ min: 1, max: 400 }),
      stepMs: fc.constantFrom(0, 1, 7, 40),
      jitterMs: fc.constantFrom(0, 0, 5, 400, 30_000),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('gap' as const), ms: fc.integer({ min: 0, max: 60_000 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('trim' as const, 'save' as const, 'merge' as const) }) },
);

const SCALE = 2 ** 104;

/** As the definition has it: in order of time up to 512 stored events, above from exact sums, rounded once. */
function expected(aggregate: string, stored: readonly number[], pending: number | undefined): number | undefined {
  const values = pending === undefined ? stored : [...stored, pending];
  const n = values.length;
  const inOrder = values.reduce((sum, value) => sum + value, 0);
  const wholes = stored.length > 512 ? values.map((value) => BigInt(value * SCALE)) : [];
  const whole = wholes.reduce((sum, value) => sum + value, 0n);
  const sum = stored.length > 512 ? Number(whole) / SCALE : inOrder;
  if (aggregate === 'count') return n;
  if (aggregate === 'sum') return sum;
  if (n === 0) return undefined;
  if (aggregate === 'avg') return sum / n;
  if (aggregate === 'min') return values.reduce((a, b) => Math.min(a, b));
  if (aggregate === 'max') return values.reduce((a, b) => Math.max(a, b));
  if (aggregate === 'first') return values[0];
  if (aggregate === 'last') return values[n - 1];
  if (aggregate === 'percentile') return [...values].sort((a, b) => a - b)[Math.ceil(0.9 * n) - 1];
  if (n < 2) return undefined;
  if (stored.length > 512) {
    const spread = BigInt(n) * wholes.reduce((all, one) => all + one * one, 0n) - whole * whole;
    return Math.sqrt(Number(spread) / SCALE / SCALE / (n * (n - 1)));
  }
  const squares = values.reduce((all, one) => all + (one - inOrder / n) ** 2, 0);
  return Math.sqrt(squares / (n - 1));
}

/** Integers of all magnitudes, and fractions with all their digits; a money series takes the former only. */
function valueAt(i: number, seed: number, isWhole: boolean): number {
  const hash = Math.imul(i ^ seed, 0x9e37_79b1) >>> 0;
  if (isWhole) return hash % 7 === 0 ? hash * 4_096 : hash % 5_000;
  return (hash / 2 ** 32 - 0.5) * 10 ** (hash % 7);
}

function checkReads(store: WindowStore, cell: number, model: RingModel, group: ReadGroup, pending?: RingEvent): void {
  const timeMs = pending?.timeMs ?? (model.events.at(-1)?.timeMs ?? BASE_MS) - 3;
  const values: unknown[] = [];
  readWindows(store, group, cell, 0, timeMs, pending?.value, values);
  for (const { index, aggregate, lastMs, offsetMs } of group.reads) {
    const stored = model.within(timeMs - offsetMs, lastMs);
    const wanted = expected(aggregate, stored, offsetMs === 0 ? pending?.value : undefined);
    const what = `${aggregate} of ${stored.length} values over ${lastMs} ms, ${offsetMs} ms ago`;
    expect(values[index], what).toBe(wanted);
  }
}

describe('rings of keys with many events', () => {
  const acts = fc.array(act, { minLength: 2, maxLength: 14 });
  it.each(KINDS)('hold what a sorted list of %s holds, through late events, cuts, merges and restarts', (kind) => {
    const series = seriesOf(kind);
    const hasNumbers = kind === 'money' || kind === 'number';
    const plan = planOf(hasNumbers ? '$.lat' : undefined, hasNumbers ? [...OF_NUMBERS, 'percentile'] : ['count']);
    const groups = plan.groups.map((group) => ({ ...group, series: { ...group.series, kind } }));
    let hottest = 0;
    const check = (
      steps: readonly (typeof acts extends fc.Arbitrary<infer T> ? T : never)[number][],
      keepMax: number,
    ) => {
      let store = new WindowStore(new Slab());
      const model = new RingModel(KEEP_MS);
      let cell = store.cells.findOrAdd(1, series.columns, 7, 0, 0);
      let nowMs = BASE_MS;
      let made = 0;
      const add = (into: number, timeMs: number): RingEvent => {
        const value = kind === 'count' ? 0 : valueAt(made++, keepMax, kind !== 'number');
        store.insert(into, series, timeMs, value, value + 1, KEEP_MS, keepMax, 0);
        return { timeMs, value };
      };
      for (const one of steps) {
        if (one.kind === 'gap') {
          nowMs += one.ms;
        } else if (one.kind === 'run') {
          for (let i = 0; i < one.count; i++) {
            nowMs += one.stepMs;
            const back = one.jitterMs === 0 || i % 3 !== 0 ? 0 : (Math.imul(i, 0x85eb_ca6b) >>> 0) % one.jitterMs;
            const newestMs = model.events.at(-1)?.timeMs ?? nowMs;
            model.insert(add(cell, Math.max(nowMs - back, newestMs - KEEP_MS + 1)), keepMax);
          }
        } else if (one.kind === 'trim') {
          store.trim(cell, series, KEEP_MS);
          model.evict((model.events.at(-1)?.timeMs ?? 0) - KEEP_MS, Number.POSITIVE_INFINITY);
        } else if (one.kind === 'save') {
          store = reloaded(store);
        } else {
          const drained: number[] = [];
          store.drain(cell, series, drained);
          cell = store.cells.findOrAdd(1, series.columns, 8, 0, 0);
          for (let i = 0; i < drained.length; i += 3) {
            const [timeMs, value, value2] = drained.slice(i, i + 3) as [number, number, number];
            store.insert(cell, series, timeMs, value, value2, KEEP_MS, keepMax, 0);
          }
        }
        hottest = Math.max(hottest, store.isHot(cell) ? store.lengthOf(cell) : 0);
        expect(store.lengthOf(cell)).toBe(model.events.length);
        for (const group of groups) {
          checkReads(store, cell, model, group);
          const value = kind === 'count' ? 0 : valueAt(made, 3, kind !== 'number');
          checkReads(store, cell, model, group, { timeMs: nowMs, value });
        }
        model.events.forEach(({ timeMs, value }, i) => {
          if (store.timeOf(cell, i) !== timeMs) expect(store.timeOf(cell, i), `time of ${i}`).toBe(timeMs);
          if (kind === 'count') return;
          const held = store.value(cell, i, kind === 'money');
          if (held !== value) expect(held, `value of ${i}`).toBe(value);
          if (kind === 'position') expect(store.columnOf(cell, i, 2)).toBe(value + 1);
        });
      }
      store.remove(cell);
      expect(store.slab.top - store.slab.freeWords, 'words in use').toBe(emptyWords());
    };
    fc.assert(fc.property(acts, fc.constantFrom(1_100, MANY), check), { seed: 20_261_126, numRuns: 25 });
    expect(hottest).toBeGreaterThan(1_000);
  });

  /** `count` events ten milliseconds apart, of value 1 but for those named. */
  const filled = (kind: SeriesKind, count: number, others: ReadonlyMap<number, number>) => {
    const store = new WindowStore(new Slab());
    const series = seriesOf(kind);
    const cell = store.cells.findOrAdd(1, series.columns, 7, 0, 0);
    const put = (timeMs: number, value: number) =>
      store.insert(cell, series, BASE_MS + timeMs, value, 0, KEEP_MS, MANY, 0);
    for (let i = 0; i < count; i++) put(i * 10, others.get(i) ?? 1);
    return { store, series, cell, put };
  };

  it('forget of a chunk what it passed on to the next one', () => {
    const { store, cell, put } = filled('money', 600, new Map([[511, 999]]));
    expect(store.hot.extreme(cell, 256, 512, 1)).toBe(999);
    put(3_005, 1);
    expect(store.hot.extreme(cell, 256, 512, 1)).toBe(1);
    expect(store.hot.extreme(cell, 256, 513, 1)).toBe(999);
  });

  it('forget of a group of chunks what it passed on to the next one', () => {
    // Of the rarest rank: the estimate shows whether it is there.
    const { store, cell, put } = filled('scalar', 4_150, new Map([[4_095, 5]]));
    const without = store.hot.distinct(cell, 0, 4_095, undefined);
    expect(store.hot.distinct(cell, 0, 4_096, undefined)).not.toBe(without);
    const { sketches } = store.hot;
    // Four of four chunks each, and one of these.
    expect([sketches.count, sketches.bytes]).toEqual([5, 5 * 2_048]);
    put(40_005, 1);
    expect([sketches.count, sketches.bytes]).toEqual([3, 3 * 2_048]);
    expect(store.hot.distinct(cell, 0, 4_096, undefined)).toBe(without);
  });

  it('forget of a group of chunks what its first one let go', () => {
    const { store, series, cell, put } = filled('scalar', 1_100, new Map([[5, 5]]));
    const ofOnes = store.hot.distinct(cell, 10, 20, undefined);
    expect(store.hot.distinct(cell, 0, 1_024, undefined)).not.toBe(ofOnes);
    store.trim(cell, series, 10_890);
    // The first chunk is full, but for what it let go: that makes room.
    put(105, 1);
    expect(store.lengthOf(cell)).toBe(1_091);
    expect(store.hot.distinct(cell, 0, 1_015, undefined)).toBe(ofOnes);
  });

  it('find a time anew once the front is let go', () => {
    const { store, series, cell } = filled('count', 600, new Map());
    expect(store.positionAfter(cell, BASE_MS + 4_000, 600)).toBe(401);
    store.trim(cell, series, 4_990);
    expect(store.positionAfter(cell, BASE_MS + 4_000, store.lengthOf(cell))).toBe(301);
  });
});
