/**
 * From where the windows of the live rule set count. A window that no rule set read before begins empty unless it was filled
 * from history; what it lacks is known here, told when the rule set goes live, and kept for the rule set after it.
 */
import type { EngineSettings, HistoryStart } from '../../../core/codec/entry.ts';
import type { CoveredWindow, RulesetCoverage } from '../../../core/outcomes/outcome.ts';
import { COVERED_WINDOWS_RECORDED_MAX } from '../limits.ts';
import type { Series } from '../windows/series.ts';
import type { WindowPlan } from '../windows/window-plan.ts';

/** By signature of a series; one that is not there has missed nothing. */
export type Coverage = ReadonlyMap<string, HistoryStart>;

/** How far back a series is looked at, milliseconds: one that is asked for the event before, as far as there is history. */
export function reachOf(series: Series, settings: EngineSettings): number {
  return series.keepsLast ? Math.max(series.reachMs, settings.historyMs) : series.reachMs;
}

/** The series of `plan` that the live rule set does not have, or not as far back, or not whole. */
export function coldSeries(
  plan: WindowPlan,
  live: WindowPlan,
  coverage: Coverage,
  settings: EngineSettings,
  nowMs: number,
): Series[] {
  const kept = new Map(live.series.map((series) => [series.signature, series]));
  return plan.series.filter((series) => {
    const known = kept.get(series.signature);
    return !isKept(series, known) || !isWhole(coverage.get(series.signature), series, settings, nowMs);
  });
}

/** Whether the events that the live series keeps are those that `wanted` would have kept. */
export function isKept(wanted: Series, live: Series | undefined): boolean {
  return live !== undefined && live.reachMs >= wanted.reachMs && (live.keepsLast || !wanted.keepsLast);
}

/** What to tell of `cold`, windows of a rule set that goes live at `nowMs` with this coverage. */
export function coverageReport(
  plan: WindowPlan,
  cold: readonly Series[],
  coverage: Coverage,
  settings: EngineSettings,
  nowMs: number,
): RulesetCoverage {
  const windows = cold.map((series): CoveredWindow => {
    const { type, over, of, where, signature } = series;
    const { position, timeMs } = coverage.get(signature) ?? { position: 0, timeMs: 0 };
    const whole = isWhole(coverage.get(signature), series, settings, nowMs);
    const reachMs = reachOf(series, settings);
    return { type, over, ...(of === undefined ? {} : { of }), where, reachMs, position, timeMs, whole };
  });
  const starts = plan.series.map(({ signature }) => coverage.get(signature)?.position ?? 0);
  return {
    position: Math.max(0, ...starts),
    whole: plan.series.every((series) => isWhole(coverage.get(series.signature), series, settings, nowMs)),
    windows: windows.slice(0, COVERED_WINDOWS_RECORDED_MAX),
    more: Math.max(0, windows.length - COVERED_WINDOWS_RECORDED_MAX),
  };
}

export function isWhole(
  start: HistoryStart | undefined,
  series: Series,
  settings: EngineSettings,
  nowMs: number,
): boolean {
  if (start === undefined || start.sinceBeginning) return true;
  // Before the first tick the log's clock says 0: when that was is not known.
  return start.timeMs > 0 && start.timeMs <= nowMs - reachOf(series, settings);
}
