/** KPIs by brute force from the events themselves: slow, obvious, and of one piece with no query of the store. */
import type { EventOf } from '../../../core/events/event.ts';
import type { KpiDimension } from '../../../storage/queries/kpi-dimensions.ts';
import { type KpiStep, STEP_MS } from '../../../storage/queries/kpi-segments.ts';
import type { KpiRow } from '../../../storage/queries/query-kpis.ts';
import type { KpiWorld } from './kpi-world.ts';

const keyOfTransaction = (event: EventOf<'transaction'>, by: KpiDimension | undefined): string => {
  const { data } = event;
  if (by === undefined) return '';
  const keys: Record<KpiDimension, string> = {
    businessLine: String(data.businessLine ?? ''),
    channel: String(data.channel ?? ''),
    region: data.merchant?.city ?? '',
    currency: data.currency,
    kind: String(data.kind ?? ''),
    department: data.department ?? '',
    merchant: data.merchant?.id ?? '',
    customer: event.subject,
  };
  return keys[by];
};

/** The same figures, counted one by one in JavaScript. */
export function countByHand(
  world: KpiWorld,
  q: { fromMs: number; toMs: number; step: KpiStep; by?: KpiDimension; where?: Partial<Record<KpiDimension, string>> },
): KpiRow[] {
  const cells = new Map<string, { row: Record<string, unknown>; customers: Set<string> }>();
  const width = STEP_MS[q.step];
  const cell = (timeMs: number, key: string, currency: string) => {
    const start = width === undefined ? q.fromMs : Math.floor(timeMs / width) * width;
    const name = JSON.stringify([start, key, currency]);
    const found = cells.get(name) ?? {
      row: {
        timeMs: start,
        key,
        currency,
        transactions: 0,
        volume: 0,
        approved: 0,
        declined: 0,
        fees: 0,
        costs: 0,
        alerts: 0,
        offers: 0,
      },
      customers: new Set<string>(),
    };
    cells.set(name, found);
    return found;
  };
  const add = (row: Record<string, unknown>, name: string, by: number) => {
    row[name] = Number(row[name]) + by;
  };
  const within = (timeMs: number, keyOf: (by: KpiDimension) => string) =>
    timeMs >= q.fromMs &&
    timeMs < q.toMs &&
    Object.entries(q.where ?? {}).every(([by, value]) => keyOf(by as KpiDimension) === value);
  for (const event of world.transactions) {
    if (!within(event.timeMs, (by) => keyOfTransaction(event, by))) continue;
    const { row, customers } = cell(event.timeMs, keyOfTransaction(event, q.by), event.data.currency);
    add(row, 'transactions', 1);
    add(row, 'volume', event.data.amount);
    add(row, 'approved', event.data.status === 'approved' ? 1 : 0);
    add(row, 'declined', event.data.status === 'declined' ? 1 : 0);
    add(row, 'fees', event.data.fee ?? 0);
    add(row, 'costs', event.data.cost ?? 0);
    customers.add(event.subject);
  }
  for (const alert of world.alerts) {
    const keys: Record<KpiDimension, string> = { ...alert, kind: alert.kind_, merchant: alert.merchantId };
    if (!within(alert.timeMs, (by) => keys[by])) continue;
    add(cell(alert.timeMs, q.by === undefined ? '' : keys[q.by], alert.currency).row, 'alerts', 1);
  }
  for (const offer of world.offers) {
    const keys: Record<KpiDimension, string> = { ...offer, kind: '', department: '', merchant: '' };
    if (!within(offer.timeMs, (by) => keys[by])) continue;
    add(cell(offer.timeMs, q.by === undefined ? '' : keys[q.by], offer.currency).row, 'offers', 1);
  }
  const rows = [...cells.values()].map(
    ({ row, customers }) => ({ ...row, customers: customers.size }) as unknown as KpiRow,
  );
  return sortKpiRows(rows);
}

export const sortKpiRows = (rows: readonly KpiRow[]): KpiRow[] =>
  [...rows].sort((a, b) => {
    const [x, y] = [a, b].map((row) =>
      JSON.stringify([String(row.timeMs).padStart(16, '0'), row.key, row.currency]),
    ) as [string, string];
    return x < y ? -1 : x > y ? 1 : 0;
  });
