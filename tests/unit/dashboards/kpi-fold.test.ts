import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KpiCell } from '../../../api/live/messages.ts';
import { computeBreakdown, computeFigures, listCurrencies } from '../../../dashboards/live/figures.ts';
import { AHEAD_MAX_MS, createKpiFold, MINUTES_KEPT, SECONDS_KEPT } from '../../../dashboards/live/kpi-fold.ts';
import { meanRate, readFoldSeries, readRowSeries } from '../../../dashboards/live/series.ts';
import { makeCell, makeIncrement, makeSnapshot, NOW_MS } from './kpi-cells.ts';

const SEED = 20_261_123;

/** Any mix of gains over the last hour. */
const anyCell = fc
  .record({
    agoS: fc.integer({ min: 0, max: 3_500 }),
    key: fc.constantFrom('B2B', 'B2C', 'B2B2C', ''),
    currency: fc.constantFrom('CNY', 'USD', 'JPY'),
    transactions: fc.integer({ min: 0, max: 50 }),
    volume: fc.integer({ min: 0, max: 1_000_000 }),
    approved: fc.integer({ min: 0, max: 50 }),
    declined: fc.integer({ min: 0, max: 9 }),
    alerts: fc.integer({ min: 0, max: 3 }),
  })
  .map(({ agoS, ...gain }) => makeCell(NOW_MS - agoS * 1_000, gain));

const totalsByName = (cells: Iterable<Pick<KpiCell, 'key' | 'currency' | 'transactions' | 'volume' | 'alerts'>>) => {
  const sums: Record<string, [number, number, number]> = {};
  for (const { key, currency, transactions, volume, alerts } of cells) {
    const sum = sums[`${key} ${currency}`] ?? [0, 0, 0];
    sums[`${key} ${currency}`] = [sum[0] + transactions, sum[1] + volume, sum[2] + alerts];
  }
  return sums;
};
const lastSeconds = (cells: readonly KpiCell[]) =>
  cells.filter((cell) => Date.parse(cell.time) > NOW_MS - 1_000 * SECONDS_KEPT - (NOW_MS % 1_000));
const lastMinutes = (cells: readonly KpiCell[]) =>
  cells.filter((cell) => Date.parse(cell.time) >= NOW_MS - (NOW_MS % 60_000) - (MINUTES_KEPT - 1) * 60_000);

describe('a fold of the kpis channel', () => {
  it('gives the same figures wherever the snapshot ends and increments begin', () => {
    fc.assert(
      fc.property(fc.array(anyCell, { maxLength: 80 }), fc.nat(80), fc.nat(5), (cells, cut, perMessage) => {
        const fold = createKpiFold();
        fold.apply(makeSnapshot(100, cells.slice(0, cut)));
        const rest = cells.slice(cut);
        let position = 100;
        for (let i = 0; i < rest.length; i += perMessage + 1) {
          fold.apply(makeIncrement(++position, rest.slice(i, i + perMessage + 1)));
        }
        expect(totalsByName(fold.totals('minutes', NOW_MS))).toEqual(totalsByName(lastMinutes(cells)));
        expect(totalsByName(fold.totals('seconds', NOW_MS))).toEqual(totalsByName(lastSeconds(cells)));
        expect(fold.position).toBe(position);
      }),
      { seed: SEED, numRuns: 200 },
    );
  });

  it('adds nothing twice when an increment is delivered again', () => {
    const fold = createKpiFold();
    fold.apply(makeSnapshot(10, [makeCell(NOW_MS)]));
    const increment = makeIncrement(11, [makeCell(NOW_MS)]);
    expect(fold.apply(increment)).toBe(true);
    expect(fold.apply(increment)).toBe(false);
    expect(computeFigures(fold.totals('seconds', NOW_MS), 'CNY').transactions).toBe(2);
  });

  it('ignores increments until it has a snapshot to add them to', () => {
    const fold = createKpiFold();
    expect(fold.apply(makeIncrement(5, [makeCell(NOW_MS)]))).toBe(false);
    expect(fold.ready).toBe(false);
    expect(fold.totals('minutes', NOW_MS)).toEqual([]);
  });

  it('starts anew from the snapshot that follows a reconnect', () => {
    const fold = createKpiFold();
    fold.apply(makeSnapshot(10, [makeCell(NOW_MS), makeCell(NOW_MS)]));
    fold.apply(makeIncrement(11, [makeCell(NOW_MS)]));
    fold.apply(makeSnapshot(20, [makeCell(NOW_MS)]));
    expect(fold.position).toBe(20);
    expect(computeFigures(fold.totals('minutes', NOW_MS), 'CNY').transactions).toBe(1);
  });

  it('counts a late second in its minute though the last two minutes are past it', () => {
    const fold = createKpiFold();
    fold.apply(makeSnapshot(1, [makeCell(NOW_MS)]));
    fold.apply(makeIncrement(2, [makeCell(NOW_MS - 20 * 60_000, { transactions: 7 })]));
    expect(computeFigures(fold.totals('minutes', NOW_MS), 'CNY').transactions).toBe(8);
    expect(computeFigures(fold.totals('seconds', NOW_MS), 'CNY').transactions).toBe(1);
  });

  it('drops and counts what is older than the hour', () => {
    const fold = createKpiFold();
    fold.apply(makeSnapshot(1, [makeCell(NOW_MS)]));
    fold.apply(makeIncrement(2, [makeCell(NOW_MS - 2 * 3_600_000)]));
    expect(fold.dropped).toBe(1);
    expect(computeFigures(fold.totals('minutes', NOW_MS), 'CNY').transactions).toBe(1);
  });

  it('keeps an event from a clock that is ahead, without losing those of now', () => {
    const fold = createKpiFold();
    fold.apply(makeSnapshot(1, [makeCell(NOW_MS - 119_000), makeCell(NOW_MS)]));
    fold.apply(makeIncrement(2, [makeCell(NOW_MS + 5 * 60_000)]));
    expect(computeFigures(fold.totals('seconds', NOW_MS), 'CNY').transactions).toBe(2);
    expect(computeFigures(fold.totals('seconds', NOW_MS + 5 * 60_000), 'CNY').transactions).toBe(1);
  });

  it('holds a bounded number of buckets however long it runs', () => {
    const fold = createKpiFold();
    fold.apply(makeSnapshot(1, []));
    for (let s = 0; s < 20_000; s += 10) fold.apply(makeIncrement(2 + s, [makeCell(NOW_MS + s * 1_000)]));
    const endMs = NOW_MS + 19_990_000;
    let held = 0;
    for (let back = 0; back < 20_000; back += SECONDS_KEPT) {
      held += fold.totals('seconds', endMs - back * 1_000).reduce((sum, group) => sum + group.transactions, 0);
    }
    expect(held).toBeLessThanOrEqual((SECONDS_KEPT + AHEAD_MAX_MS / 1_000) / 10 + 1);
  });
});

describe('figures', () => {
  it('add counts over currencies and never money', () => {
    const fold = createKpiFold();
    const mixed = [makeCell(NOW_MS), makeCell(NOW_MS, { currency: 'JPY', volume: 5_000, fees: 50, costs: 9 })];
    fold.apply(makeSnapshot(1, mixed));
    const figures = computeFigures(fold.totals('seconds', NOW_MS), 'CNY');
    expect(figures).toMatchObject({ transactions: 2, volume: 100, fees: 3, costs: 1, margin: 2 });
    expect(readFoldSeries(fold, 'seconds', NOW_MS, 'JPY').volume.at(-1)).toBe(5_000);
  });

  it('have no success rate where nothing was settled', () => {
    const pending = makeCell(NOW_MS, { approved: 0, declined: 0 });
    expect(computeFigures([pending], 'CNY').successRate).toBeUndefined();
    expect(computeFigures([{ ...pending, approved: 3, declined: 1 }], 'CNY').successRate).toBe(0.75);
  });

  it('break down by key, most transactions first', () => {
    const rows = computeBreakdown(
      [makeCell(NOW_MS, { key: 'B2B' }), makeCell(NOW_MS, { transactions: 4 }), makeCell(NOW_MS, { currency: 'USD' })],
      'CNY',
    );
    expect(rows.map((row) => [row.key, row.transactions, row.volume])).toEqual([
      ['B2C', 5, 100],
      ['B2B', 1, 100],
    ]);
  });

  it('list currencies by use, without the empty one of offers', () => {
    const cells = [
      makeCell(NOW_MS, { currency: 'USD' }),
      makeCell(NOW_MS, { transactions: 3 }),
      makeCell(NOW_MS, { currency: '', transactions: 0, offers: 1 }),
    ];
    expect(listCurrencies(cells)).toEqual(['CNY', 'USD']);
  });
});

describe('series', () => {
  it('have one bucket for each second, zero where nothing happened', () => {
    const fold = createKpiFold();
    fold.apply(makeSnapshot(1, [makeCell(NOW_MS - 5_000, { transactions: 9 })]));
    const series = readFoldSeries(fold, 'seconds', NOW_MS, 'CNY');
    expect(series.timesS).toHaveLength(SECONDS_KEPT);
    expect(series.timesS.at(-1)).toBe(Math.floor(NOW_MS / 1_000));
    expect(series.transactions.at(-6)).toBe(9);
    expect(series.transactions.reduce((sum, value) => sum + value, 0)).toBe(9);
  });

  it('give the rate of the newest seconds that have settled', () => {
    const fold = createKpiFold();
    const busy = Array.from({ length: 14 }, (_, ago) =>
      makeCell(NOW_MS - ago * 1_000, { transactions: ago < 2 ? 999 : 30 }),
    );
    fold.apply(makeSnapshot(1, busy));
    expect(meanRate(readFoldSeries(fold, 'seconds', NOW_MS, 'CNY'), 'transactions')).toBe(30);
  });

  it('of stored rows have no holes and add the rows of one bucket', () => {
    const hourMs = 3_600_000;
    const toMs = NOW_MS - (NOW_MS % hourMs);
    const rows = [
      { ...makeCell(toMs), timeMs: toMs },
      { ...makeCell(toMs, { key: 'B2B' }), timeMs: toMs },
      { ...makeCell(toMs - 2 * hourMs), timeMs: toMs - 2 * hourMs },
    ];
    const series = readRowSeries(rows, { fromMs: toMs - 3 * hourMs, toMs, stepMs: hourMs }, 'CNY');
    expect(series.transactions).toEqual([0, 1, 0, 2]);
  });
});
