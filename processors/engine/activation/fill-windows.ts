/**
 * Puts a part of history into windows that are being filled, in front of what came since. A key's newest events come with
 * its first piece: what has come since and lies behind them by more than the allowed lateness would not have entered, and
 * leaves. Then the ring is what it would be had it been there all along. One exception is known: where an identifier that
 * has such events is linked between the beginning of the filling and the piece with its key, what is judged is judged by
 * the events of both.
 */
import type { FillEntry, FilledCell } from '../../../core/codec/entry.ts';
import { WeirError } from '../../../core/errors.ts';
import type { EngineState } from '../engine-state.ts';
import { COMMIT_WORDS_MAX, ENTITY_TEXT_UNITS_MAX } from '../limits.ts';
import { EVENT_NUMBERS, insertMerged } from '../windows/merge-events.ts';
import type { Series } from '../windows/series.ts';
import { NO_CELL } from '../windows/window-cells.ts';
import { keepMsOf } from './follow-event.ts';
import type { Warming } from './warming.ts';

/** Numbers that a part may hold: a frame of the log holds fewer. */
const NUMBERS_MAX = 1_000_000;

/** Throws, with nothing changed, where the part is not sound or there is no room for it. */
export function fillWindows(state: EngineState, warming: Warming, entry: FillEntry): void {
  const parts = read(warming, entry);
  let keys = 0;
  let cells = 0;
  for (const { cell } of parts) {
    keys += cell.keys.length;
    cells++;
  }
  state.slab.assertRoom(COMMIT_WORDS_MAX);
  state.entities.assertRoom(keys);
  state.windows.cells.assertRoom(cells);
  for (const { series, cell, events } of parts) fillCell(state, warming, series, cell.keys, events);
  warming.took(entry, state.clockMs);
}

interface Piece {
  readonly series: Series;
  readonly cell: FilledCell;
  /** Time, value and second value of each event. */
  readonly events: readonly number[];
}

function read(warming: Warming, { windows, history }: FillEntry): Piece[] {
  if (!Array.isArray(windows)) throw invalid('it holds no list of windows');
  if (history !== undefined && !(Number.isSafeInteger(history.position) && Number.isFinite(history.timeMs)))
    throw invalid('it does not say where its history begins');
  const pieces: Piece[] = [];
  let numbers = 0;
  for (const { series: signature, cells } of windows as FillEntry['windows']) {
    const series = warming.bySignature.get(signature);
    // A window that the live rule set has as well.
    if (series === undefined) continue;
    for (const cell of cells) {
      const events = eventsOf(series, cell);
      numbers += events.length;
      if (numbers > NUMBERS_MAX) throw invalid(`it holds more than ${NUMBERS_MAX} numbers`);
      pieces.push({ series, cell, events });
    }
  }
  return pieces;
}

function eventsOf({ over, columns, signature }: Series, { keys, times, values, values2 }: FilledCell): number[] {
  const isKey = (key: unknown) => typeof key === 'string' && key !== '' && key.length <= ENTITY_TEXT_UNITS_MAX;
  if (keys.length !== over.length || !keys.every(isKey)) throw invalid(`a key of ${signature} is none`);
  if (times.length === 0) throw invalid(`a key of ${signature} has no events`);
  const column = (numbers: readonly number[] | undefined, at: number): readonly number[] | undefined => {
    if (columns <= at) return undefined;
    if (numbers?.length !== times.length || !numbers.every(Number.isFinite))
      throw invalid(`a key of ${signature} has not ${times.length} values`);
    return numbers;
  };
  const first = column(values, 1);
  const second = column(values2, 2);
  const events: number[] = [];
  let timeMs = 0;
  for (let i = 0; i < times.length; i++) {
    const later = times[i] as number;
    if (!Number.isFinite(later) || (i > 0 && later < 0)) throw invalid(`a key of ${signature} has no times in order`);
    timeMs += later;
    events.push(timeMs, first?.[i] ?? 0, second?.[i] ?? 0);
  }
  return events;
}

function fillCell(
  state: EngineState,
  { settings }: Warming,
  series: Series,
  keys: readonly string[],
  events: readonly number[],
): void {
  const { windows, clockMs } = state;
  const [a, b, c] = [
    entityOf(state, series, keys, 0),
    entityOf(state, series, keys, 1),
    entityOf(state, series, keys, 2),
  ];
  const known = windows.cells.find(series.id, a, b, c);
  const since: number[] = [];
  let isFilled = false;
  if (known !== NO_CELL) {
    isFilled = windows.cells.isFilled(known);
    windows.drain(known, series, since);
  }
  const newestMs = events.at(-EVENT_NUMBERS) as number;
  const kept = isFilled ? since : onTime(since, newestMs - settings.allowedLatenessMs);
  const cell = windows.cells.findOrAdd(series.id, series.columns, a, b, c);
  insertMerged(windows, cell, series, events, kept, keepMsOf(series, settings), settings.historyEventsMax, clockMs);
  windows.cells.markFilled(cell);
}

function onTime(events: readonly number[], fromMs: number): readonly number[] {
  if (events.length === 0 || (events[0] as number) >= fromMs) return events;
  let first = 0;
  while (first < events.length && (events[first] as number) < fromMs) first += EVENT_NUMBERS;
  return events.slice(first);
}

/** Identifiers may have been linked since. */
function entityOf(state: EngineState, { over }: Series, keys: readonly string[], k: number): number {
  const key = over[k];
  if (key === undefined) return 0;
  const entity = state.entities.intern(keys[k] as string);
  return key === 'customer' || key === 'counterparty' ? state.identity.rootEntity(entity) : entity;
}

function invalid(why: string): WeirError {
  return new WeirError('rule.invalid', `a part that fills windows is not sound: ${why}`);
}
