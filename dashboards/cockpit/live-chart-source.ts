/**
 * Chart sources over a live fold. The columns are computed once per change or second and shared by the charts that stand
 * above each other; the seconds axis flows with the clock and ends where seconds have settled.
 */
import type { AlignedData } from 'uplot';
import type { ChartSource } from '../chart/chart-source.ts';
import { type KpiFold, MINUTE_MS, MINUTES_KEPT, SECONDS_KEPT } from '../live/kpi-fold.ts';
import { readFoldSeries, SETTLING_SECONDS, type Series } from '../live/series.ts';
import type { LiveRange } from './ranges.ts';

export interface ChartPair {
  readonly transactions: ChartSource;
  readonly value: ChartSource;
}

/** Which columns of a series each chart draws. */
export function transactionColumns(series: Series): AlignedData {
  return [series.timesS, series.transactions, series.declined];
}
export function valueColumns(series: Series): AlignedData {
  return [series.timesS, series.volume];
}

export interface LiveFigures {
  readonly businessLines: KpiFold;
  nowMs(): number;
}

export function createLiveCharts(desk: LiveFigures, range: LiveRange, currency: string): ChartPair {
  const fold = desk.businessLines;
  let version = 0;
  let readAt = '';
  let series: Series | undefined;
  let transactions: AlignedData = [[]];
  let value: AlignedData = [[]];

  const refresh = (nowMs: number): void => {
    const at = `${fold.position} ${Math.floor(nowMs / 1_000)}`;
    if (at === readAt && series !== undefined) return;
    readAt = at;
    version++;
    series = readFoldSeries(fold, range.resolution, nowMs, currency);
    transactions = transactionColumns(series);
    value = valueColumns(series);
  };
  const bounds = (nowMs: number): { fromS: number; toS: number } => {
    if (range.resolution === 'seconds') {
      const toS = nowMs / 1_000 - SETTLING_SECONDS;
      return { fromS: toS - (SECONDS_KEPT - SETTLING_SECONDS - 2), toS };
    }
    const toMs = nowMs - (nowMs % MINUTE_MS) + MINUTE_MS;
    return { fromS: (toMs - MINUTES_KEPT * MINUTE_MS) / 1_000, toS: toMs / 1_000 };
  };
  const source = (columns: () => AlignedData): ChartSource => ({
    moving: range.resolution === 'seconds',
    readFrame: () => {
      const nowMs = desk.nowMs();
      refresh(nowMs);
      return { data: columns(), version, ...bounds(nowMs) };
    },
  });
  return { transactions: source(() => transactions), value: source(() => value) };
}

/** Charts over a series that stands still until the next answer of the store. */
export function createStoredCharts(series: Series, stepMs: number): ChartPair {
  const fromS = series.timesS[0] ?? 0;
  const toS = (series.timesS.at(-1) ?? 0) + stepMs / 1_000;
  const source = (data: AlignedData): ChartSource => ({
    moving: false,
    readFrame: () => ({ data, version: 0, fromS, toS }),
  });
  return { transactions: source(transactionColumns(series)), value: source(valueColumns(series)) };
}
