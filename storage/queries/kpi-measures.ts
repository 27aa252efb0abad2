/** What KPIs count, how they are written in SQL and read from a row. */
import { type Row, readNumber } from '../row.ts';

/** Money in minor units, exact up to 2^53. */
export interface KpiMeasures {
  readonly transactions: number;
  readonly volume: number;
  readonly approved: number;
  readonly declined: number;
  readonly fees: number;
  readonly costs: number;
  readonly alerts: number;
  readonly offers: number;
}

export const MEASURE_NAMES = [
  'transactions',
  'volume',
  'approved',
  'declined',
  'fees',
  'costs',
  'alerts',
  'offers',
] as const satisfies readonly (keyof KpiMeasures)[];

export const MEASURE_SUMS = MEASURE_NAMES.map((name) => `sum(${name}) AS ${name}_`).join(', ');

/** Reads what `MEASURE_SUMS` selected. */
export function readMeasures(row: Row): KpiMeasures {
  return {
    transactions: readNumber(row, 'transactions_'),
    volume: readNumber(row, 'volume_'),
    approved: readNumber(row, 'approved_'),
    declined: readNumber(row, 'declined_'),
    fees: readNumber(row, 'fees_'),
    costs: readNumber(row, 'costs_'),
    alerts: readNumber(row, 'alerts_'),
    offers: readNumber(row, 'offers_'),
  };
}

export type RawTable = 'transactions' | 'alerts' | 'offers';

/** The same measures of one row of a raw table. */
export const RAW_MEASURES: { readonly [T in RawTable]: string } = {
  transactions: `toUInt64(1) AS transactions, toInt128(amount) AS volume, toUInt64(status = 'approved') AS approved,
 toUInt64(status = 'declined') AS declined, toInt128(fee) AS fees, toInt128(cost) AS costs,
 toUInt64(0) AS alerts, toUInt64(0) AS offers`,
  alerts: `toUInt64(0) AS transactions, toInt128(0) AS volume, toUInt64(0) AS approved, toUInt64(0) AS declined,
 toInt128(0) AS fees, toInt128(0) AS costs, toUInt64(1) AS alerts, toUInt64(0) AS offers`,
  offers: `toUInt64(0) AS transactions, toInt128(0) AS volume, toUInt64(0) AS approved, toUInt64(0) AS declined,
 toInt128(0) AS fees, toInt128(0) AS costs, toUInt64(0) AS alerts, toUInt64(1) AS offers`,
};

export const RAW_TABLES: readonly RawTable[] = ['transactions', 'alerts', 'offers'];
