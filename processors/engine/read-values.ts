/** The values of parametrised facts at an event, each written to its requirement's place. Reads only. */
import type { WeirEvent } from '../../core/events/event.ts';
import { distanceM } from '../../core/geo.ts';
import type { EngineState } from './engine-state.ts';
import type { EventKeys } from './event-keys.ts';
import type { Judgement } from './judgement.ts';
import type { Series } from './windows/series.ts';
import { NO_CELL } from './windows/window-cells.ts';
import { readWindows } from './windows/window-read.ts';

const MS_PER_HOUR = 3_600_000;
/** Two positions within a second count as a second apart: a speed is always finite. */
const TRAVEL_SECONDS_MIN = 1;

/** Windows and recency. */
export function readGroups(state: EngineState, event: WeirEvent, j: Judgement, values: unknown[]): void {
  const { rules, windows } = state;
  const { groups } = rules.plan;
  for (let g = 0; g < groups.length; g++) {
    const group = groups[g] as (typeof groups)[number];
    const { series, keys } = group;
    let complete = true;
    let own = j.enters[series.slot] === 1;
    for (let k = 0; k < keys.length; k++) {
      const key = keys[k] as number;
      complete &&= j.keys.has(key);
      own &&= group.atOwnKey || j.keys.isSame(key, series.keys[k] as number);
    }
    if (!complete) continue;
    const pending = own ? (j.entering[series.slot] as number) : undefined;
    const cell = own ? (j.cells[series.slot] as number) : cellAt(state, series, keys, j.keys);
    const floor =
      group.isShadow || series.activeReachMs === series.reachMs || cell === NO_CELL
        ? 0
        : windows.floorOf(cell, series.activeReachMs + rules.settings.allowedLatenessMs);
    readWindows(windows, group, cell, floor, event.timeMs, pending, values);
  }
}

/** Distance and speed since the position before. */
export function readTravel(state: EngineState, event: WeirEvent, j: Judgement, values: unknown[]): void {
  const { rules, windows } = state;
  const { positions } = rules.plan;
  if (positions === undefined || j.position === undefined) return;
  const cell = cellAt(state, positions, positions.keys, j.keys);
  const before = cell === NO_CELL ? 0 : windows.positionAfter(cell, event.timeMs, windows.lengthOf(cell));
  if (before === 0) return;
  const lat = windows.columnOf(cell, before - 1, 1);
  const lon = windows.columnOf(cell, before - 1, 2);
  const metres = distanceM(lat, lon, j.position.lat, j.position.lon);
  const seconds = (event.timeMs - windows.timeOf(cell, before - 1)) / 1_000;
  const hours = Math.max(seconds, TRAVEL_SECONDS_MIN) * (1_000 / MS_PER_HOUR);
  const value = { distanceM: Math.round(metres), seconds, speedKmh: metres / 1_000 / hours };
  for (const index of rules.travel) values[index] = value;
}

export function readLists(state: EngineState, event: WeirEvent, values: unknown[]): void {
  const { rules, lists } = state;
  for (const { index, list, read } of rules.lists) values[index] = lists.holds(list, read(event.data), event.timeMs);
}

/**
 * The cell of a series at those of an event's keys that `at` says, `NO_CELL` where one of them has no events. `guess`:
 * which it may well be.
 */
export function cellAt(
  state: EngineState,
  series: Series,
  at: readonly number[],
  keys: EventKeys,
  guess = NO_CELL,
): number {
  const a = keys.entities[at[0] as number] as number;
  const b = at.length > 1 ? (keys.entities[at[1] as number] as number) : 0;
  const c = at.length > 2 ? (keys.entities[at[2] as number] as number) : 0;
  if (a === 0 || (b === 0 && at.length > 1) || (c === 0 && at.length > 2)) return NO_CELL;
  const { cells } = state.windows;
  return guess !== NO_CELL && cells.isAt(guess, series.id, a, b, c) ? guess : cells.find(series.id, a, b, c);
}
