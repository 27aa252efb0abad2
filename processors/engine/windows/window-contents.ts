/** What windows hold, as texts and numbers that another engine's windows can be filled with. */
import type { FilledCell } from '../../../core/codec/entry.ts';
import type { EntityTable } from '../tables/entity-table.ts';
import { EVENT_NUMBERS } from './merge-events.ts';
import type { Series } from './series.ts';
import type { WindowStore } from './window-store.ts';

export interface WindowContents {
  readonly signature: string;
  readonly cell: FilledCell;
}

/** Every key of `series`, a piece at a time, the newest events first, `eventsMax` at most. Not while the engine steps. */
export function* windowContents(
  windows: WindowStore,
  entities: EntityTable,
  series: ReadonlyMap<number, Series>,
  eventsMax: number,
): Generator<WindowContents, void, undefined> {
  const { cells } = windows;
  for (let cell = 1; cell <= cells.top; cell++) {
    const one = series.get(cells.seriesOf(cell));
    if (one === undefined) continue;
    const keys = one.over.map((_, k) => entities.textOf(cells.keyOf(cell, k)));
    const events: number[] = [];
    windows.copyTo(cell, one, events);
    for (let end = events.length; end > 0; end -= eventsMax * EVENT_NUMBERS)
      yield {
        signature: one.signature,
        cell: pieceOf(one, keys, events, Math.max(0, end - eventsMax * EVENT_NUMBERS), end),
      };
  }
}

function pieceOf(
  { columns }: Series,
  keys: readonly string[],
  events: readonly number[],
  from: number,
  end: number,
): FilledCell {
  const times: number[] = [];
  const values: number[] = [];
  const values2: number[] = [];
  let beforeMs = 0;
  for (let i = from; i < end; i += EVENT_NUMBERS) {
    const timeMs = events[i] as number;
    times.push(timeMs - beforeMs);
    beforeMs = timeMs;
    values.push(events[i + 1] as number);
    values2.push(events[i + 2] as number);
  }
  return { keys, times, ...(columns > 1 ? { values } : {}), ...(columns > 2 ? { values2 } : {}) };
}
