/** What a run left in the analytics store, in a form that two runs can be compared by: counts, sums, and one digest. */
import { createHash } from 'node:crypto';
import type { WeirUnderTest } from './weir.ts';

export interface StoredOutcomes {
  readonly transactions: number;
  readonly distinctTransactions: number;
  readonly amount: string;
  readonly decisions: number;
  readonly alerts: number;
  readonly rollupTransactions: number;
  readonly rollupVolume: string;
  readonly rollupAlerts: number;
  /** Over decisions and alerts sorted by event: who, what, why. Positions are left out, two runs need not share them. */
  readonly digest: string;
}

export async function readStoredOutcomes(weir: WeirUnderTest): Promise<StoredOutcomes> {
  const [totals] = await weir.select<Omit<StoredOutcomes, 'digest' | 'decisions' | 'alerts'>>(`
    SELECT count() AS transactions, uniqExact(source, event_id) AS distinctTransactions, toString(sum(amount)) AS amount,
      (SELECT sum(transactions) FROM kpi_day) AS rollupTransactions,
      (SELECT toString(sum(volume)) FROM kpi_minute) AS rollupVolume,
      (SELECT sum(alerts) FROM kpi_hour) AS rollupAlerts
    FROM transactions`);
  if (totals === undefined) throw new Error('no totals');
  const decisions = await weir.select<object>(`
    SELECT source, event_id, customer, time, decision, score, reason_rule_ids, reason_codes, reason_messages
    FROM decisions ORDER BY source, event_id`);
  const alerts = await weir.select<object>(`
    SELECT source, event_id, alert_id, customer, time, decision, score, amount, merchant_id, reason_rule_ids
    FROM alerts ORDER BY source, event_id, alert_id`);
  const hash = createHash('sha256');
  for (const row of [...decisions, ...alerts]) hash.update(`${JSON.stringify(row)}\n`);
  return { ...totals, decisions: decisions.length, alerts: alerts.length, digest: hash.digest('hex') };
}
