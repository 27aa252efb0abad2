/** The ranges of time that the cockpit shows, and where their figures come from. */
import { MINUTES_KEPT, type Resolution, SECONDS_KEPT } from '../live/kpi-fold.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

export const RANGES = ['2m', '1h', '24h', '7d', '30d'] as const;
export type RangeName = (typeof RANGES)[number];

export type StepName = 'second' | 'minute' | 'hour' | 'day';
interface RangeBase {
  readonly name: RangeName;
  readonly step: StepName;
  readonly stepMs: number;
  readonly lengthMs: number;
}
/** Folded from the live line. */
export interface LiveRange extends RangeBase {
  readonly origin: 'live';
  readonly resolution: Resolution;
}
/** Asked from the store. */
export interface StoredRange extends RangeBase {
  readonly origin: 'stored';
}
export type Range = LiveRange | StoredRange;

const ALL: { readonly [R in RangeName]: Range } = {
  '2m': {
    name: '2m',
    origin: 'live',
    resolution: 'seconds',
    step: 'second',
    stepMs: SECOND_MS,
    lengthMs: SECONDS_KEPT * SECOND_MS,
  },
  '1h': {
    name: '1h',
    origin: 'live',
    resolution: 'minutes',
    step: 'minute',
    stepMs: MINUTE_MS,
    lengthMs: MINUTES_KEPT * MINUTE_MS,
  },
  '24h': { name: '24h', origin: 'stored', step: 'hour', stepMs: HOUR_MS, lengthMs: DAY_MS },
  '7d': { name: '7d', origin: 'stored', step: 'hour', stepMs: HOUR_MS, lengthMs: 7 * DAY_MS },
  '30d': { name: '30d', origin: 'stored', step: 'day', stepMs: DAY_MS, lengthMs: 30 * DAY_MS },
};

export function rangeOf(name: RangeName): Range {
  return ALL[name];
}

/** Bounds of a stored range: whole steps, the one that still fills included. */
export function boundsOf(range: RangeBase, nowMs: number): { readonly fromMs: number; readonly toMs: number } {
  const lastMs = nowMs - (nowMs % range.stepMs);
  return { fromMs: lastMs + range.stepMs - range.lengthMs, toMs: nowMs };
}
