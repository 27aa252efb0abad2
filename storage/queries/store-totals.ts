/**
 * How much the store holds, and a digest over what was decided: what replays, restarts and fault runs are compared by. The
 * digest ignores positions and order, and changes with any missing, added, doubled or altered row.
 */
import type { Store } from '../open-store.ts';
import { readNumber, readText } from '../row.ts';
import { sinkPosition } from './sink-position.ts';

const COUNTED = [
  'transactions',
  'locations',
  'bills',
  'profiles',
  'labels',
  'offer_feedback',
  'places',
  'decisions',
  'alerts',
  'offers',
  'withdrawals',
  'shadow_outcomes',
  'rulesets',
  'quarantine',
] as const;
/** Rows of one key replace each other there. */
const REPLACING: ReadonlySet<string> = new Set(['places', 'quarantine']);
export type CountedTable = (typeof COUNTED)[number];

export interface StoreTotals {
  readonly position: number;
  readonly settled: boolean;
  readonly rows: { readonly [T in CountedTable]: number };
  /** Sum of transaction amounts by currency, minor units. */
  readonly amounts: Readonly<Record<string, number>>;
}

export async function storeTotals(store: Store): Promise<StoreTotals> {
  const { inputSeq, settled } = await sinkPosition(store);
  const counts = await store.query(
    'totals',
    COUNTED.map(
      (table) => `SELECT '${table}' AS name, count() AS n FROM ${table}${REPLACING.has(table) ? ' FINAL' : ''}`,
    ).join(' UNION ALL '),
  );
  const sums = await store.query(
    'amounts',
    'SELECT currency, sum(toInt128(amount)) AS total FROM transactions GROUP BY currency',
  );
  const byName = new Map(counts.map((row) => [readText(row, 'name'), readNumber(row, 'n')]));
  return {
    position: inputSeq,
    settled,
    rows: Object.fromEntries(COUNTED.map((table) => [table, byName.get(table) ?? 0])) as {
      [T in CountedTable]: number;
    },
    amounts: Object.fromEntries(sums.map((row) => [readText(row, 'currency'), readNumber(row, 'total')])),
  };
}

export interface OutcomeDigest {
  readonly decisions: string;
  readonly alerts: string;
}

export async function digestOutcomes(store: Store): Promise<OutcomeDigest> {
  const hash = (columns: string) =>
    `concat(toString(count()), '-', hex(sum(sipHash64(${columns}))), '-', hex(groupBitXor(sipHash64(${columns}))))`;
  const common =
    'event_id, source, customer, time, decision, score, reason_rule_ids, reason_rule_versions, reason_codes';
  const rows = await store.query(
    'digest',
    `SELECT (SELECT ${hash(common)} FROM decisions) AS decisions,
 (SELECT ${hash(`alert_id, ${common}, amount, merchant_id`)} FROM alerts) AS alerts`,
    {},
    { timeoutMs: 120_000 },
  );
  const row = rows[0] ?? {};
  return { decisions: readText(row, 'decisions'), alerts: readText(row, 'alerts') };
}
