/** What KPIs group and filter by, and where each table keeps it. Rollups know four dimensions; rows know all. */
import type { RawTable } from './kpi-measures.ts';

export const KPI_DIMENSIONS = [
  'businessLine',
  'channel',
  'region',
  'currency',
  'kind',
  'department',
  'merchant',
  'customer',
] as const;
export type KpiDimension = (typeof KPI_DIMENSIONS)[number];

interface DimensionColumns {
  /** Absent: only rows can answer. */
  readonly rollup?: string;
  readonly raw: { readonly [T in RawTable]: string };
}

/** An offer follows from a place, a bill or a movement: it has no kind, department or merchant. */
const NONE = "''";
const same = (column: string) => ({ transactions: column, alerts: column, offers: column });

export const DIMENSION_COLUMNS: { readonly [D in KpiDimension]: DimensionColumns } = {
  businessLine: { rollup: 'business_line', raw: same('business_line') },
  channel: { rollup: 'channel', raw: same('channel') },
  region: { rollup: 'region', raw: { transactions: 'merchant_city', alerts: 'region', offers: 'region' } },
  currency: { rollup: 'currency', raw: same('currency') },
  kind: { raw: { transactions: 'kind', alerts: 'kind', offers: NONE } },
  department: { raw: { transactions: 'department', alerts: 'department', offers: NONE } },
  merchant: { raw: { transactions: 'merchant_id', alerts: 'merchant_id', offers: NONE } },
  customer: { raw: same('customer') },
};
