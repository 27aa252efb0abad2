/**
 * Figures of the cockpit from groups of sums. Counts add up over currencies; money never does: it is read in one
 * currency at a time.
 */
import { addSums, emptySums, type KpiGroup, type KpiSums } from './kpi-fold.ts';

export interface Figures {
  readonly transactions: number;
  readonly approved: number;
  readonly declined: number;
  readonly alerts: number;
  readonly offers: number;
  /** Minor units of the chosen currency. */
  readonly volume: number;
  readonly fees: number;
  readonly costs: number;
  readonly margin: number;
  /** approved / (approved + declined); `undefined` when neither happened. */
  readonly successRate: number | undefined;
}

export interface KeyedFigures extends Figures {
  readonly key: string;
}

export function computeFigures(groups: Iterable<KpiGroup>, currency: string): Figures {
  const all: KpiSums = emptySums();
  let volume = 0;
  let fees = 0;
  let costs = 0;
  for (const group of groups) {
    addSums(all, group);
    if (group.currency !== currency) continue;
    volume += group.volume;
    fees += group.fees;
    costs += group.costs;
  }
  const settled = all.approved + all.declined;
  return {
    transactions: all.transactions,
    approved: all.approved,
    declined: all.declined,
    alerts: all.alerts,
    offers: all.offers,
    volume,
    fees,
    costs,
    margin: fees - costs,
    successRate: settled === 0 ? undefined : all.approved / settled,
  };
}

/** One row per dimension value, most transactions first; `''` is "not given". */
export function computeBreakdown(groups: readonly KpiGroup[], currency: string): KeyedFigures[] {
  const byKey = new Map<string, KpiGroup[]>();
  for (const group of groups) {
    const members = byKey.get(group.key);
    if (members === undefined) byKey.set(group.key, [group]);
    else members.push(group);
  }
  return [...byKey]
    .map(([key, members]) => ({ key, ...computeFigures(members, currency) }))
    .sort((a, b) => b.transactions - a.transactions || a.key.localeCompare(b.key));
}

/** Currencies by number of transactions, most first. An alert or offer without money has no currency. */
export function listCurrencies(groups: readonly KpiGroup[]): string[] {
  const counts = new Map<string, number>();
  for (const { currency, transactions } of groups) {
    if (currency !== '') counts.set(currency, (counts.get(currency) ?? 0) + transactions);
  }
  return [...counts].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0])).map(([currency]) => currency);
}
