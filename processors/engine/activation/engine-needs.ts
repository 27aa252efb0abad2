/**
 * What the engine must know of a rule set before it can be live, whatever state it meets: the parametrised facts by index,
 * offer rules with their durations, for which event types there is anything to evaluate. Every document is looked at, so
 * it is part of the compiler's work between frames: ten thousand rules in one go took 8 ms of every event behind them.
 */
import { parseDurationMs } from '../../../core/clock.ts';
import { WeirError } from '../../../core/errors.ts';
import { parseNearby } from '../../../rules/facts/parse-params.ts';
import { canonicalText, isRecord } from '../../../rules/language/canonical.ts';
import type { NearbyParams } from '../../../rules/requirement.ts';
import type { OfferEvent, RuleDocument, RuleTrigger } from '../../../rules/rule-document.ts';
import type { RuleSet } from '../../../rules/ruleset.ts';
import { compileDataPath, type ReadData } from '../windows/data-path.ts';

export interface OfferRule {
  readonly params: OfferEvent['params'];
  readonly validForMs: number;
  readonly cooldownMs: number;
  readonly spacingMs: number;
  /** Indexes of the `nearby` values that the rule reads, in the order in which it names them. */
  readonly nearby: readonly number[];
  readonly readsBill: boolean;
}

export interface EngineNeeds {
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

/** A rule set that is ready to go live. */
export interface PreparedRules {
  readonly ruleSet: RuleSet;
  readonly needs: EngineNeeds;
}

/** Documents between two yields: a fifth of a millisecond. */
const DOCUMENTS_PER_SLICE = 256;

/** Throws a `WeirError` `rule.invalid` where the durations of an offer are none. */
export function* prepareRules(ruleSet: RuleSet): Generator<void, PreparedRules> {
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
  const types = new Set<RuleTrigger>();
  let isWholeRead = false;
  let done = 0;
  for (const document of documents) {
    for (const type of document.on) types.add(type);
    if (document.event.type === 'offer') offers.set(document.id, offerRule(document, document.event.params, nearby));
    isWholeRead ||= readsWholeTransaction(document);
    if (++done % DOCUMENTS_PER_SLICE === 0) yield;
  }
  const valueCount = requirements.length;
  const needs = { valueCount, readsWholeTransaction: isWholeRead, types, nearby, travel, lists, offers };
  return { ruleSet, needs };
}

function offerRule(
  document: RuleDocument,
  params: OfferEvent['params'],
  requirements: EngineNeeds['nearby'],
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
