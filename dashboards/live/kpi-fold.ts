/**
 * Folds the kpis channel into the last two minutes by second and the last hour by minute, per dimension value and
 * currency. A snapshot replaces everything; an increment adds what was gained after it, so that the figures hold for
 * one log position at any time (G6). Pure and bounded: what is older than the range is dropped and counted.
 */
import type { KpiCell, KpisMessage } from '../../api/live/messages.ts';

export const SECOND_MS = 1_000;
export const MINUTE_MS = 60_000;
export const SECONDS_KEPT = 120;
export const MINUTES_KEPT = 60;
/** Producers may be ahead of the clock by this much; such cells are kept, and shown when their time comes. */
export const AHEAD_MAX_MS = 6 * MINUTE_MS;

export interface KpiSums {
  transactions: number;
  volume: number;
  approved: number;
  declined: number;
  fees: number;
  costs: number;
  alerts: number;
  offers: number;
}
export const KPI_MEASURES = [
  'transactions',
  'volume',
  'approved',
  'declined',
  'fees',
  'costs',
  'alerts',
  'offers',
] as const satisfies readonly (keyof KpiSums)[];

/** Sums of one dimension value in one currency; money in minor units of that currency. */
export interface KpiGroup extends KpiSums {
  readonly key: string;
  readonly currency: string;
}

export type Resolution = 'seconds' | 'minutes';

export interface KpiFold {
  /** False if the message was not applied: an increment without a snapshot, or one at or before the position. */
  apply(message: KpisMessage): boolean;
  /** Log position that the figures hold for; 0 before the first snapshot. */
  readonly position: number;
  readonly ready: boolean;
  /** Start of the newest second with a cell, milliseconds since the Unix epoch; `undefined` when there is none. */
  readonly newestMs: number | undefined;
  /** Cells that came too late for both ranges. */
  readonly dropped: number;
  /** Sums of the buckets whose start lies in (toMs − kept × step, toMs], one group per key and currency. */
  totals(resolution: Resolution, toMs: number): KpiGroup[];
  /** Calls back for each bucket start in the range, oldest first, with the groups in it (none for an empty one). */
  eachBucket(resolution: Resolution, toMs: number, visit: (startMs: number, groups: Iterable<KpiGroup>) => void): void;
}

type Buckets = Map<number, Map<string, KpiGroup>>;

export function emptySums(): KpiSums {
  return { transactions: 0, volume: 0, approved: 0, declined: 0, fees: 0, costs: 0, alerts: 0, offers: 0 };
}

export function addSums(into: KpiSums, from: KpiSums): void {
  for (const measure of KPI_MEASURES) into[measure] += from[measure];
}

const STEP_MS = { seconds: SECOND_MS, minutes: MINUTE_MS } as const;
const KEPT = { seconds: SECONDS_KEPT, minutes: MINUTES_KEPT } as const;

export function createKpiFold(): KpiFold {
  const buckets: Record<Resolution, Buckets> = { seconds: new Map(), minutes: new Map() };
  let position = 0;
  let ready = false;
  let newestMs: number | undefined;
  let dropped = 0;

  const put = (resolution: Resolution, cell: KpiCell, timeMs: number): void => {
    const startMs = timeMs - (timeMs % STEP_MS[resolution]);
    let groups = buckets[resolution].get(startMs);
    if (groups === undefined) {
      groups = new Map();
      buckets[resolution].set(startMs, groups);
    }
    const name = `${cell.key}\n${cell.currency}`;
    let group = groups.get(name);
    if (group === undefined) {
      group = { key: cell.key, currency: cell.currency, ...emptySums() };
      groups.set(name, group);
    }
    addSums(group, cell);
  };

  /** A cell far ahead of the rest must not push the rest out: the range follows the newest cell at most so far. */
  const oldestKeptMs = (resolution: Resolution): number =>
    (newestMs ?? 0) - KEPT[resolution] * STEP_MS[resolution] - AHEAD_MAX_MS;

  const prune = (): void => {
    for (const resolution of ['seconds', 'minutes'] as const) {
      const oldestMs = oldestKeptMs(resolution);
      for (const startMs of buckets[resolution].keys()) if (startMs < oldestMs) buckets[resolution].delete(startMs);
    }
  };

  const eachBucket: KpiFold['eachBucket'] = (resolution, toMs, visit) => {
    const stepMs = STEP_MS[resolution];
    const lastMs = toMs - (toMs % stepMs);
    for (let startMs = lastMs - (KEPT[resolution] - 1) * stepMs; startMs <= lastMs; startMs += stepMs) {
      visit(startMs, buckets[resolution].get(startMs)?.values() ?? []);
    }
  };

  return {
    get position() {
      return position;
    },
    get ready() {
      return ready;
    },
    get newestMs() {
      return newestMs;
    },
    get dropped() {
      return dropped;
    },
    apply({ data, position: at }) {
      if (data.mode === 'snapshot') {
        buckets.seconds.clear();
        buckets.minutes.clear();
        newestMs = undefined;
        ready = true;
        for (const resolution of ['minutes', 'seconds'] as const) {
          for (const cell of data[resolution]) {
            const timeMs = Date.parse(cell.time);
            put(resolution, cell, timeMs);
            if (newestMs === undefined || timeMs > newestMs) newestMs = timeMs;
          }
        }
      } else {
        if (!ready || at <= position) return false;
        for (const cell of data.cells) {
          const timeMs = Date.parse(cell.time);
          if (newestMs === undefined || timeMs > newestMs) newestMs = timeMs;
          if (timeMs < oldestKeptMs('minutes')) dropped++;
          else {
            put('minutes', cell, timeMs);
            if (timeMs >= oldestKeptMs('seconds')) put('seconds', cell, timeMs);
          }
        }
      }
      position = at;
      prune();
      return true;
    },
    totals(resolution, toMs) {
      const sums = new Map<string, KpiGroup>();
      eachBucket(resolution, toMs, (_startMs, groups) => {
        for (const group of groups) {
          const name = `${group.key}\n${group.currency}`;
          const sum = sums.get(name);
          if (sum === undefined) sums.set(name, { ...group });
          else addSums(sum, group);
        }
      });
      return [...sums.values()];
    },
    eachBucket,
  };
}
