/**
 * KPI rollups by event time: a minute table fed from transactions, alerts and offers, an hour table fed from it and a day
 * table fed from that. Sums are integers and merge exactly; money is Int128, so that no number of the largest amounts can
 * wrap. Time is computed in whole milliseconds, since the calendar functions end in 2105.
 */
import type { DdlClauses } from '../capabilities.ts';
import type { Migration } from './migration.ts';

const MEASURES = ['transactions', 'volume', 'approved', 'declined', 'fees', 'costs', 'alerts', 'offers'] as const;
const DIMENSIONS = 'business_line, channel, region, currency';
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

export const kpiRollups: Migration = {
  number: 3,
  name: 'kpi-rollups',
  statements: (ddl) => [
    rollup(ddl, 'kpi_minute'),
    rollup(ddl, 'kpi_hour'),
    rollup(ddl, 'kpi_day'),
    view(ddl, 'kpi_day_from_hour', 'kpi_day', cascade('kpi_hour', DAY_MS)),
    view(ddl, 'kpi_hour_from_minute', 'kpi_hour', cascade('kpi_minute', HOUR_MS)),
    view(
      ddl,
      'kpi_minute_from_transactions',
      'kpi_minute',
      `SELECT ${bucket('time', MINUTE_MS)} AS bucket, business_line, channel, merchant_city AS region, currency,
  count() AS transactions, sum(toInt128(amount)) AS volume, countIf(status = 'approved') AS approved,
  countIf(status = 'declined') AS declined, sum(toInt128(fee)) AS fees, sum(toInt128(cost)) AS costs
FROM transactions GROUP BY bucket, business_line, channel, region, currency`,
    ),
    view(ddl, 'kpi_minute_from_alerts', 'kpi_minute', counted('alerts')),
    view(ddl, 'kpi_minute_from_offers', 'kpi_minute', counted('offers')),
  ],
};

function bucket(column: string, widthMs: number): string {
  const ms = `toUnixTimestamp64Milli(${column})`;
  return `fromUnixTimestamp64Milli(${ms} - positiveModulo(${ms}, ${widthMs}), 'UTC')`;
}

function rollup(ddl: DdlClauses, name: string): string {
  return `CREATE TABLE IF NOT EXISTS ${name}${ddl.onCluster} (
  bucket DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  business_line LowCardinality(String),
  channel LowCardinality(String),
  region LowCardinality(String),
  currency LowCardinality(String),
  transactions UInt64 CODEC(ZSTD(1)),
  volume Int128 CODEC(ZSTD(1)),
  approved UInt64 CODEC(ZSTD(1)),
  declined UInt64 CODEC(ZSTD(1)),
  fees Int128 CODEC(ZSTD(1)),
  costs Int128 CODEC(ZSTD(1)),
  alerts UInt64 CODEC(ZSTD(1)),
  offers UInt64 CODEC(ZSTD(1))
) ENGINE = ${ddl.engine('SummingMergeTree', `(${MEASURES.join(', ')})`)}
ORDER BY (bucket, ${DIMENSIONS})
SETTINGS ${ddl.deduplicationWindow(10_000)}`;
}

function view(ddl: DdlClauses, name: string, target: string, select: string): string {
  return `CREATE MATERIALIZED VIEW IF NOT EXISTS ${name}${ddl.onCluster} TO ${target} AS ${select}`;
}

function cascade(from: string, widthMs: number): string {
  const sums = MEASURES.map((name) => `sum(${from}.${name}) AS ${name}`).join(', ');
  return `SELECT ${bucket(`${from}.bucket`, widthMs)} AS bucket, ${DIMENSIONS}, ${sums}
FROM ${from} GROUP BY bucket, ${DIMENSIONS}`;
}

function counted(table: 'alerts' | 'offers'): string {
  return `SELECT ${bucket('time', MINUTE_MS)} AS bucket, ${DIMENSIONS}, count() AS ${table}
FROM ${table} GROUP BY bucket, ${DIMENSIONS}`;
}
