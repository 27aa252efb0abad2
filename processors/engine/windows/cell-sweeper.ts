/**
 * Lets go of windows that nothing can reach any more: cells of series that no rule set reads, and cells that have had no
 * event for as long as their windows reach, by the log's clock (a replay of old events does not lose what it builds).
 * Visits a few cells a frame in the order of their numbers, so its work is bounded and depends on the log alone.
 */
import type { Series } from './series.ts';
import { CELL_CLOCK, type WindowCells } from './window-cells.ts';
import type { WindowStore } from './window-store.ts';

/** Cells visited after each frame: a few microseconds. Three million are visited within some minutes of traffic. */
const CELLS_PER_FRAME = 32;
/** Beyond the reach of a series, so that clocks that differ lose nothing. */
const IDLE_SPARE_MS = 3_600_000;
const MS_PER_SECOND = 1_000;

export class CellSweeper {
  /** The cell visited last. */
  cursor = 0;
  /** Cells removed since the log began. */
  removed = 0;
  readonly #store: WindowStore;

  constructor(store: WindowStore) {
    this.#store = store;
  }

  /** `live`: the series that are read, by id; `historyMs` bounds what is kept for the event before. */
  sweep(live: ReadonlyMap<number, Series>, clockMs: number, allowedLatenessMs: number, historyMs: number): void {
    const { cells } = this.#store;
    const { top } = cells;
    const visited = Math.min(CELLS_PER_FRAME, top);
    for (let i = 0; i < visited; i++) {
      this.cursor = this.cursor >= top ? 1 : this.cursor + 1;
      const cell = this.cursor;
      const id = cells.seriesOf(cell);
      if (id === 0) continue;
      const series = live.get(id);
      const keepMs = series === undefined ? 0 : series.reachMs + allowedLatenessMs;
      const idleMaxMs = series?.keepsLast === true ? Math.max(keepMs, historyMs) : keepMs;
      if (series === undefined || idleMs(cells, cell, clockMs) > idleMaxMs + IDLE_SPARE_MS) {
        this.#store.remove(cell);
        this.removed++;
      } else {
        this.#store.trim(cell, series, keepMs);
      }
    }
  }
}

/** A cell that was written before the log's first tick counts from its first visit. */
function idleMs(cells: WindowCells, cell: number, clockMs: number): number {
  const { slab } = cells;
  const half = cells.at(cell) * 2 + CELL_CLOCK;
  const second = slab.halves[half] as number;
  if (second !== 0) return clockMs - second * MS_PER_SECOND;
  slab.touch(half >>> 1);
  slab.halves[half] = clockMs / MS_PER_SECOND;
  return 0;
}
