/**
 * Turns a rule set's requirements into series and reads. Reads of the same series at the same key form a group, so
 * that the key is looked up once; within a group they are sorted by reach, so that each search begins where the last ended.
 */
import type { NamedKey, RecencyParams, Requirement, WindowKey, WindowParams } from '../../../rules/requirement.ts';
import { KEY_INDEX, NAMED_KEYS } from '../event-keys.ts';
import { KEY_PATHS_MAX, SERIES_MAX } from '../limits.ts';
import { compileDataPath, type ReadData } from './data-path.ts';
import {
  ALWAYS_PRESENT,
  createSeries,
  numericKind,
  type Series,
  type SeriesSpec,
  type SeriesType,
  signatureOf,
} from './series.ts';

export interface WindowRead {
  /** `Requirement.index`. */
  readonly index: number;
  readonly aggregate: WindowParams['aggregate'] | 'recency';
  readonly lastMs: number;
  readonly offsetMs: number;
  /** Per cent, for `percentile`. */
  readonly p: number;
  /** For `rate`: of events, not of a sum. */
  readonly countsOnly: boolean;
  /** For `distinct`: of more events an estimate is made. */
  readonly exactEventsMax: number;
}

export interface ReadGroup {
  readonly series: Series;
  /** Whose key the series is read at. */
  readonly at: readonly WindowKey[];
  /** The positions of `at` among an event's keys. */
  readonly keys: readonly number[];
  /** Whether that is the key that the event itself is stored under. */
  readonly atOwnKey: boolean;
  /** Only shadow rules read these. */
  readonly isShadow: boolean;
  readonly reads: readonly WindowRead[];
}

export interface WindowPlan {
  readonly series: readonly Series[];
  readonly seriesOfType: Readonly<Record<SeriesType, readonly Series[]>>;
  readonly seriesById: ReadonlyMap<number, Series>;
  readonly groups: readonly ReadGroup[];
  /** What stands at these paths are the keys behind those with names. */
  readonly paths: readonly ReadData[];
  /** The positions that `travel` measures from; undefined where no rule asks. */
  readonly positions: Series | undefined;
  /** What must not come before a timer is due, by `Requirement.index` of the absence. */
  readonly absences: ReadonlyMap<number, Series>;
}

/** Where the settings say nothing: to count so many different values one by one takes about 110 µs. */
export const DISTINCT_EVENTS_MAX = 4_096;
/** How much later than due a timer may be looked at. */
const TICK_LATE_MS = 3_600_000;
const POSITIONS: SeriesSpec = { type: 'location', over: ['customer'], kind: 'position', where: {} };

export const EMPTY_PLAN: WindowPlan = {
  series: [],
  seriesOfType: { transaction: [], location: [], label: [] },
  seriesById: new Map(),
  groups: [],
  paths: [],
  positions: undefined,
  absences: new Map(),
};

/**
 * `shadow`: indexes of the requirements that only shadow rules read. `idOf` gives the id of a series that is in state
 * already, or a new one. Throws where the plan exceeds a limit.
 */
export function planWindows(
  requirements: readonly Requirement[],
  shadow: ReadonlySet<number>,
  idOf: (signature: string) => number,
  exactEventsMax = DISTINCT_EVENTS_MAX,
): WindowPlan {
  const bySignature = new Map<string, Series>();
  const groups = new Map<
    string,
    { series: Series; at: readonly WindowKey[]; isShadow: boolean; reads: WindowRead[] }
  >();

  const paths: WindowKey[] = [];
  const keysOf = (over: readonly WindowKey[]): number[] =>
    over.map((key) => {
      if (!key.startsWith('$')) return KEY_INDEX[key as NamedKey];
      if (!paths.includes(key)) paths.push(key);
      if (paths.length > KEY_PATHS_MAX)
        throw new RangeError(`windows of a rule set may have at most ${KEY_PATHS_MAX} paths for keys`);
      return NAMED_KEYS + paths.indexOf(key);
    });
  const seriesFor = (spec: SeriesSpec): Series => {
    const signature = signatureOf(spec);
    const known = bySignature.get(signature);
    if (known !== undefined) return known;
    if (bySignature.size >= SERIES_MAX) throw new RangeError(`a rule set may read at most ${SERIES_MAX} series`);
    const series = createSeries(spec, idOf(signature), bySignature.size, keysOf(spec.over));
    bySignature.set(signature, series);
    return series;
  };
  const addRead = (series: Series, at: readonly WindowKey[], read: WindowRead): void => {
    const isShadow = shadow.has(read.index);
    reach(series, read.offsetMs + read.lastMs, isShadow);
    if (read.aggregate === 'recency') series.keepsLast = true;
    const key = `${series.signature}@${at.join('+')}@${isShadow}`;
    const group = groups.get(key) ?? { series, at, isShadow, reads: [] };
    groups.set(key, group);
    group.reads.push(read);
  };

  let positions: Series | undefined;
  const absences = new Map<number, Series>();
  for (const requirement of requirements) {
    const { index } = requirement;
    if (requirement.kind === 'window') {
      const { params } = requirement;
      const { aggregate, lastMs, offsetMs, p = 0 } = params;
      const countsOnly = params.of === undefined;
      addRead(seriesFor(windowSeries(params)), params.at ?? params.over, {
        index,
        aggregate,
        lastMs,
        offsetMs,
        p,
        countsOnly,
        exactEventsMax,
      });
    } else if (requirement.kind === 'recency') {
      const { over } = requirement.params;
      addRead(seriesFor(recencySeries(requirement.params)), over, {
        index,
        aggregate: 'recency',
        lastMs: 0,
        offsetMs: 0,
        p: 0,
        countsOnly: true,
        exactEventsMax,
      });
    } else if (requirement.kind === 'travel') {
      positions = seriesFor(POSITIONS);
      positions.keepsLast = true;
    } else if (requirement.kind === 'absence') {
      const { over, of, forMs } = requirement.params;
      const series = seriesFor(countSeries(of.type, over, of.where));
      // A tick may be late: what came before the timer was due is still there then.
      reach(series, forMs + TICK_LATE_MS, shadow.has(index));
      absences.set(index, series);
    }
  }
  const series = [...bySignature.values()];
  const ofType = (type: SeriesType) => series.filter((one) => one.type === type && one.kind !== 'position');
  return {
    series,
    seriesOfType: { transaction: ofType('transaction'), location: ofType('location'), label: ofType('label') },
    seriesById: new Map(series.map((one) => [one.id, one])),
    groups: [...groups.values()].map(({ series, at, isShadow, reads }) => ({
      series,
      at,
      keys: keysOf(at),
      atOwnKey: at.join('+') === series.over.join('+'),
      isShadow,
      reads: reads.sort((a, b) => a.offsetMs - b.offsetMs || a.lastMs - b.lastMs || a.index - b.index),
    })),
    paths: paths.map((path) => compileDataPath(path)),
    positions,
    absences,
  };
}

function reach(series: Series, ms: number, isShadow: boolean): void {
  series.reachMs = Math.max(series.reachMs, ms);
  if (!isShadow) series.activeReachMs = Math.max(series.activeReachMs, ms);
}

function windowSeries(params: WindowParams): SeriesSpec {
  const { type, over, where, of } = params;
  if (of === undefined) return countSeries(type, over, where);
  if (params.aggregate === 'distinct') return { type, over, where, of, kind: 'scalar' };
  return { type, over, where, of, kind: numericKind(type, of) };
}

function recencySeries(params: RecencyParams): SeriesSpec {
  return countSeries(params.type, params.over, params.where);
}

/** Whether or not another rule sums the amounts, a count of transactions reads their series: it stays warm either way. */
function countSeries(type: SeriesType, over: readonly WindowKey[], where: SeriesSpec['where']): SeriesSpec {
  return type === 'transaction'
    ? { type, over, where, of: ALWAYS_PRESENT, kind: 'money' }
    : { type, over, where, kind: 'count' };
}
