/**
 * What was promised against what is there. The log is the truth: a fresh engine reads it undisturbed and says what OUTCOMES
 * must hold; from OUTCOMES follow the rows, the rollups and what each socket was shown.
 */
import { decodeEntry } from '../../core/codec/entry.ts';
import { splitFrame } from '../../core/codec/frame.ts';
import type { Outcome } from '../../core/outcomes/outcome.ts';
import { decodeOutcomeFrame } from '../../core/outcomes/outcome-codec.ts';
import type { StreamConnection } from '../../stream/connection.ts';
import { compareLogs } from '../log/compare-logs.ts';
import type { Traffic } from './traffic.ts';

export interface Verdict {
  readonly lost: number;
  readonly duplicated: number;
  readonly digestEqual: boolean;
  readonly events: number;
  readonly offersShown: number;
  /** The first few of what is wrong, in words. */
  readonly problems: readonly string[];
}

/** Asks the store: a SELECT, its rows. */
export type Select = <T>(query: string) => Promise<T[]>;

const PROBLEMS_MAX = 20;

interface Tally {
  /** Times that an event counts, by `source/id`. */
  readonly counted: Map<string, number>;
  /** Outcomes by the table that holds them. */
  readonly rows: Map<string, number>;
  /** Cursors of offers and withdrawals by customer, in log order. */
  readonly offers: Map<string, string[]>;
}

export async function checkAfterFaults(
  connection: StreamConnection,
  select: Select,
  traffic: Traffic,
): Promise<Verdict> {
  const problems: string[] = [];
  let lost = 0;
  let duplicated = 0;
  const miss = (what: string, count = 1): void => {
    lost += count;
    if (problems.length < PROBLEMS_MAX) problems.push(what);
  };
  const repeat = (what: string, count = 1): void => {
    duplicated += count;
    if (problems.length < PROBLEMS_MAX) problems.push(what);
  };

  const logged = new Set<string>();
  const tally: Tally = { counted: new Map(), rows: new Map(), offers: new Map() };
  const { digestEqual, problem } = await compareLogs(connection, {
    onEvents(frame) {
      for (const item of splitFrame(frame)) {
        const entry = decodeEntry(item);
        if (entry.kind === 'event') logged.add(`${entry.event.source}/${entry.event.id}`);
      }
    },
    onOutcomes(seq, frame) {
      for (const [item, outcome] of decodeOutcomeFrame(frame).outcomes.entries())
        count(tally, outcome, `${seq}.${item}`);
    },
  });
  if (problem !== undefined) problems.push(problem);

  for (const id of traffic.acknowledged) {
    if (!logged.has(id)) miss(`event ${id} was acknowledged and is not in the log`);
    else if (!tally.counted.has(id)) miss(`event ${id} was acknowledged and does not count`);
  }
  for (const [id, times] of tally.counted) if (times > 1) repeat(`event ${id} counts ${times} times`, times - 1);
  await checkStore(select, tally, miss, repeat);
  const offersShown = checkShown(traffic, tally, miss, repeat);
  return { lost, duplicated, digestEqual, events: tally.counted.size, offersShown, problems };
}

function count(tally: Tally, outcome: Outcome, cursor: string): void {
  const table = tableOf(outcome);
  if (table !== undefined) tally.rows.set(table, (tally.rows.get(table) ?? 0) + 1);
  if (outcome.kind === 'accepted') {
    const entry = decodeEntry(outcome.entry);
    const id = entry.kind === 'event' ? `${entry.event.source}/${entry.event.id}` : '';
    tally.counted.set(id, (tally.counted.get(id) ?? 0) + 1);
  } else if (outcome.kind === 'offer' || outcome.kind === 'withdrawn') {
    const offers = tally.offers.get(outcome.customer) ?? [];
    tally.offers.set(outcome.customer, offers);
    offers.push(cursor);
  }
}

function tableOf(outcome: Outcome): string | undefined {
  switch (outcome.kind) {
    case 'accepted':
      return outcome.type === 'transaction' ? 'transactions' : outcome.type === 'location' ? 'locations' : undefined;
    case 'decision':
      return 'decisions';
    case 'alert':
      return 'alerts';
    case 'offer':
      return 'offers';
    default:
      return undefined;
  }
}

type Found = (what: string, count?: number) => void;

/** Rows of each table: as many as outcomes, none twice; rollups: the sums of the rows. */
async function checkStore(select: Select, tally: Tally, miss: Found, repeat: Found): Promise<void> {
  for (const table of ['transactions', 'locations', 'decisions', 'alerts', 'offers']) {
    const should = tally.rows.get(table) ?? 0;
    const [row] = await select<{ all: number; distinct: number }>(
      `SELECT count() AS all, uniqExact(outcome_seq, item) AS distinct FROM ${table}`,
    );
    const { all = 0, distinct = 0 } = row ?? {};
    if (all > distinct) repeat(`${table}: ${all} rows, ${distinct} distinct`, all - distinct);
    if (distinct < should) miss(`${table}: ${distinct} rows of ${should}`, should - distinct);
    if (distinct > should) repeat(`${table}: ${distinct} rows, ${should} outcomes`, distinct - should);
  }
  const [raw] = await select<{ n: number; volume: string; alerts: number; offers: number }>(
    `SELECT count() AS n, toString(sum(toInt128(amount))) AS volume, (SELECT count() FROM alerts) AS alerts,
(SELECT count() FROM offers) AS offers FROM transactions`,
  );
  for (const rollup of ['kpi_minute', 'kpi_hour', 'kpi_day']) {
    const [sums] = await select<{ n: number; volume: string; alerts: number; offers: number }>(
      `SELECT toUInt64(sum(transactions)) AS n, toString(sum(volume)) AS volume, toUInt64(sum(alerts)) AS alerts,
toUInt64(sum(offers)) AS offers FROM ${rollup}`,
    );
    if (raw === undefined || sums === undefined) throw new Error(`${rollup} cannot be read`);
    const differs = `${rollup} ${JSON.stringify(sums)} is not the sum of its rows ${JSON.stringify(raw)}`;
    if (sums.n > raw.n || sums.alerts > raw.alerts || sums.offers > raw.offers) repeat(differs);
    else if (JSON.stringify(sums) !== JSON.stringify(raw)) miss(differs);
  }
}

/** Each customer was shown what is theirs, once and in the order of the log. */
function checkShown(traffic: Traffic, tally: Tally, miss: Found, repeat: Found): number {
  let shown = 0;
  for (const [customer, seen] of traffic.shown) {
    const mine = tally.offers.get(customer) ?? [];
    let last = -1;
    for (const cursor of seen) {
      shown++;
      const at = mine.indexOf(cursor);
      if (at < 0) repeat(`${customer} was shown ${cursor}, which is not theirs`);
      else if (at <= last) repeat(`${customer} was shown ${cursor} again or out of order`);
      last = Math.max(last, at);
    }
    const had = new Set(seen);
    for (const cursor of mine) if (!had.has(cursor)) miss(`${customer} was never shown ${cursor}`);
  }
  return shown;
}
