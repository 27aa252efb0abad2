/**
 * The figures of the last hour in memory, grouped by each dimension: seconds of the last two minutes, minutes of the
 * last hour, and what was gained since increments were last taken. Pure: time is an argument. Every delta of the log is
 * added once, so a group's figure equals what the store says at the same position.
 */
import { MINUTE_MS, SECOND_MS } from '../../../core/clock.ts';
import { type KpiDelta, NO_KPIS } from '../../../core/outcomes/outcome.ts';
import { KPI_DIMENSIONS, type KpiCell, type KpiDimension } from '../messages.ts';

export const SECONDS_KEPT = 120;
export const MINUTES_KEPT = 60;
/** How far ahead of the clock a figure may lie; ingest refuses events further in the future by default. */
const AHEAD_MAX_MS = 10 * MINUTE_MS;
/** Groups in one cell of time and dimension; what comes past it is added up under `OTHER_KEY`. */
export const GROUPS_MAX = 500;
export const OTHER_KEY = '*';
/** Combinations of second and dimensions that wait to be fanned out. */
const ARRIVED_MAX = 10_000;

export type KpiGain = Omit<KpiDelta, 'kind'>;
/** A dimension, or `all` for no grouping beside the currency. */
export type KpiGrouping = KpiDimension | 'all';
export const GROUPINGS: readonly KpiGrouping[] = ['all', ...KPI_DIMENSIONS];

type Sums = Omit<KpiCell, 'time' | 'key' | 'currency'>;
interface Group extends Sums {
  readonly key: string;
  readonly currency: string;
}
interface Arrived {
  readonly recent: boolean;
  readonly sums: { -readonly [K in keyof KpiGain]: KpiGain[K] };
}
type Series = Map<number, Map<string, Group>>;
interface View {
  readonly seconds: Series;
  readonly minutes: Series;
  gained: Series;
}

/** Figures of one second or minute from before the first delta. */
export type SeedCell = Omit<KpiGain, 'secondMs'> & { readonly timeMs: number };

export interface KpiBoard {
  /** Starts from figures of the store. They are no gain: nobody has seen what came before. */
  seed(seconds: readonly SeedCell[], minutes: readonly SeedCell[]): void;
  /** Adds one delta. Answers whether it lies within the hour that the board shows. */
  add(gain: KpiGain, nowMs: number): boolean;
  snapshot(grouping: KpiGrouping, nowMs: number): { minutes: KpiCell[]; seconds: KpiCell[] };
  /** What was gained since the last call, by second; forgets it. */
  takeGained(grouping: KpiGrouping): KpiCell[];
  /** Forgets what has grown too old. */
  prune(nowMs: number): void;
  /** Deltas that were added up under `OTHER_KEY`. */
  readonly folded: number;
}

export function createKpiBoard(): KpiBoard {
  const views = new Map<KpiGrouping, View>(
    GROUPINGS.map((grouping) => [grouping, { seconds: new Map(), minutes: new Map(), gained: new Map() }]),
  );
  /** Deltas of many frames, summed by second and dimensions before they fan out: a tenth of the work at full rate. */
  const arrived = new Map<string, Arrived>();
  let folded = 0;

  function addTo(series: Series, timeMs: number, key: string, gain: Sums & { readonly currency: string }): void {
    let groups = series.get(timeMs);
    if (groups === undefined) {
      groups = new Map();
      series.set(timeMs, groups);
    }
    const name = `${key}\u0000${gain.currency}`;
    let group = groups.get(name);
    if (group === undefined) {
      if (groups.size >= GROUPS_MAX && key !== OTHER_KEY) {
        folded++;
        addTo(series, timeMs, OTHER_KEY, gain);
        return;
      }
      group = emptyGroup(key, gain.currency);
      groups.set(name, group);
    }
    addSums(group, gain);
  }

  function addSeed(kind: 'seconds' | 'minutes', cells: readonly SeedCell[]): void {
    for (const [grouping, view] of views) {
      for (const cell of cells) addTo(view[kind], cell.timeMs, grouping === 'all' ? '' : cell[grouping], cell);
    }
  }

  /** Fans out what came since the last time. */
  function settle(): void {
    for (const { recent, sums: gain } of arrived.values()) {
      const minuteMs = floorTo(gain.secondMs, MINUTE_MS);
      for (const [grouping, view] of views) {
        const key = grouping === 'all' ? '' : gain[grouping];
        addTo(view.minutes, minuteMs, key, gain);
        if (recent) addTo(view.seconds, gain.secondMs, key, gain);
        addTo(view.gained, gain.secondMs, key, gain);
      }
    }
    arrived.clear();
  }

  return {
    seed(seconds, minutes) {
      addSeed('seconds', seconds);
      addSeed('minutes', minutes);
    },
    add(gain, nowMs) {
      const { secondMs } = gain;
      if (secondMs < minutesFrom(nowMs) || secondMs > nowMs + AHEAD_MAX_MS) return false;
      const name = `${secondMs}\u0000${gain.businessLine}\u0000${gain.channel}\u0000${gain.region}\u0000${gain.currency}`;
      const known = arrived.get(name);
      if (known !== undefined) addSums(known.sums, gain);
      else {
        arrived.set(name, { recent: secondMs >= secondsFrom(nowMs), sums: { ...gain } });
        if (arrived.size >= ARRIVED_MAX) settle();
      }
      return true;
    },
    snapshot(grouping, nowMs) {
      settle();
      const view = viewOf(views, grouping);
      return {
        minutes: cellsOf(view.minutes, minutesFrom(nowMs)),
        seconds: cellsOf(view.seconds, secondsFrom(nowMs)),
      };
    },
    takeGained(grouping) {
      settle();
      const view = viewOf(views, grouping);
      if (view.gained.size === 0) return [];
      const cells = cellsOf(view.gained, 0);
      view.gained = new Map();
      return cells;
    },
    prune(nowMs) {
      settle();
      for (const { seconds, minutes } of views.values()) {
        dropBefore(seconds, secondsFrom(nowMs));
        dropBefore(minutes, minutesFrom(nowMs));
      }
    },
    get folded() {
      return folded;
    },
  };
}

/** Start of the oldest minute that the board shows. */
export function minutesFrom(nowMs: number): number {
  return floorTo(nowMs, MINUTE_MS) - (MINUTES_KEPT - 1) * MINUTE_MS;
}

function secondsFrom(nowMs: number): number {
  return floorTo(nowMs, SECOND_MS) - (SECONDS_KEPT - 1) * SECOND_MS;
}

function floorTo(timeMs: number, stepMs: number): number {
  return Math.floor(timeMs / stepMs) * stepMs;
}

function emptyGroup(key: string, currency: string): Group {
  return { key, currency, ...NO_KPIS };
}

function addSums(sums: Sums, gain: Sums): void {
  sums.transactions += gain.transactions;
  sums.volume += gain.volume;
  sums.approved += gain.approved;
  sums.declined += gain.declined;
  sums.fees += gain.fees;
  sums.costs += gain.costs;
  sums.alerts += gain.alerts;
  sums.offers += gain.offers;
}

function cellsOf(series: Series, fromMs: number): KpiCell[] {
  const cells: KpiCell[] = [];
  for (const timeMs of [...series.keys()].sort((a, b) => a - b)) {
    if (timeMs < fromMs) continue;
    const time = new Date(timeMs).toISOString();
    for (const group of series.get(timeMs)?.values() ?? []) cells.push({ time, ...group });
  }
  return cells;
}

function dropBefore(series: Series, fromMs: number): void {
  for (const timeMs of series.keys()) if (timeMs < fromMs) series.delete(timeMs);
}

function viewOf(views: ReadonlyMap<KpiGrouping, View>, grouping: KpiGrouping): View {
  const view = views.get(grouping);
  if (view === undefined) throw new RangeError(`no figures are kept by ${grouping}`);
  return view;
}
