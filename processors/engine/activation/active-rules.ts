/**
 * The rule set that is live, taken apart for the engine: windows as series and reads, the other parametrised facts by
 * index, offer rules with their durations, and for which event types there is anything to evaluate.
 */

import { DAY_MS, parseDurationMs } from '../../../core/clock.ts';
import type { EngineSettings } from '../../../core/codec/entry.ts';
import { DEFAULT_ENGINE_SETTINGS } from '../../../core/codec/entry.ts';
import { WeirError } from '../../../core/errors.ts';
import { parseNearby } from '../../../rules/facts/parse-params.ts';
import { canonicalText, isRecord } from '../../../rules/language/canonical.ts';
import type { NearbyParams } from '../../../rules/requirement.ts';
import type { OfferEvent, RuleDocument, RuleTrigger } from '../../../rules/rule-document.ts';
import type { RuleSet } from '../../../rules/ruleset.ts';
import { compileDataPath, type ReadData } from '../windows/data-path.ts';
import { EMPTY_PLAN, planWindows, type WindowPlan } from '../windows/window-plan.ts';

export interface OfferRule {
  readonly params: OfferEvent['params'];
  readonly validForMs: number;
  readonly cooldownMs: number;
  readonly spacingMs: number;
  /** Indexes of the `nearby` values that the rule reads, in the order in which it names them. */
  readonly nearby: readonly number[];
  readonly readsBill: boolean;
}

export interface ActiveRules {
  readonly version: number;
  /** Undefined before the first rule set: the engine then records and approves. */
  readonly ruleSet: RuleSet | undefined;
  readonly settings: EngineSettings;
  readonly plan: WindowPlan;
  readonly valueCount: number;
  /** Whether a rule may look at a transaction as a whole, not only at members by name: it must then be decoded. */
  readonly readsWholeTransaction: boolean;
  readonly types: ReadonlySet<RuleTrigger>;
  readonly nearby: readonly { readonly index: number; readonly params: NearbyParams }[];
  readonly travel: readonly number[];
  readonly lists: readonly { readonly index: number; readonly list: string; readonly read: ReadData }[];
  /** By rule id. */
  readonly offers: ReadonlyMap<string, OfferRule>;
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

/** Throws a `WeirError` `rule.invalid` where settings or durations are out of bounds. `idOf` gives a series its id. */
export function activateRules(
  ruleSet: RuleSet,
  wanted: EngineSettings,
  idOf: (signature: string) => number,
): ActiveRules {
  const settings = checkSettings(wanted);
  const { requirements, documents } = ruleSet;
  const nearby: { index: number; params: NearbyParams }[] = [];
  const travel: number[] = [];
  const lists: { index: number; list: string; read: ReadData }[] = [];
  for (const requirement of requirements) {
    if (requirement.kind === 'nearby') nearby.push({ index: requirement.index, params: requirement.params });
    else if (requirement.kind === 'travel') travel.push(requirement.index);
    else if (requirement.kind === 'list') {
      const { list, path } = requirement.params;
      lists.push({ index: requirement.index, list, read: compileDataPath(path) });
    }
  }
  const offers = new Map<string, OfferRule>();
  for (const document of documents) {
    if (document.event.type === 'offer') offers.set(document.id, offerRule(document, document.event.params, nearby));
  }
  return {
    version: ruleSet.version,
    ruleSet,
    settings,
    plan: planWindows(requirements, ruleSet.shadowRequirements, idOf),
    valueCount: requirements.length,
    readsWholeTransaction: documents.some(readsWholeTransaction),
    types: new Set(documents.flatMap((document) => document.on)),
    nearby,
    travel,
    lists,
    offers,
  };
}

function checkSettings(settings: EngineSettings): EngineSettings {
  const { allowedLatenessMs, historyMs, historyEventsMax } = settings;
  if (!(allowedLatenessMs >= 0)) throw invalid(`allowedLatenessMs is ${allowedLatenessMs}, not a duration`);
  if (!(historyMs >= DAY_MS)) throw invalid(`historyMs is ${historyMs}, never under a day`);
  if (!Number.isInteger(historyEventsMax) || historyEventsMax < 1 || historyEventsMax > 2 ** 24)
    throw invalid(`historyEventsMax is ${historyEventsMax}, not a count from 1 to ${2 ** 24}`);
  return { allowedLatenessMs, historyMs, historyEventsMax };
}

function offerRule(
  document: RuleDocument,
  params: OfferEvent['params'],
  requirements: ActiveRules['nearby'],
): OfferRule {
  const validForMs = parseDurationMs(params.validFor);
  const cooldownMs = parseDurationMs(params.cooldown);
  const spacingMs = params.spacing === undefined ? 0 : parseDurationMs(params.spacing);
  if (validForMs === undefined || cooldownMs === undefined || spacingMs === undefined)
    throw invalid(`rule ${document.id}: validFor, cooldown and spacing are durations such as 2h`);
  const nearby: number[] = [];
  let readsBill = `${params.title}${params.body}`.includes('{bill.');
  visitFacts(document.conditions, (fact, factParams) => {
    if (fact === 'bill') readsBill = true;
    if (fact !== 'nearby' || !isRecord(factParams)) return;
    const wanted = canonicalText(parseNearby(factParams, () => undefined));
    const found = requirements.find((requirement) => canonicalText(requirement.params) === wanted);
    if (found !== undefined && !nearby.includes(found.index)) nearby.push(found.index);
  });
  return { params, validForMs, cooldownMs, spacingMs, nearby, readsBill };
}

/** Paths of plain names, at least one: what such a path gives does not depend on which other members there are. */
const MEMBER_PATH = /^\$(?:\.[A-Za-z_][A-Za-z0-9_]*)+$/;

function readsWholeTransaction({ conditions }: RuleDocument): boolean {
  let whole = false;
  visitFacts(conditions, (fact, _params, path) => {
    if (fact === 'transaction' && !(typeof path === 'string' && MEMBER_PATH.test(path))) whole = true;
  });
  return whole;
}

/** Every fact that a condition tree reads, also inside values and parameters. */
function visitFacts(node: unknown, visit: (fact: unknown, params: unknown, path: unknown) => void): void {
  if (Array.isArray(node)) {
    for (const child of node) visitFacts(child, visit);
  } else if (isRecord(node)) {
    if ('fact' in node) visit(node.fact, node.params, node.path);
    for (const child of Object.values(node)) visitFacts(child, visit);
  }
}

function invalid(message: string): WeirError {
  return new WeirError('rule.invalid', message);
}
