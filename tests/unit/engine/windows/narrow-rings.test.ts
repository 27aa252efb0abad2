/**
 * Rings of money in 8 bytes an event against a plain list: late events, times and sums around 2^32, negative values and
 * fractions, and what makes a ring wide while it is in use.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemoryReport } from '../../../../processors/engine/memory/memory-report.ts';
import { PAGE_WORDS, Slab } from '../../../../processors/engine/memory/slab.ts';
import { UndoLog } from '../../../../processors/engine/memory/undo-log.ts';
import { createSeries } from '../../../../processors/engine/windows/series.ts';
import { CELL_STEP, NARROW_RING } from '../../../../processors/engine/windows/window-cells.ts';
import { WindowStore } from '../../../../processors/engine/windows/window-store.ts';
import { type RingEvent, RingModel } from '../../../support/engine/ring-model.ts';
import { emptyWords, reloaded } from '../../../support/engine/window-stores.ts';

const SERIES = createSeries(
  { type: 'transaction', over: ['customer'], kind: 'money', of: '$.amount', where: {} },
  1,
  0,
  [0],
);
const MODULUS = 2 ** 32;
/** A multiple of 2^32 in the year 2026. */
const WRAP_MS = 415 * MODULUS;
const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const MANY = 10_000;

function isNarrow(store: WindowStore, cell: number): boolean {
  return (store.slab.halves[store.cells.at(cell) * 2 + CELL_STEP] as number) >= NARROW_RING;
}

/** Whether a narrow ring may hold the events: what it is told from is the cell's newest event. */
function couldBeNarrow(events: readonly RingEvent[], newestMs: number): boolean {
  return (
    events.every(({ timeMs, value }) => Number.isInteger(timeMs) && Number.isInteger(value) && value >= 0) &&
    newestMs - (events[0]?.timeMs ?? newestMs) < MODULUS &&
    events.reduce((sum, { value }) => sum + value, 0) < MODULUS
  );
}

function compare(store: WindowStore, cell: number, { events }: RingModel): void {
  const length = events.length;
  expect(store.lengthOf(cell)).toBe(length);
  expect(events.map((_, i) => store.timeOf(cell, i))).toEqual(events.map(({ timeMs }) => timeMs));
  expect(events.map((_, i) => store.value(cell, i, true))).toEqual(events.map(({ value }) => value));
  for (const [from, to] of [
    [0, length],
    [length >> 1, length],
    [0, length - 1],
    [length >> 2, length >> 1],
  ] as const) {
    if (from >= to) continue;
    const values = new Float64Array(to - from);
    store.copyValues(cell, from, to, true, values);
    const wanted = events.slice(from, to).map(({ value }) => value);
    expect([...values]).toEqual(wanted);
    expect(store.sum(cell, from, to)).toBe(wanted.reduce((sum, value) => sum + value, 0));
  }
  for (const { timeMs } of events) {
    for (const at of [timeMs - 0.5, timeMs, timeMs + 1]) {
      const position = events.filter((event) => event.timeMs <= at).length;
      expect(store.positionAfter(cell, at, length)).toBe(position);
      expect(store.positionAfter(cell, at, length >> 1)).toBe(Math.min(position, length >> 1));
    }
  }
  const [first, last] = [events[0]?.timeMs ?? WRAP_MS, events.at(-1)?.timeMs ?? WRAP_MS];
  expect(store.positionAfter(cell, first - 3 * MODULUS, length)).toBe(0);
  expect(store.positionAfter(cell, last + 3 * MODULUS, length)).toBe(length);
}

const sometimes = <T>(weight: number, arbitrary: fc.Arbitrary<T>) => ({ weight, arbitrary });

const run = fc.record({
  kind: fc.constant('run' as const),
  count: fc.integer({ min: 1, max: 30 }),
  stepMs: fc.oneof(
    sometimes(3, fc.constantFrom(0, 1, 1_000, DAY_MS)),
    sometimes(1, fc.constantFrom(MODULUS / 8, MODULUS / 2, MODULUS - 1, MODULUS, MODULUS + 1)),
  ),
  backMs: fc.constantFrom(0, 0, 0, 5, DAY_MS, 3 * DAY_MS),
  value: fc.oneof(
    sometimes(6, fc.nat(20_000)),
    sometimes(2, fc.constantFrom(0, 2 ** 28, 2 ** 31, MODULUS - 1)),
    sometimes(1, fc.constantFrom(MODULUS, -1, -500, 2 ** 40, 0.5)),
  ),
});
const act = fc.oneof(
  sometimes(12, run),
  sometimes(4, fc.record({ kind: fc.constantFrom('trim' as const, 'save' as const) })),
  sometimes(1, fc.record({ kind: fc.constant('fraction' as const), value: fc.nat(100) })),
);

describe('narrow rings', () => {
  it('hold what a plain list holds, wherever times and sums wrap, and become wide where they could not', () => {
    const seen = { narrow: 0, widened: 0, narrowed: 0, wrapped: 0 };
    const check = (acts: readonly (typeof act extends fc.Arbitrary<infer T> ? T : never)[], keepMs: number) => {
      let store = new WindowStore(new Slab());
      const model = new RingModel(keepMs);
      const cell = store.cells.findOrAdd(SERIES.id, SERIES.columns, 1, 0, 0);
      let nowMs = WRAP_MS - 2 * DAY_MS;
      const insert = (timeMs: number, value: number): void => {
        const wasNarrow = isNarrow(store, cell);
        store.insert(cell, SERIES, timeMs, value, 0, keepMs, MANY, 0);
        model.insert({ timeMs, value }, MANY);
        if (wasNarrow && !isNarrow(store, cell)) seen.widened++;
      };
      for (const one of acts) {
        if (one.kind === 'run') {
          for (let i = 0; i < one.count; i++) {
            nowMs += one.stepMs;
            insert(Math.max(nowMs - (i % 3 === 1 ? one.backMs : 0), nowMs - keepMs + 1), one.value);
          }
        } else if (one.kind === 'fraction') {
          insert(nowMs - 0.25, one.value);
        } else if (one.kind === 'trim') {
          const wasWide = !isNarrow(store, cell);
          store.trim(cell, SERIES, keepMs);
          model.evict(store.newestMs(cell) - keepMs, MANY);
          if (wasWide && isNarrow(store, cell) && model.events.length > 0) seen.narrowed++;
          if (model.events.length > 0)
            expect(isNarrow(store, cell)).toBe(couldBeNarrow(model.events, store.newestMs(cell)));
        } else {
          store = reloaded(store);
        }
        if (isNarrow(store, cell)) {
          expect(couldBeNarrow(model.events, store.newestMs(cell))).toBe(true);
          seen.narrow++;
          const [first] = model.events;
          if (first !== undefined && first.timeMs < WRAP_MS && store.newestMs(cell) > WRAP_MS) seen.wrapped++;
        }
        compare(store, cell, model);
      }
      store.remove(cell);
      expect(store.slab.top - store.slab.freeWords).toBe(emptyWords());
    };
    fc.assert(
      fc.property(
        fc.array(act, { minLength: 1, maxLength: 12 }),
        fc.constantFrom(DAY_MS, 30 * DAY_MS, MODULUS - 1, MODULUS, 70 * DAY_MS),
        check,
      ),
      { seed: 20_261_127, numRuns: 500 },
    );
    for (const [what, times] of Object.entries(seen)) expect(times, what).toBeGreaterThan(20);
  });

  it.each([
    ['reaches back 2^32 ms', MODULUS - 1, MODULUS, [1, 1]],
    ['comes to 2^32', 5, 5, [MODULUS - 2, 1, 1]],
    ['is negative', 5, 5, [1, -1]],
    ['is no whole number of milliseconds', 5, 5.5, [1, 1]],
  ])('become wide for an event that %s, and not before', (_what, stepMs, lastStepMs, values) => {
    const store = new WindowStore(new Slab());
    const cell = store.cells.findOrAdd(SERIES.id, SERIES.columns, 1, 0, 0);
    const model = new RingModel(100 * DAY_MS);
    const put = (timeMs: number, value: number): void => {
      store.insert(cell, SERIES, timeMs, value, 0, 100 * DAY_MS, MANY, 0);
      model.insert({ timeMs, value }, MANY);
      compare(store, cell, model);
    };
    const times = values.map((_, i) => WRAP_MS + (i === 0 ? 0 : i === values.length - 1 ? lastStepMs : stepMs));
    if (values.length === 2 && values[1] === 1 && stepMs !== lastStepMs) {
      const other = store.cells.findOrAdd(SERIES.id, SERIES.columns, 2, 0, 0);
      store.insert(other, SERIES, WRAP_MS, 1, 0, 100 * DAY_MS, MANY, 0);
      store.insert(other, SERIES, WRAP_MS + stepMs, 1, 0, 100 * DAY_MS, MANY, 0);
      expect(isNarrow(store, other)).toBe(true);
    }
    values.forEach((value, i) => {
      put(times[i] as number, value);
      expect(isNarrow(store, cell)).toBe(i < values.length - 1);
    });
    // It stays what it is until the sweeper comes by and all of it fits.
    put(times[0] as number, 7);
    expect(isNarrow(store, cell)).toBe(false);
  });

  it('are told from the newest event there was, though it is cut already', () => {
    const store = new WindowStore(new Slab());
    const cell = store.cells.findOrAdd(SERIES.id, SERIES.columns, 1, 0, 0);
    store.insert(cell, SERIES, WRAP_MS + MODULUS, 5, 0, 100 * DAY_MS, 1, 0);
    expect(isNarrow(store, cell)).toBe(true);
    store.insert(cell, SERIES, WRAP_MS + 1, 6, 0, 100 * DAY_MS, 1, 0);
    expect([isNarrow(store, cell), store.timeOf(cell, 0), store.value(cell, 0, true)]).toEqual([true, WRAP_MS + 1, 6]);
    store.insert(cell, SERIES, WRAP_MS, 7, 0, 100 * DAY_MS, 1, 0);
    expect([isNarrow(store, cell), store.timeOf(cell, 0), store.value(cell, 0, true)]).toEqual([false, WRAP_MS, 7]);
    expect(store.lengthOf(cell)).toBe(1);
  });

  it('take 8 bytes an event, and 16 where they are wide', () => {
    const ringOf = (value: number) => {
      const store = new WindowStore(new Slab());
      const cell = store.cells.findOrAdd(SERIES.id, SERIES.columns, 1, 0, 0);
      for (let i = 0; i < 14; i++) store.insert(cell, SERIES, WRAP_MS + i * DAY_MS, value, 0, 30 * DAY_MS, MANY, 0);
      const report = new MemoryReport(store.slab);
      store.measure(report, new Map([[SERIES.id, SERIES]]));
      return report.finish().find(({ part }) => part === 'windows over customer');
    };
    expect(ringOf(500)).toEqual({ part: 'windows over customer', count: 1, bytes: 112, usedBytes: 112 });
    expect(ringOf(-500)).toEqual({ part: 'windows over customer', count: 1, bytes: 224, usedBytes: 224 });
  });

  it('are in a snapshot as they were when it began, whatever comes while it is copied', () => {
    const store = new WindowStore(new Slab(2 ** 17));
    const cells = Array.from({ length: 300 }, (_, n) => store.cells.findOrAdd(SERIES.id, 2, n + 1, 0, 0));
    // Of the first some let go of nothing, the others turn over.
    const keepOf = (n: number): number => (n % 2 === 0 ? 20 * DAY_MS : DAY_MS / 2);
    const put = (n: number, round: number, value: number): void => {
      const backMs = (n + round) % 3 === 0 ? 5.5 * HOUR_MS : 0;
      store.insert(cells[n] as number, SERIES, WRAP_MS + round * HOUR_MS - backMs, value, 0, keepOf(n), MANY, 0);
    };
    for (let round = 0; round < 18; round++)
      for (let n = 0; n < cells.length; n++) put(n, round, n % 7 === 1 && round < 4 ? -1 : 1_000 + round * n);
    const pages = Math.ceil(store.slab.top / PAGE_WORDS);
    const held = reloaded(store);
    const log = new UndoLog(store.slab, () => true);
    const copied = new Uint8Array(pages * PAGE_WORDS * 8);
    // The sweeper comes by first: rings that were wide for what they let go of become narrow.
    for (let n = 0; n < cells.length; n++) store.trim(cells[n] as number, SERIES, keepOf(n));
    for (let page = 0; page < pages; page++) {
      for (let n = 0; n < cells.length; n++) put(n, 18 + page, n % 5 === 0 ? -page : page);
      log.copy(page, copied, new Uint32Array(copied.buffer), page * PAGE_WORDS * 8);
    }
    log.end();
    const bytes = held.slab.top * 8;
    expect(Buffer.compare(copied.subarray(0, bytes), held.slab.bytes.subarray(0, bytes))).toBe(0);
    const became = (before: boolean) =>
      cells.filter((cell) => isNarrow(held, cell) === before && isNarrow(store, cell) === !before).length;
    expect([became(true), became(false)].every((count) => count > 10)).toBe(true);
  });
});
