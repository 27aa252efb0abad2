/** Events that are handed over between rings: three numbers each (time, value, second value), oldest first. */
import type { Series } from './series.ts';
import type { WindowStore } from './window-store.ts';

export const EVENT_NUMBERS = 3;

/** Inserts the events of two lists in the order of their times; of two at the same time, the one in `first` comes first. */
export function insertMerged(
  store: WindowStore,
  cell: number,
  series: Series,
  first: readonly number[],
  second: readonly number[],
  keepMs: number,
  keepMax: number,
  clockMs: number,
): void {
  for (let i = 0, j = 0; i < first.length || j < second.length; ) {
    const isFirst = j === second.length || (i < first.length && (first[i] as number) <= (second[j] as number));
    const [events, at] = isFirst ? [first, i] : [second, j];
    const [timeMs, value, value2] = [events[at] as number, events[at + 1] as number, events[at + 2] as number];
    store.insert(cell, series, timeMs, value, value2, keepMs, keepMax, clockMs);
    if (isFirst) i += EVENT_NUMBERS;
    else j += EVENT_NUMBERS;
  }
}
