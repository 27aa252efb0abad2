/** Cuts a time range into pieces that the coarsest fitting rollup answers, with rows at the ragged ends. Pure. */
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../core/clock.ts';

export const KPI_STEPS = ['second', 'minute', 'hour', 'day', 'total'] as const;
export type KpiStep = (typeof KPI_STEPS)[number];

/** `undefined` for `total`: one bucket that begins where the range does. */
export const STEP_MS: { readonly [S in KpiStep]: number | undefined } = {
  second: SECOND_MS,
  minute: MINUTE_MS,
  hour: HOUR_MS,
  day: DAY_MS,
  total: undefined,
};

const ROLLUPS = [
  { source: 'kpi_day', widthMs: DAY_MS },
  { source: 'kpi_hour', widthMs: HOUR_MS },
  { source: 'kpi_minute', widthMs: MINUTE_MS },
] as const;

/** Half-open: [fromMs, toMs). */
export interface KpiSegment {
  readonly source: (typeof ROLLUPS)[number]['source'] | 'rows';
  readonly fromMs: number;
  readonly toMs: number;
}

/** Pieces of [fromMs, toMs) in order, without gap or overlap; a rollup is used only where it is no wider than the step. */
export function cutSegments(fromMs: number, toMs: number, step: KpiStep): KpiSegment[] {
  const stepMs = STEP_MS[step] ?? Number.POSITIVE_INFINITY;
  const segments: KpiSegment[] = [];
  const cover = (from: number, to: number, level: number): void => {
    if (from >= to) return;
    const rollup = ROLLUPS[level];
    if (rollup === undefined) {
      segments.push({ source: 'rows', fromMs: from, toMs: to });
      return;
    }
    const first = Math.ceil(from / rollup.widthMs) * rollup.widthMs;
    const last = Math.floor(to / rollup.widthMs) * rollup.widthMs;
    if (rollup.widthMs > stepMs || first >= last) {
      cover(from, to, level + 1);
      return;
    }
    cover(from, first, level + 1);
    segments.push({ source: rollup.source, fromMs: first, toMs: last });
    cover(last, to, level + 1);
  };
  cover(fromMs, toMs, 0);
  return segments;
}
