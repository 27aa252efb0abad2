/**
 * Hot rings of money, whose chunks take 8 bytes an event, against a plain list: late events that make chunks pass on, split and
 * compact, what makes a chunk wide while it is in use, and what a snapshot holds of all that.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PAGE_WORDS, Slab } from '../../../../processors/engine/memory/slab.ts';
import { UndoLog } from '../../../../processors/engine/memory/undo-log.ts';
import { END_ENTRY, FIRST_ENTRY } from '../../../../processors/engine/windows/hot/hot-layout.ts';
import { createSeries } from '../../../../processors/engine/windows/series.ts';
import { WindowStore } from '../../../../processors/engine/windows/window-store.ts';
import { RingModel } from '../../../support/engine/ring-model.ts';
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
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
const MANY = 10_000;

/** Narrow chunks of a cell's ring, and wide ones; of a flat ring none. */
function chunksOf(store: WindowStore, cell: number): { narrow: number; wide: number } {
  const counts = { narrow: 0, wide: 0 };
  if (!store.isHot(cell)) return counts;
  const { directory } = store.hot;
  const dir = directory.at(cell);
  const { halves } = store.slab;
  const end = halves[dir * 2 + END_ENTRY] as number;
  for (let k = halves[dir * 2 + FIRST_ENTRY] as number; k < end; k++)
    counts[directory.isNarrow(dir, k) ? 'narrow' : 'wide']++;
  return counts;
}

function compare(store: WindowStore, cell: number, { events }: RingModel): void {
  const length = events.length;
  expect(store.lengthOf(cell)).toBe(length);
  const values = new Float64Array(length);
  store.copyValues(cell, 0, length, true, values);
  let sum = 0;
  for (const [i, { timeMs, value }] of events.entries()) {
    if (store.timeOf(cell, i) !== timeMs) expect(store.timeOf(cell, i), `time of ${i}`).toBe(timeMs);
    if (store.value(cell, i, true) !== value) expect(store.value(cell, i, true), `value of ${i}`).toBe(value);
    if (values[i] !== value) expect(values[i], `copied value of ${i}`).toBe(value);
    if (i > 0 && store.sum(cell, 0, i) !== sum) expect(store.sum(cell, 0, i), `sum before ${i}`).toBe(sum);
    sum += value;
  }
  for (let i = 0; i < length; i += 37) {
    for (const at of [(events[i] as { timeMs: number }).timeMs - 0.5, (events[i] as { timeMs: number }).timeMs]) {
      const position = events.filter(({ timeMs }) => timeMs <= at).length;
      expect(store.positionAfter(cell, at, length)).toBe(position);
    }
  }
  expect(store.positionAfter(cell, WRAP_MS - 900 * DAY_MS, length)).toBe(0);
  if (length < 10) return;
  const inMiddle = events.slice(length >> 2, length - 3).map(({ value }) => value);
  expect(store.hot.extreme(cell, length >> 2, length - 3, 1)).toBe(Math.max(...inMiddle));
}

const sometimes = <T>(weight: number, arbitrary: fc.Arbitrary<T>) => ({ weight, arbitrary });
const act = fc.oneof(
  sometimes(
    8,
    fc.record({
      kind: fc.constant('run' as const),
      count: fc.integer({ min: 1, max: 400 }),
      stepMs: fc.constantFrom(0, 1, 1_000, HOUR_MS),
      backMs: fc.constantFrom(0, 0, 5_000, DAY_MS, 6 * DAY_MS),
    }),
  ),
  sometimes(
    2,
    fc.record({
      kind: fc.constant('other' as const),
      value: fc.constantFrom(-1, -20_000, MODULUS - 1, MODULUS - 30_000_000, MODULUS, 2 ** 40, 0.5),
      backMs: fc.constantFrom(0, DAY_MS, 0.25),
    }),
  ),
  sometimes(
    1,
    fc.record({ kind: fc.constant('gap' as const), ms: fc.constantFrom(DAY_MS, MODULUS - DAY_MS, MODULUS) }),
  ),
  sometimes(2, fc.record({ kind: fc.constantFrom('trim' as const, 'save' as const) })),
);

describe('narrow chunks', () => {
  it('hold what a plain list holds, and become wide before they take what they could not hold', () => {
    const seen = { narrow: 0, mixed: 0, wrapped: 0 };
    const check = (acts: readonly (typeof act extends fc.Arbitrary<infer T> ? T : never)[], keepMs: number) => {
      let store = new WindowStore(new Slab());
      const model = new RingModel(keepMs);
      const cell = store.cells.findOrAdd(SERIES.id, SERIES.columns, 1, 0, 0);
      let nowMs = WRAP_MS - 20 * DAY_MS;
      const insert = (timeMs: number, value: number): void => {
        store.insert(cell, SERIES, timeMs, value, 0, keepMs, MANY, 0);
        model.insert({ timeMs, value }, MANY);
      };
      for (let i = 0; i < 700; i++) {
        nowMs += HOUR_MS / 2;
        insert(nowMs, i);
      }
      for (const one of acts) {
        if (one.kind === 'run') {
          for (let i = 0; i < one.count; i++) {
            nowMs += one.stepMs;
            const back = i % 3 === 1 ? (Math.imul(i, 0x85eb_ca6b) >>> 0) % (one.backMs + 1) : 0;
            insert(Math.max(nowMs - back, store.newestMs(cell) - keepMs + 1), (i * 7_919) % 20_000);
          }
        } else if (one.kind === 'other') {
          insert(Math.max(nowMs - one.backMs, store.newestMs(cell) - keepMs + 1), one.value);
        } else if (one.kind === 'gap') {
          nowMs += one.ms;
        } else if (one.kind === 'trim') {
          store.trim(cell, SERIES, keepMs);
          model.evict(store.newestMs(cell) - keepMs, MANY);
        } else {
          store = reloaded(store);
        }
        if (!store.isHot(cell)) continue;
        const { narrow, wide } = chunksOf(store, cell);
        if (wide === 0) seen.narrow++;
        if (wide > 0 && narrow > 0) seen.mixed++;
        if ((model.events[0]?.timeMs ?? WRAP_MS) < WRAP_MS && store.newestMs(cell) > WRAP_MS) seen.wrapped++;
        compare(store, cell, model);
      }
      store.remove(cell);
      expect(store.slab.top - store.slab.freeWords).toBe(emptyWords());
    };
    fc.assert(
      fc.property(fc.array(act, { minLength: 1, maxLength: 10 }), fc.constantFrom(30 * DAY_MS, 120 * DAY_MS), check),
      { seed: 20_261_127, numRuns: 80 },
    );
    for (const [what, times] of Object.entries(seen)) expect(times, what).toBeGreaterThan(10);
  });

  it('are in a snapshot as they were when it began, whatever comes while it is copied', () => {
    const store = new WindowStore(new Slab(2 ** 17));
    const cells = Array.from({ length: 8 }, (_, n) => store.cells.findOrAdd(SERIES.id, 2, n + 1, 0, 0));
    const put = (n: number, round: number, value: number, backMs: number): void => {
      // Some let go of a part of a chunk, which then makes room for late events.
      const keepMs = (n < 5 ? 60 : 30) * DAY_MS;
      store.insert(cells[n] as number, SERIES, WRAP_MS + round * HOUR_MS - backMs, value, 0, keepMs, MANY, 0);
    };
    for (let round = 0; round < 1_000; round++) for (let n = 0; n < cells.length; n++) put(n, round, round + n, 0);
    expect(cells.map((cell) => chunksOf(store, cell).wide)).toEqual(cells.map(() => 0));
    const pages = Math.ceil(store.slab.top / PAGE_WORDS);
    const held = reloaded(store);
    const log = new UndoLog(store.slab, () => true);
    const copied = new Uint8Array(pages * PAGE_WORDS * 8);
    for (let page = 0; page < pages; page++) {
      for (let n = 0; n < cells.length; n++) {
        const backMs = ((page * 37 + n * 111) % 700) * HOUR_MS;
        put(n, 1_000 + page, n === 3 && page % 4 === 0 ? -5 : page, n < 4 ? 0 : backMs);
      }
      log.copy(page, copied, new Uint32Array(copied.buffer), page * PAGE_WORDS * 8);
    }
    log.end();
    const bytes = held.slab.top * 8;
    expect(Buffer.compare(copied.subarray(0, bytes), held.slab.bytes.subarray(0, bytes))).toBe(0);
    expect(chunksOf(store, cells[3] as number).wide).toBeGreaterThan(0);
  });

  it('take 8 bytes an event', () => {
    const store = new WindowStore(new Slab());
    const cell = store.cells.findOrAdd(SERIES.id, SERIES.columns, 1, 0, 0);
    const used = () => store.slab.top - store.slab.freeWords;
    for (let i = 0; i < 1_024; i++) store.insert(cell, SERIES, WRAP_MS + i, i, 0, DAY_MS, MANY, 0);
    const before = used();
    for (let i = 0; i < 512; i++) store.insert(cell, SERIES, WRAP_MS + 2_000 + i, i, 0, DAY_MS, MANY, 0);
    expect(used() - before).toBe(512);
    for (let i = 0; i < 256; i++) store.insert(cell, SERIES, WRAP_MS + 3_000 + i, -i - 1, 0, DAY_MS, MANY, 0);
    expect(used() - before).toBe(512 + 512);
    expect(chunksOf(store, cell)).toEqual({ narrow: 6, wide: 1 });
  });
});
