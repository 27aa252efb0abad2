/** The rule set that is live, for the engine: what it must know of it, and its windows as series and reads. */
import { DAY_MS } from '../../../core/clock.ts';
import { DEFAULT_ENGINE_SETTINGS, type EngineSettings } from '../../../core/codec/entry.ts';
import { WeirError } from '../../../core/errors.ts';
import type { RuleSet } from '../../../rules/ruleset.ts';
import { FLAT_EVENTS_MAX } from '../windows/flat/flat-rings.ts';
import { DISTINCT_EVENTS_MAX, EMPTY_PLAN, planWindows, type WindowPlan } from '../windows/window-plan.ts';
import type { EngineNeeds, PreparedRules } from './engine-needs.ts';

export interface ActiveRules extends EngineNeeds {
  readonly version: number;
  /** Undefined before the first rule set: the engine then records and approves. */
  readonly ruleSet: RuleSet | undefined;
  readonly settings: EngineSettings;
  readonly plan: WindowPlan;
}

export const NO_RULES: ActiveRules = {
  version: 0,
  ruleSet: undefined,
  settings: DEFAULT_ENGINE_SETTINGS,
  plan: EMPTY_PLAN,
  valueCount: 0,
  readsWholeTransaction: false,
  types: new Set(),
  nearby: [],
  travel: [],
  lists: [],
  offers: new Map(),
};

/** Throws a `WeirError` `rule.invalid` where settings are out of bounds. `idOf` gives a series its id. */
export function activateRules(
  { ruleSet, needs }: PreparedRules,
  wanted: EngineSettings,
  idOf: (signature: string) => number,
): ActiveRules {
  const { valueCount, readsWholeTransaction, types, nearby, travel, lists, offers } = needs;
  const settings = checkSettings(wanted);
  return {
    version: ruleSet.version,
    ruleSet,
    settings,
    plan: planWindows(ruleSet.requirements, ruleSet.shadowRequirements, idOf, settings.distinctEventsMax),
    valueCount,
    readsWholeTransaction,
    types,
    nearby,
    travel,
    lists,
    offers,
  };
}

function checkSettings(settings: EngineSettings): Required<EngineSettings> {
  const { allowedLatenessMs, historyMs, historyEventsMax, distinctEventsMax = DISTINCT_EVENTS_MAX } = settings;
  if (!(allowedLatenessMs >= 0)) throw invalid(`allowedLatenessMs is ${allowedLatenessMs}, not a duration`);
  if (!(historyMs >= DAY_MS)) throw invalid(`historyMs is ${historyMs}, never under a day`);
  if (!Number.isInteger(historyEventsMax) || historyEventsMax < 1 || historyEventsMax > 2 ** 24)
    throw invalid(`historyEventsMax is ${historyEventsMax}, not a count from 1 to ${2 ** 24}`);
  if (!Number.isInteger(distinctEventsMax) || distinctEventsMax < FLAT_EVENTS_MAX)
    throw invalid(`distinctEventsMax is ${distinctEventsMax}, not a count from ${FLAT_EVENTS_MAX}`);
  return { allowedLatenessMs, historyMs, historyEventsMax, distinctEventsMax };
}

function invalid(message: string): WeirError {
  return new WeirError('rule.invalid', message);
}
