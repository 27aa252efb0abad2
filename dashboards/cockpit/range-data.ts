/** Everything a range shows, in one shape, whether it was folded from the live line or asked from the store. Pure. */
import type { KpiPoint } from '../../api/schemas/kpis.ts';
import { computeBreakdown, computeFigures, type Figures, type KeyedFigures, listCurrencies } from '../live/figures.ts';
import type { KpiFold } from '../live/kpi-fold.ts';
import {
  meanRate,
  readFoldSeries,
  readRowSeries,
  SETTLING_SECONDS,
  type Series,
  type TimedGroup,
} from '../live/series.ts';
import { boundsOf, type LiveRange, type StoredRange } from './ranges.ts';

export interface RangeData {
  readonly position: number;
  readonly currencies: readonly string[];
  /** The one that money is shown in. */
  readonly currency: string;
  readonly figures: Figures;
  readonly businessLines: readonly KeyedFigures[];
  readonly channels: readonly KeyedFigures[];
  readonly series: Series;
  /** How many of the newest buckets still fill. */
  readonly settling: number;
  /** Mean of the last seconds; live ranges only. */
  readonly now?: { readonly transactions: number; readonly volume: number };
}

const NO_CURRENCY = 'CNY';

function chooseCurrency(currencies: readonly string[], wanted: string | undefined): string {
  return wanted !== undefined && currencies.includes(wanted) ? wanted : (currencies[0] ?? wanted ?? NO_CURRENCY);
}

export function readLiveRange(
  folds: { readonly businessLines: KpiFold; readonly channels: KpiFold },
  range: LiveRange,
  nowMs: number,
  wantedCurrency: string | undefined,
): RangeData {
  const groups = folds.businessLines.totals(range.resolution, nowMs);
  // Currencies of the hour, so that the choice does not come and go with two quiet minutes.
  const currencies = listCurrencies(folds.businessLines.totals('minutes', nowMs));
  const currency = chooseCurrency(currencies, wantedCurrency);
  const seconds = readFoldSeries(folds.businessLines, 'seconds', nowMs, currency);
  return {
    position: folds.businessLines.position,
    currencies,
    currency,
    figures: computeFigures(groups, currency),
    businessLines: computeBreakdown(groups, currency),
    channels: computeBreakdown(folds.channels.totals(range.resolution, nowMs), currency),
    series: range.resolution === 'seconds' ? seconds : readFoldSeries(folds.businessLines, 'minutes', nowMs, currency),
    settling: range.resolution === 'seconds' ? SETTLING_SECONDS : 1,
    now: { transactions: meanRate(seconds, 'transactions'), volume: meanRate(seconds, 'volume') },
  };
}

function toGroups(rows: readonly KpiPoint[], dimension: 'businessLine' | 'channel'): TimedGroup[] {
  return rows.map((row) => ({
    key: row[dimension] ?? '',
    currency: row.currency,
    timeMs: Date.parse(row.time),
    transactions: row.transactions,
    volume: row.volume,
    approved: row.approved,
    declined: row.declined,
    fees: row.fees,
    costs: row.costs,
    alerts: row.alerts,
    offers: row.offers,
  }));
}

export function readStoredRange(
  answers: { readonly position: number; readonly byLine: readonly KpiPoint[]; readonly byChannel: readonly KpiPoint[] },
  range: StoredRange,
  nowMs: number,
  wantedCurrency: string | undefined,
): RangeData {
  const lines = toGroups(answers.byLine, 'businessLine');
  const currencies = listCurrencies(lines);
  const currency = chooseCurrency(currencies, wantedCurrency);
  return {
    position: answers.position,
    currencies,
    currency,
    figures: computeFigures(lines, currency),
    businessLines: computeBreakdown(lines, currency),
    channels: computeBreakdown(toGroups(answers.byChannel, 'channel'), currency),
    series: readRowSeries(lines, { ...boundsOf(range, nowMs), stepMs: range.stepMs }, currency),
    settling: 1,
  };
}
