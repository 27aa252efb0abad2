/** An event's entry into windows that are being filled: what judging and committing do for the live ones, in one. */
import type { WeirEvent } from '../../../core/events/event.ts';
import type { EngineState } from '../engine-state.ts';
import { keyText } from '../event-keys.ts';
import { positionOf } from '../facts.ts';
import type { Judgement } from '../judgement.ts';
import type { Series } from '../windows/series.ts';
import type { Warming } from './warming.ts';

/** The entities of the keys of a series. */
const found = new Uint32Array(3);

/** At most how many window keys an event may add here. */
export function cellsToFollow({ warming }: EngineState): number {
  return warming?.series.length ?? 0;
}

/** At most how many ids. */
export function idsToFollow({ warming }: EngineState): number {
  return warming === undefined ? 0 : warming.series.length * found.length;
}

/** To be called when the event is committed: its keys are interned. Nothing may fail. */
export function followEvent(state: EngineState, event: WeirEvent, j: Judgement): void {
  const { warming } = state;
  if (warming === undefined || state.position < warming.position || j.late) return;
  for (let i = 0; i < warming.series.length; i++) {
    const series = warming.series[i] as Series;
    if (series.kind === 'position') {
      const at = positionOf(event);
      if (at !== undefined && findKeys(state, series, event, j))
        enter(state, warming, series, event.timeMs, at.lat, at.lon);
    } else if (series.type === event.type && series.matches(event.data)) {
      const value = series.valueOf(event.data);
      if (value !== undefined && findKeys(state, series, event, j))
        enter(state, warming, series, event.timeMs, value, 0);
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
): void {
  const [a = 0, b = 0, c = 0] = found;
  const cell = windows.cells.findOrAdd(series.id, series.columns, a, b, c);
  // Behind what came before the filling as well: that is looked at again when it is there.
  if (timeMs < windows.newestMs(cell) - settings.allowedLatenessMs) return;
  windows.insert(cell, series, timeMs, value, value2, keepMsOf(series, settings), settings.historyEventsMax, clockMs);
}

/** How far back a ring of this series is kept, as for the live ones. */
export function keepMsOf(series: Series, { allowedLatenessMs }: Warming['settings']): number {
  return (series.kind === 'position' ? 0 : series.reachMs) + allowedLatenessMs;
}

/** What stands at paths is interned here: the live rule set may have other paths for keys. */
function findKeys(
  { entities }: EngineState,
  { over, keys, keyPaths }: Series,
  event: WeirEvent,
  j: Judgement,
): boolean {
  for (let k = 0; k < over.length; k++) {
    const read = keyPaths[k];
    const text = read === undefined ? undefined : keyText(read(event.data));
    if (read === undefined) found[k] = j.keys.entities[keys[k] as number] as number;
    else found[k] = text === undefined || text === '' ? 0 : entities.intern(text);
    if (found[k] === 0) return false;
  }
  found.fill(0, over.length);
  return true;
}
