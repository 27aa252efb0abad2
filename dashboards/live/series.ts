/** Figures as columns for charts: one entry per bucket, oldest first, zero where nothing happened. Pure. */
import {
  addSums,
  emptySums,
  KPI_MEASURES,
  type KpiFold,
  type KpiGroup,
  type KpiSums,
  type Resolution,
} from './kpi-fold.ts';

export type Series = { readonly [M in keyof KpiSums]: number[] } & {
  /** Start of each bucket in seconds since the Unix epoch, as the chart wants it. */
  readonly timesS: number[];
};

/** A row of history: the sums of one bucket for one dimension value and currency. */
export interface TimedGroup extends KpiGroup {
  readonly timeMs: number;
}

function emptySeries(): Series {
  return {
    timesS: [],
    transactions: [],
    volume: [],
    approved: [],
    declined: [],
    fees: [],
    costs: [],
    alerts: [],
    offers: [],
  };
}

/** Money of another currency than the one that is shown adds nothing; counts always do. */
function addGroup(into: KpiSums, group: KpiGroup, currency: string): void {
  if (group.currency === currency) addSums(into, group);
  else addSums(into, { ...group, volume: 0, fees: 0, costs: 0 });
}

function pushBucket(series: Series, startMs: number, sums: KpiSums): void {
  series.timesS.push(startMs / 1_000);
  for (const measure of KPI_MEASURES) series[measure].push(sums[measure]);
}

/** The fold's buckets up to and including the one that holds `toMs`. */
export function readFoldSeries(
  fold: Pick<KpiFold, 'eachBucket'>,
  resolution: Resolution,
  toMs: number,
  currency: string,
): Series {
  const series = emptySeries();
  fold.eachBucket(resolution, toMs, (startMs, groups) => {
    const sums = emptySums();
    for (const group of groups) addGroup(sums, group, currency);
    pushBucket(series, startMs, sums);
  });
  return series;
}

/** History rows as a series without holes, from the bucket of `fromMs` to that of `toMs`. */
export function readRowSeries(
  rows: readonly TimedGroup[],
  range: { readonly fromMs: number; readonly toMs: number; readonly stepMs: number },
  currency: string,
): Series {
  const buckets = new Map<number, KpiSums>();
  for (const row of rows) {
    const startMs = row.timeMs - (row.timeMs % range.stepMs);
    let sums = buckets.get(startMs);
    if (sums === undefined) {
      sums = emptySums();
      buckets.set(startMs, sums);
    }
    addGroup(sums, row, currency);
  }
  const series = emptySeries();
  const lastMs = range.toMs - (range.toMs % range.stepMs);
  for (let startMs = range.fromMs - (range.fromMs % range.stepMs); startMs <= lastMs; startMs += range.stepMs) {
    pushBucket(series, startMs, buckets.get(startMs) ?? emptySums());
  }
  return series;
}

/** Seconds over which "now" is averaged, and how many of the newest are left out because they still fill. */
export const RATE_SECONDS = 10;
export const SETTLING_SECONDS = 2;

/** Mean per second over the newest settled seconds of a series by second. */
export function meanRate(series: Series, measure: keyof KpiSums): number {
  const values = series[measure].slice(-(RATE_SECONDS + SETTLING_SECONDS), -SETTLING_SECONDS);
  if (values.length === 0) return 0;
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

export function peakOf(values: readonly number[]): number {
  return values.reduce((peak, value) => Math.max(peak, value), 0);
}
