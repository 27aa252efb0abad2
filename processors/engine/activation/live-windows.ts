/**
 * Which series are in state, under which ids, and from where they count: those of the live rule set, and those of the one
 * that is being warmed. A rule set that goes live takes over what is there for its windows; the rest is swept up later.
 */
import type { EngineSettings, HistoryStart, WarmEntry } from '../../../core/codec/entry.ts';
import { WeirError } from '../../../core/errors.ts';
import type { RulesetCoverage } from '../../../core/outcomes/outcome.ts';
import type { Series } from '../windows/series.ts';
import { EMPTY_PLAN, planWindows } from '../windows/window-plan.ts';
import { type ActiveRules, activateRules } from './active-rules.ts';
import { type Coverage, coldSeries, coverageReport, isKept, isWhole } from './coverage.ts';
import type { PreparedRules } from './engine-needs.ts';
import { Warming, type WarmingHead } from './warming.ts';

export interface LiveWindowsHead {
  readonly seriesIds: readonly (readonly [string, number])[];
  readonly seriesNext: number;
  /** Absent in snapshots from before there was any: nothing is known to be missing. */
  readonly coverage?: readonly (readonly [string, HistoryStart])[];
  readonly warming?: WarmingHead;
}

/** A moment in the log. */
export interface LogMoment {
  /** Of the frame at hand. */
  readonly position: number;
  readonly clockMs: number;
  /** No event has been accepted yet. */
  readonly isBeginning: boolean;
}

/** A rule set that may go live, and what is to be told of its windows then. */
export interface NextRules {
  readonly rules: ActiveRules;
  readonly report: RulesetCoverage;
  readonly coverage: Coverage;
  readonly seriesNext: number;
}

export class LiveWindows {
  /** The rule set whose windows are being filled. */
  warming: Warming | undefined;
  /** The series whose keys are kept, by id. */
  kept: ReadonlyMap<number, Series> = EMPTY_PLAN.seriesById;
  #ids: ReadonlyMap<string, number> = new Map();
  #next = 1;
  #coverage: Coverage = new Map();
  #plan = EMPTY_PLAN;

  /** What is to be filled before a staged rule set goes live; without series where the live one has all of its windows whole. */
  plan({ version, settings }: WarmEntry, { ruleSet }: PreparedRules, { position, clockMs }: LogMoment): Warming {
    let next = this.#next;
    const plan = planWindows(
      ruleSet.requirements,
      ruleSet.shadowRequirements,
      () => next++,
      settings.distinctEventsMax,
    );
    const series = coldSeries(plan, this.#plan, this.#coverage, settings, clockMs);
    const about = { version, settings, position, timeMs: clockMs, parts: 0, history: null, heardMs: clockMs };
    return new Warming(about, series);
  }

  /** Fills the windows of `warming` from now on, in place of another rule set's. */
  warm(warming: Warming): void {
    this.#next = Math.max(this.#next, ...warming.series.map(({ id }) => id + 1));
    this.#set(warming.series.length === 0 ? undefined : warming);
  }

  /** Lets go of the windows that are being filled. */
  drop(): void {
    this.#set(undefined);
  }

  /** Throws a `WeirError` `rule.invalid`, and changes nothing, where the rule set cannot be live. */
  prepare(prepared: PreparedRules, settings: EngineSettings, now: LogMoment): NextRules {
    const { version } = prepared.ruleSet;
    const warming = this.warming?.version === version ? this.warming : undefined;
    /** What was kept for a part of its reach is worth more than what came since the filling began. */
    const takenOver = (signature: string): Series | undefined =>
      warming?.history !== undefined || !this.#ids.has(signature) ? warming?.bySignature.get(signature) : undefined;
    let next = this.#next;
    const idOf = (signature: string) => takenOver(signature)?.id ?? this.#ids.get(signature) ?? next++;
    const rules = activateRules(prepared, settings, idOf);
    const { plan } = rules;
    const live = new Map(this.#plan.series.map((series) => [series.signature, series]));
    const coverage = new Map<string, HistoryStart>();
    for (const series of plan.series) {
      const { signature } = series;
      const known = this.#coverage.get(signature);
      if (warming !== undefined && takenOver(signature) !== undefined) coverage.set(signature, startOf(warming));
      else if (!isKept(series, live.get(signature))) coverage.set(signature, startAt(now));
      else if (known !== undefined) coverage.set(signature, known);
    }
    const cold = coldSeries(plan, this.#plan, this.#coverage, settings, now.clockMs);
    const report = coverageReport(plan, cold, coverage, settings, now.clockMs);
    return { rules, report, coverage, seriesNext: next };
  }

  /** Throws a `WeirError` `rule.invalid` where a window would go live without history that it could have. */
  assertWarm({ rules }: NextRules, now: LogMoment): void {
    const { plan, version, settings } = rules;
    const cold = coldSeries(plan, this.#plan, this.#coverage, settings, now.clockMs);
    const filled = this.warming?.version === version && this.warming.history !== undefined ? this.warming : undefined;
    const missing = cold.filter(({ signature }) => filled?.bySignature.has(signature) !== true);
    if (missing.length === 0 || now.isBeginning) return;
    throw new WeirError(
      'rule.invalid',
      `rule set ${version} is not warm: ${missing.length} of its windows are not filled, such as that of ${missing[0]?.type} events by ${missing[0]?.over.join('+')}`,
    );
  }

  goLive({ rules, coverage, seriesNext }: NextRules): void {
    // What the others hold is swept up over the next frames.
    this.#ids = new Map(rules.plan.series.map(({ signature, id }) => [signature, id]));
    this.#next = seriesNext;
    this.#coverage = coverage;
    this.#plan = rules.plan;
    this.#set(this.warming?.version === rules.version ? undefined : this.warming);
  }

  /** Windows of the live rule set that do not hold all that they look back at. */
  partial(settings: EngineSettings, nowMs: number): number {
    let partial = 0;
    for (const series of this.#plan.series)
      if (!isWhole(this.#coverage.get(series.signature), series, settings, nowMs)) partial++;
    return partial;
  }

  saveHead(): LiveWindowsHead {
    return {
      seriesIds: [...this.#ids],
      seriesNext: this.#next,
      coverage: [...this.#coverage],
      ...(this.warming === undefined ? {} : { warming: this.warming.save() }),
    };
  }

  /** Before the live rule set is made live again. */
  loadHead(head: LiveWindowsHead): void {
    this.#ids = new Map(head.seriesIds);
    this.#next = head.seriesNext;
  }

  /** After it is; `find` gives the staged rule set that was being warmed. */
  loadWarming({ coverage, warming }: LiveWindowsHead, find: (version: number) => PreparedRules): void {
    this.#coverage = new Map(coverage);
    if (warming === undefined) return;
    const { requirements, shadowRequirements } = find(warming.version).ruleSet;
    const ids = new Map(warming.ids);
    const { series } = planWindows(
      requirements,
      shadowRequirements,
      (signature) => ids.get(signature) ?? 0,
      warming.settings.distinctEventsMax,
    );
    this.#set(
      new Warming(
        warming,
        series.filter(({ id }) => id !== 0),
      ),
    );
  }

  #set(warming: Warming | undefined): void {
    this.warming = warming;
    this.kept =
      warming === undefined
        ? this.#plan.seriesById
        : new Map([...this.#plan.seriesById, ...warming.series.map((one) => [one.id, one] as const)]);
  }
}

function startOf({ history, position, timeMs }: Warming): HistoryStart {
  return history ?? { position: position + 1, timeMs, sinceBeginning: false };
}

function startAt({ position, clockMs, isBeginning }: LogMoment): HistoryStart {
  return { position: isBeginning ? 1 : position, timeMs: clockMs, sinceBeginning: isBeginning };
}
