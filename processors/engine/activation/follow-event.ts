/** An event's entry into windows that are being filled: what judging and committing do for the live ones, in one. */
import type { WeirEvent } from '../../../core/events/event.ts';
import type { EngineState } from '../engine-state.ts';
import { type EventKeys, KEY_INDEX } from '../event-keys.ts';
import { positionOf } from '../facts.ts';
import type { Judgement } from '../judgement.ts';
import type { Series } from '../windows/series.ts';
import type { Warming } from './warming.ts';

/** At most how many window keys an event may add here. */
export function cellsToFollow({ warming }: EngineState): number {
  return warming?.series.length ?? 0;
}

/** To be called when the event is committed: its keys are interned. Nothing may fail. */
export function followEvent(state: EngineState, event: WeirEvent, j: Judgement): void {
  const { warming } = state;
  if (warming === undefined || state.position < warming.position || j.late) return;
  for (let i = 0; i < warming.series.length; i++) {
    const series = warming.series[i] as Series;
    if (series.kind === 'position') {
      const at = positionOf(event);
      if (at !== undefined) enter(state, warming, series, event.timeMs, at.lat, at.lon, j.keys);
    } else if (series.type === event.type && hasKeys(series, j.keys) && series.matches(event.data)) {
      const value = series.valueOf(event.data);
      if (value !== undefined) enter(state, warming, series, event.timeMs, value, 0, j.keys);
    }
  }
}

function enter(
  { windows, clockMs }: EngineState,
  { settings }: Warming,
  series: Series,
  timeMs: number,
  value: number,
  value2: number,
  keys: EventKeys,
): void {
  const cell = windows.cells.findOrAdd(
    series.id,
    series.columns,
    entityAt(series, keys, 0),
    entityAt(series, keys, 1),
    entityAt(series, keys, 2),
  );
  // Behind what came before the filling as well: that is looked at again when it is there.
  if (timeMs < windows.newestMs(cell) - settings.allowedLatenessMs) return;
  windows.insert(cell, series, timeMs, value, value2, keepMsOf(series, settings), settings.historyEventsMax, clockMs);
}

/** How far back a ring of this series is kept, as for the live ones. */
export function keepMsOf(series: Series, { allowedLatenessMs }: Warming['settings']): number {
  return (series.kind === 'position' ? 0 : series.reachMs) + allowedLatenessMs;
}

function hasKeys({ over }: Series, keys: EventKeys): boolean {
  for (let k = 0; k < over.length; k++) if (!keys.has(KEY_INDEX[over[k] as keyof typeof KEY_INDEX])) return false;
  return true;
}

function entityAt({ over }: Series, keys: EventKeys, k: number): number {
  const key = over[k];
  return key === undefined ? 0 : (keys.entities[KEY_INDEX[key]] as number);
}
