/**
 * What was promised against what is there. The log is the truth: a fresh engine reads it undisturbed and says what OUTCOMES
 * must hold; from OUTCOMES follow the rows, the rollups and what each socket was shown.
 */
import { decodeEntry } from '../../core/codec/entry.ts';
import { splitFrame } from '../../core/codec/frame.ts';
import type { Outcome } from '../../core/outcomes/outcome.ts';
import { decodeOutcomeFrame, OUTCOMES_OFFSET } from '../../core/outcomes/outcome-codec.ts';
import { createEngine } from '../../processors/engine/engine.ts';
import type { StreamConnection } from '../../stream/connection.ts';
import { logState, readLog } from '../../stream/log/log-reader.ts';
import type { StreamName } from '../../stream/topology.ts';
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
  const engine = createEngine();
  const wanted: Buffer[] = [];
  for await (const { seq, bytes } of readAll(connection, 'EVENTS')) {
    for (const item of splitFrame(bytes)) {
      const entry = decodeEntry(item);
      if (entry.kind === 'event') logged.add(`${entry.event.source}/${entry.event.id}`);
    }
    for (const part of engine.step(seq, bytes)) wanted.push(Buffer.from(part));
  }
  const tally: Tally = { counted: new Map(), rows: new Map(), offers: new Map() };
  let frames = 0;
  let digestEqual = true;
  for await (const { seq, bytes } of readAll(connection, 'OUTCOMES')) {
    const same = wanted[frames++]?.subarray(OUTCOMES_OFFSET).equals(bytes.subarray(OUTCOMES_OFFSET)) === true;
    if (!same && digestEqual) problems.push(`OUTCOMES differs from an undisturbed run at ${seq}`);
    digestEqual &&= same;
    for (const [item, outcome] of decodeOutcomeFrame(bytes).outcomes.entries()) count(tally, outcome, `${seq}.${item}`);
  }
  if (frames !== wanted.length) {
    digestEqual = false;
    problems.push(`OUTCOMES holds ${frames} frames, an undisturbed run gives ${wanted.length}`);
  }

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

async function* readAll(connection: StreamConnection, stream: StreamName) {
  const { lastSeq } = await logState(connection, stream);
  if (lastSeq === 0) return;
  for await (const message of readLog(connection, stream, { fromSeq: 1, signal: new AbortController().signal })) {
    yield message;
    if (message.seq >= lastSeq) return;
  }
}
