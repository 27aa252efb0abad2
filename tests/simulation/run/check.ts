/**
 * What must hold when a healed world has come to rest. The log is the truth: a fresh engine that reads it undisturbed says
 * what OUTCOMES must hold, byte for byte, and from OUTCOMES follow rows, rollups and what people saw.
 */
import { decodeEntry } from '../../../core/codec/entry.ts';
import { splitFrame } from '../../../core/codec/frame.ts';
import { decodeQuarantineRecord } from '../../../core/codec/quarantine-record.ts';
import type { Outcome } from '../../../core/outcomes/outcome.ts';
import { decodeOutcomeFrame } from '../../../core/outcomes/outcome-codec.ts';
import type { DecisionAnswer } from '../../../ingest/decisions/decision-answer.ts';
import { createEngine, type Engine } from '../../../processors/engine/engine.ts';
import { addMeasures, dimensionsOfRow, emptyCell, type RollupCell } from '../store/simulated-tables.ts';
import { checkWindows } from './check-windows.ts';
import type { World } from './world.ts';

export interface Promises {
  /** `source/id` of events that were answered as accepted, or with a decision. */
  readonly acknowledged: Set<string>;
  /** Decisions that were answered and did not fall back. */
  readonly decided: DecisionAnswer[];
  /** Events answered as refused. */
  refused: number;
  poison: number;
}

interface Located {
  readonly seq: number;
  readonly item: number;
  readonly outcome: Outcome;
}

const TABLE_OF_TYPE = {
  transaction: 'transactions',
  location: 'locations',
  bill: 'bills',
  profile: 'profiles',
  label: 'labels',
  offer_feedback: 'offer_feedback',
  place: 'places',
} as const;
const TABLE_OF_KIND = {
  decision: 'decisions',
  alert: 'alerts',
  offer: 'offers',
  withdrawn: 'withdrawals',
  shadow: 'shadow_outcomes',
  ruleset: 'rulesets',
  ruleset_part: 'ruleset_parts',
} as const;

/** Everything that is wrong, in words; empty where all holds. */
export function checkWorld(world: World, promises: Promises, imported: readonly unknown[] | undefined): string[] {
  const problems: string[] = [];
  const { engine, located: outcomes } = checkOutcomes(world, problems);
  if (imported !== undefined) {
    const all = outcomes.map(({ outcome }) => outcome);
    const compared = (keys: number): void => {
      for (let i = 0; i < keys; i++) world.count('filled window compared');
    };
    problems.push(...checkWindows(engine, messagesOf(world, 'EVENTS'), all, imported, compared));
  }
  for (const { outcome } of outcomes) world.count(`outcome: ${outcome.kind}`);
  checkEvents(world, promises, outcomes, problems);
  checkDecisions(promises, outcomes, problems);
  checkRows(world, outcomes, problems);
  checkRollups(world, problems);
  checkQuarantine(world, promises, problems);
  checkViewers(world, outcomes, problems);
  return problems;
}

function messagesOf(world: World, stream: string) {
  return [...(world.disk.streams.get(stream)?.messages.values() ?? [])];
}

/** OUTCOMES against an undisturbed run over EVENTS. */
function checkOutcomes(world: World, problems: string[]): { engine: Engine; located: Located[] } {
  const engine = createEngine();
  const wanted: Uint8Array[] = [];
  for (const { seq, payload } of messagesOf(world, 'EVENTS'))
    for (const part of engine.step(seq, payload)) wanted.push(part.slice());
  const stored = messagesOf(world, 'OUTCOMES');
  if (stored.length !== wanted.length)
    problems.push(`OUTCOMES holds ${stored.length} frames, an undisturbed run gives ${wanted.length}`);
  const different = stored.findIndex(({ payload }, i) => Buffer.compare(payload, wanted[i] ?? new Uint8Array(0)) !== 0);
  if (different >= 0) problems.push(`OUTCOMES differs from an undisturbed run at ${stored[different]?.seq}`);
  let before = 0;
  const located: Located[] = [];
  for (const { seq, payload } of stored) {
    const { head, outcomes } = decodeOutcomeFrame(payload);
    if (head.inputSeq < before) problems.push(`outcome ${seq} answers ${head.inputSeq} after ${before}`);
    before = head.inputSeq;
    outcomes.forEach((outcome, item) => void located.push({ seq, item, outcome }));
  }
  return { engine, located };
}

function checkEvents(world: World, { acknowledged }: Promises, outcomes: readonly Located[], problems: string[]): void {
  const logged = new Set<string>();
  for (const { payload } of messagesOf(world, 'EVENTS')) {
    for (const item of splitFrame(payload)) {
      const id = idOf(item);
      if (id !== undefined) logged.add(id);
    }
  }
  const counted = new Map<string, number>();
  for (const { outcome } of outcomes) {
    if (outcome.kind !== 'accepted') continue;
    const id = idOf(outcome.entry) ?? '';
    counted.set(id, (counted.get(id) ?? 0) + 1);
  }
  for (const id of acknowledged) {
    if (!logged.has(id)) problems.push(`event ${id} was acknowledged and is not in the log`);
    if (counted.get(id) !== 1) problems.push(`event ${id} was acknowledged and counts ${counted.get(id) ?? 0} times`);
  }
  for (const [id, times] of counted) if (times !== 1) problems.push(`event ${id} counts ${times} times`);
}

/** Whoever waited was told what the log says, and the same again. */
function checkDecisions({ decided }: Promises, outcomes: readonly Located[], problems: string[]): void {
  for (const answer of decided) {
    const taken = outcomes.flatMap(({ outcome }) =>
      outcome.kind === 'decision' && outcome.eventId === answer.eventId ? [outcome] : [],
    );
    const [first] = taken;
    const told = JSON.stringify([answer.decision, answer.score, answer.reasons, answer.rulesetVersion]);
    const stored = JSON.stringify(
      first === undefined ? [] : [first.decision, first.score, first.reasons, first.rulesetVersion],
    );
    if (told !== stored) problems.push(`event ${answer.eventId} was answered with ${told}, OUTCOMES says ${stored}`);
  }
}

function idOf(bytes: Uint8Array): string | undefined {
  try {
    const entry = decodeEntry(bytes);
    return entry.kind === 'event' ? `${entry.event.source}/${entry.event.id}` : undefined;
  } catch {
    return undefined;
  }
}

function tableOf(outcome: Outcome): string | undefined {
  if (outcome.kind === 'accepted') return TABLE_OF_TYPE[outcome.type];
  const isUnstored = outcome.kind === 'kpi' || outcome.kind === 'poison' || outcome.kind === 'warming';
  return isUnstored ? undefined : TABLE_OF_KIND[outcome.kind];
}

/** Each outcome is one row of its table, and there is no other. */
function checkRows(world: World, outcomes: readonly Located[], problems: string[]): void {
  const wanted = new Map<string, string[]>();
  for (const { seq, item, outcome } of outcomes) {
    const table = tableOf(outcome);
    if (table !== undefined) wanted.set(table, [...(wanted.get(table) ?? []), `${seq}.${item}`]);
  }
  const tables = new Set([...wanted.keys(), ...world.tables.rows.keys()]);
  tables.delete('quarantine');
  for (const table of tables) {
    const stored = world.tables.of(table).map((row) => `${row.outcome_seq}.${row.item}`);
    const missing = difference(wanted.get(table) ?? [], stored);
    const extra = difference(stored, wanted.get(table) ?? []);
    if (missing.length > 0) problems.push(`${table} lacks ${missing.slice(0, 5).join(', ')}`);
    if (extra.length > 0) problems.push(`${table} has ${extra.slice(0, 5).join(', ')} too many`);
  }
}

/** What `a` has more of than `b`, repeats counted. */
function difference(a: readonly string[], b: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const value of b) left.set(value, (left.get(value) ?? 0) + 1);
  return a.filter((value) => {
    const count = left.get(value) ?? 0;
    left.set(value, count - 1);
    return count <= 0;
  });
}

/** Minute, hour and day rollups are the sums of the raw rows. */
function checkRollups(world: World, problems: string[]): void {
  for (const [name, cells] of world.tables.rollups) {
    const widthMs = { kpi_minute: 60_000, kpi_hour: 3_600_000, kpi_day: 86_400_000 }[name];
    const wanted = new Map<string, RollupCell>();
    for (const table of ['transactions', 'alerts', 'offers']) {
      for (const row of world.tables.of(table)) {
        const bucketMs = Math.floor(Number(row.time) / widthMs) * widthMs;
        const dimensions = dimensionsOfRow(table, row);
        const key = `${bucketMs} ${dimensions}`;
        const cell = wanted.get(key) ?? emptyCell(bucketMs, dimensions);
        wanted.set(key, cell);
        addMeasures(cell, table, row);
      }
    }
    const [is, should] = [cells, wanted].map((map) => JSON.stringify([...map].sort(([a], [b]) => (a < b ? -1 : 1))));
    if (is !== should) problems.push(`${name} is not the sum of its rows`);
  }
}

function checkQuarantine(world: World, promises: Promises, problems: string[]): void {
  const stored = messagesOf(world, 'QUARANTINE').map(({ seq, payload }) => ({
    seq,
    ...decodeQuarantineRecord(payload),
  }));
  const refused = stored.filter(({ origin }) => origin !== 'engine').length;
  // A request that was repeated because its answer got lost is kept each time.
  if (refused < promises.refused) problems.push(`QUARANTINE holds ${refused} of ${promises.refused} refused events`);
  const poison = new Set(stored.filter(({ origin }) => origin === 'engine').map(({ id }) => id)).size;
  if (poison < promises.poison) problems.push(`QUARANTINE holds ${poison} of ${promises.poison} poison entries`);
  const rows = new Set(world.tables.of('quarantine').map((row) => Number(row.seq)));
  for (const { seq } of stored) if (!rows.has(seq)) problems.push(`quarantine row ${seq} is missing in the store`);
}

/** A person saw everything that is theirs, once, in the order of the log. */
function checkViewers(world: World, outcomes: readonly Located[], problems: string[]): void {
  const feedback = new Set(outcomes.flatMap(({ outcome }) => (outcome.kind === 'withdrawn' ? [outcome.offerId] : [])));
  for (const { sub, role, received, confirmed } of world.viewers) {
    for (const offerId of confirmed)
      if (!feedback.has(offerId)) problems.push(`${sub} turned ${offerId} down and it was not withdrawn`);
    const mine = outcomes.filter(({ outcome }) =>
      role === 'analyst'
        ? outcome.kind === 'alert'
        : (outcome.kind === 'offer' || outcome.kind === 'withdrawn') && outcome.customer === sub,
    );
    const withdrawn = new Set(mine.flatMap(({ outcome }) => (outcome.kind === 'withdrawn' ? [outcome.offerId] : [])));
    const seen = received.map(({ cursor }) => cursor);
    const order = mine.map(({ seq, item }) => `${seq}.${item}`);
    let last = -1;
    for (const cursor of seen) {
      const at = order.indexOf(cursor);
      if (at < 0) problems.push(`${sub} was shown ${cursor}, which is not theirs`);
      else if (at <= last) problems.push(`${sub} was shown ${cursor} again or out of order`);
      last = Math.max(last, at);
    }
    const had = new Set(seen);
    for (const { seq, item, outcome } of mine) {
      // An offer that was withdrawn meanwhile need not be shown any more.
      if (outcome.kind === 'offer' && withdrawn.has(outcome.offerId)) continue;
      if (!had.has(`${seq}.${item}`)) problems.push(`${sub} was never shown ${seq}.${item}`);
    }
  }
}
