/**
 * Figures by event time for any range [from, to), exact to the millisecond: whole minutes, hours and days from the rollups,
 * the ragged ends and what rollups do not know from rows. All of one answer holds for one position.
 */
import { WeirError } from '../../core/errors.ts';
import type { Store } from '../open-store.ts';
import { type Row, readNumber, readText } from '../row.ts';
import { DIMENSION_COLUMNS, type KpiDimension } from './kpi-dimensions.ts';
import {
  type KpiMeasures,
  MEASURE_NAMES,
  MEASURE_SUMS,
  RAW_MEASURES,
  RAW_TABLES,
  readMeasures,
} from './kpi-measures.ts';
import { cutSegments, type KpiSegment, type KpiStep, STEP_MS } from './kpi-segments.ts';
import { readSettled } from './read-settled.ts';
import type { SinkPosition } from './sink-position.ts';

const KPI_ROWS_MAX = 100_000;

export interface KpiQuery {
  /** Half-open range of event time, milliseconds since the epoch. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly step: KpiStep;
  readonly by?: KpiDimension;
  /** Only what has these values. */
  readonly where?: { readonly [D in KpiDimension]?: string };
  /** Exact distinct customers cost a pass over the rows of the range; `false` leaves the figure 0. */
  readonly customers?: boolean;
}

export interface KpiRow extends KpiMeasures {
  /** Start of the bucket, milliseconds since the epoch; the start of the range for `total`. */
  readonly timeMs: number;
  /** Value of the `by` dimension, `''` without one. */
  readonly key: string;
  readonly currency: string;
  /** Distinct customers with a transaction. */
  readonly customers: number;
}

export interface KpiAnswer {
  /** By time, key and currency; buckets in which nothing happened are absent. */
  readonly rows: readonly KpiRow[];
  /** Sequence in EVENTS that the figures hold for. */
  readonly position: number;
  /** The same in OUTCOMES. */
  readonly outcomeSeq: number;
  readonly fromRollups: boolean;
}

/** Throws a `WeirError` `request.invalid` for a range that is no range. */
export async function queryKpis(store: Store, query: KpiQuery): Promise<KpiAnswer> {
  const { fromMs, toMs } = query;
  if (!Number.isSafeInteger(fromMs) || !Number.isSafeInteger(toMs) || fromMs > toMs) {
    throw new WeirError('request.invalid', `${fromMs} to ${toMs} is no range of times`);
  }
  const raw: KpiSegment[] = fromMs === toMs ? [] : [{ source: 'rows', fromMs, toMs }];
  const segments = onlyRollupDimensions(query) ? cutSegments(fromMs, toMs, query.step) : raw;
  const { value, position, fromRollups } = await readSettled(
    store,
    (at) => readFigures(store, query, segments, at),
    (at) => readFigures(store, query, raw, at),
  );
  return { rows: value, position: position.inputSeq, outcomeSeq: position.outcomeSeq, fromRollups };
}

function onlyRollupDimensions(query: KpiQuery): boolean {
  const named = [...(query.by === undefined ? [] : [query.by]), ...filtersOf(query).map(([dimension]) => dimension)];
  return named.every((dimension) => DIMENSION_COLUMNS[dimension].rollup !== undefined);
}

async function readFigures(
  store: Store,
  query: KpiQuery,
  segments: readonly KpiSegment[],
  at: SinkPosition,
): Promise<KpiRow[]> {
  if (segments.length === 0) return [];
  const params = { ...filterParams(query), upTo: at.outcomeSeq, base: query.fromMs };
  const parts = segments.flatMap((segment) => selectSegment(query, segment));
  const figures = store.query(
    'kpis',
    `SELECT ${bucket(query.step)} AS time_ms, k, c, ${MEASURE_SUMS}
FROM (${parts.join('\nUNION ALL ')})
GROUP BY time_ms, k, c ORDER BY time_ms, k, c`,
    params,
    { rowsMax: KPI_ROWS_MAX },
  );
  const customers =
    query.customers === false
      ? []
      : store.query(
          'kpi-customers',
          `SELECT ${bucket(query.step)} AS time_ms, k, c, uniqExact(customer) AS customers
FROM (SELECT toUnixTimestamp64Milli(time) AS t, ${keyOf(query, 'transactions')} AS k, currency AS c, customer
 FROM transactions WHERE ${rawCondition(query, 'transactions', query.fromMs, query.toMs)})
GROUP BY time_ms, k, c`,
          params,
          { rowsMax: KPI_ROWS_MAX },
        );
  const [figureRows, customerRows] = await Promise.all([figures, customers]);
  const distinct = new Map(customerRows.map((row) => [cellName(row), readNumber(row, 'customers')]));
  return figureRows.map((row) => ({
    timeMs: readNumber(row, 'time_ms'),
    key: readText(row, 'k'),
    currency: readText(row, 'c'),
    ...readMeasures(row),
    customers: distinct.get(cellName(row)) ?? 0,
  }));
}

function cellName(row: Row): string {
  return `${readNumber(row, 'time_ms')} ${readText(row, 'c')} ${readText(row, 'k')}`;
}

/** SELECTs with columns t (milliseconds), k, c and the measures. */
function selectSegment(query: KpiQuery, { source, fromMs, toMs }: KpiSegment): string[] {
  if (source !== 'rows') {
    const key = query.by === undefined ? "''" : (DIMENSION_COLUMNS[query.by].rollup ?? "''");
    const conditions = [
      between('bucket', fromMs, toMs),
      ...filtersOf(query).map(([dimension]) => `${DIMENSION_COLUMNS[dimension].rollup} = {${dimension}:String}`),
    ];
    return [
      `SELECT toUnixTimestamp64Milli(bucket) AS t, toString(${key}) AS k, toString(currency) AS c, ${MEASURE_NAMES.join(', ')}
FROM ${source} WHERE ${conditions.join(' AND ')}`,
    ];
  }
  return RAW_TABLES.map(
    (
      table,
    ) => `SELECT toUnixTimestamp64Milli(time) AS t, toString(${keyOf(query, table)}) AS k, toString(currency) AS c,
 ${RAW_MEASURES[table]}
FROM ${table} WHERE ${rawCondition(query, table, fromMs, toMs)}`,
  );
}

function keyOf(query: KpiQuery, table: (typeof RAW_TABLES)[number]): string {
  return query.by === undefined ? "''" : DIMENSION_COLUMNS[query.by].raw[table];
}

function rawCondition(query: KpiQuery, table: (typeof RAW_TABLES)[number], fromMs: number, toMs: number): string {
  return [
    between('time', fromMs, toMs),
    'outcome_seq <= {upTo:UInt64}',
    ...filtersOf(query).map(([dimension]) => `${DIMENSION_COLUMNS[dimension].raw[table]} = {${dimension}:String}`),
  ].join(' AND ');
}

/** The bounds are checked integers; written out, since each segment has its own. */
function between(column: string, fromMs: number, toMs: number): string {
  return `${column} >= fromUnixTimestamp64Milli(${fromMs}, 'UTC') AND ${column} < fromUnixTimestamp64Milli(${toMs}, 'UTC')`;
}

function bucket(step: KpiStep): string {
  const widthMs = STEP_MS[step];
  return widthMs === undefined ? '{base:Int64}' : `t - positiveModulo(t, ${widthMs})`;
}

function filtersOf(query: KpiQuery): [KpiDimension, string][] {
  return Object.entries(query.where ?? {}).filter((entry): entry is [KpiDimension, string] => entry[1] !== undefined);
}

function filterParams(query: KpiQuery): Record<string, string> {
  return Object.fromEntries(filtersOf(query));
}
