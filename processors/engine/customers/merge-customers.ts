/**
 * Merges what was recorded under an identifier into the customer that it is linked to, at the moment of the link: from
 * then on everything is as if the identifier had been the customer's from the start. Moved are its history (so that
 * duplicates are recognised under either name), counts, devices, issuers, bills, offers and profile, and the events of all windows
 * and sequences that have the identifier for a customer or counterparty.
 *
 * Costs the events that either has in the histories and windows concerned, each bounded by `historyEventsMax`. Which
 * other keys stand beside the customer in a pair is known from its history. Of a pair in which the identifier was
 * the counterparty of others, or in which a path is a key, nothing is known here: such cells are left to age.
 */
import type { EngineSettings } from '../../../core/codec/entry.ts';
import type { EngineState } from '../engine-state.ts';
import { CUSTOMER, KEY_INDEX } from '../event-keys.ts';
import { EVENT_NUMBERS, insertMerged } from '../windows/merge-events.ts';
import type { Series } from '../windows/series.ts';
import { NO_CELL } from '../windows/window-cells.ts';
import { mergeDetails } from './customer-details.ts';
import { LINK_KEYS } from './history-events.ts';

const COUNTERPARTY = KEY_INDEX.counterparty;
/** Fewer events than this are put into the customer's ring one by one, however long it is. */
const FEW_EVENTS = 16;

type CellKey = readonly [number, number, number];

/** The keys of one transaction by `KEY_INDEX`, as they were and as they are from now on. */
interface MovedKeys {
  readonly before: readonly number[];
  readonly after: readonly number[];
}

/** Links an identifier; what it had of its own becomes the customer's. Nothing may fail: see `cellsToMerge`. */
export function linkIdentifier(state: EngineState, identifier: string, customer: string): void {
  const from = state.identity.link(identifier, customer);
  if (from === 0) return;
  const to = state.entities.find(customer);
  const row = state.entities.customerOf(from);
  const moved = movedKeys(state, row, from, to);
  for (const series of state.rules.plan.series) moveSeries(state, series, moved);
  for (const series of state.warming?.series ?? []) moveSeries(state, series, moved);
  moveSequences(state, moved);
  if (row === 0) return;
  mergeRows(state, row, state.entities.customerOf(to));
  state.entities.setCustomer(from, 0);
  state.counters.customersMerged++;
}

/** At most how many window keys linking these identifiers may add. */
export function cellsToMerge(state: EngineState, identifiers: readonly string[]): number {
  let keys = 0;
  for (const identifier of identifiers) {
    const row = state.entities.customerOf(state.entities.find(identifier));
    keys += 1 + (row === 0 ? 0 : state.customers.historyLength(row));
  }
  const series = state.rules.plan.series.length + (state.warming?.series.length ?? 0);
  return keys * Math.max(series, state.sequences.patterns.length);
}

function mergeRows(state: EngineState, from: number, to: number): void {
  const { customers, details, history, rules } = state;
  customers.absorb(from, to);
  history.merge(from, to, rules.settings.historyMs, rules.settings.historyEventsMax);
  if (customers.detailsBase(from) !== 0) {
    details.set(to, mergeDetails(details.get(to), details.get(from)));
    details.clear(from);
  }
  customers.remove(from);
}

/** Every combination of keys under which the identifier's events were stored. */
function movedKeys(state: EngineState, row: number, from: number, to: number): MovedKeys[] {
  const { history, customers } = state;
  const found = new Map<string, MovedKeys>();
  const add = (before: readonly number[]): void => {
    const name = before.join();
    if (found.has(name)) return;
    const after = before.map((entity, key) =>
      (key === CUSTOMER || key === COUNTERPARTY) && entity === from ? to : entity,
    );
    found.set(name, { before, after });
  };
  const none: readonly number[] = new Array<number>(LINK_KEYS).fill(0);
  add([from, ...none]);
  add([0, ...none.slice(1), from]);
  const length = row === 0 ? 0 : customers.historyLength(row);
  for (let i = 0; i < length; i++) {
    const transaction = history.transactionAt(row, i);
    if (transaction !== 0) add([from, ...none.map((_, key) => history.keyOf(transaction, key))]);
  }
  return [...found.values()];
}

function moveSeries(state: EngineState, series: Series, moved: readonly MovedKeys[]): void {
  const { windows, rules } = state;
  for (const { before, after } of moved) {
    const [old, next] = [keyOf(series.keys, before), keyOf(series.keys, after)];
    if (old === undefined || next === undefined || old.join() === next.join()) continue;
    const from = windows.cells.find(series.id, old[0], old[1], old[2]);
    if (from !== NO_CELL) mergeCells(state, series, from, next, rules.settings);
  }
}

function mergeCells(
  state: EngineState,
  series: Series,
  from: number,
  [a, b, c]: CellKey,
  { allowedLatenessMs, historyEventsMax }: EngineSettings,
): void {
  const { windows, clockMs } = state;
  const { cells } = windows;
  const moved: number[] = [];
  const kept: number[] = [];
  const known = cells.find(series.id, a, b, c);
  const isFilled = cells.isFilled(from) || (known !== NO_CELL && cells.isFilled(known));
  windows.drain(from, series, moved);
  if (known !== NO_CELL && moved.length > FEW_EVENTS * EVENT_NUMBERS) windows.drain(known, series, kept);
  const to = cells.findOrAdd(series.id, series.columns, a, b, c);
  const keepMs = (series.kind === 'position' ? 0 : series.reachMs) + allowedLatenessMs;
  insertMerged(windows, to, series, kept, moved, keepMs, historyEventsMax, clockMs);
  if (isFilled) cells.markFilled(to);
}

function moveSequences(state: EngineState, moved: readonly MovedKeys[]): void {
  const { sequences, rules } = state;
  const { allowedLatenessMs, historyEventsMax } = rules.settings;
  for (const pattern of sequences.patterns) {
    const over = pattern.params.over.map((key) => KEY_INDEX[key]);
    for (const { before, after } of moved) {
      const [old, next] = [keyOf(over, before), keyOf(over, after)];
      if (old === undefined || next === undefined || old.join() === next.join()) continue;
      const from = sequences.store.find(pattern.id, old[0], old[1], old[2]);
      if (from === 0) continue;
      const to = sequences.store.findOrAdd(pattern, next[0], next[1], next[2]);
      const keepMs = pattern.params.withinMs + allowedLatenessMs;
      sequences.store.merge(pattern, from, to, keepMs, historyEventsMax, state.clockMs);
    }
  }
}

/** The key of a series among those of a transaction; undefined where one of them is missing, or has no name. */
function keyOf(over: readonly number[], entities: readonly number[]): CellKey | undefined {
  const at = (i: number): number => (over[i] === undefined ? 0 : (entities[over[i]] ?? 0));
  for (let i = 0; i < over.length; i++) if (at(i) === 0) return undefined;
  return [at(0), at(1), at(2)];
}
