/**
 * The engine in tests that read as sentences: given these rules and events, when this event comes, then these rules
 * fired. A scenario feeds a real engine with real frames; `probeValues` shows what windows said without any rule language.
 */

import { parseInstant } from '../../../core/clock.ts';
import { ByteWriter } from '../../../core/codec/byte-writer.ts';
import { DEFAULT_ENGINE_SETTINGS, type EngineSettings, type Entry, encodeEntry } from '../../../core/codec/entry.ts';
import { encodeFrame } from '../../../core/codec/frame.ts';
import type { EventDataByType, EventOf, EventType, WeirEvent } from '../../../core/events/event.ts';
import type { DecisionOutcome, OfferOutcome, Outcome, OutcomeFrame } from '../../../core/outcomes/outcome.ts';
import { decodeOutcomeFrame } from '../../../core/outcomes/outcome-codec.ts';
import { createEngine, type Engine, type EngineOptions, restoreEngine } from '../../../processors/engine/engine.ts';
import type { Requirement } from '../../../rules/requirement.ts';
import type { RuleInput, RuleSet } from '../../../rules/ruleset.ts';

const writer = new ByteWriter();
const frameWriter = new ByteWriter();
const NO_BYTES = new Uint8Array(0);

export function encodeEntries(entries: readonly (Entry | Uint8Array)[]): Uint8Array {
  const items = entries.map((entry) => {
    if (entry instanceof Uint8Array) return entry;
    writer.reset();
    encodeEntry(writer, entry);
    return writer.take();
  });
  return encodeFrame(frameWriter, items);
}

export function rulesetEntry(
  documents: readonly unknown[],
  settings: Partial<EngineSettings> = {},
  version = 1,
): Extract<Entry, { kind: 'ruleset' }> {
  const full = { ...DEFAULT_ENGINE_SETTINGS, ...settings };
  return { kind: 'ruleset', version, settings: full, documents, author: 'test', comment: '' };
}

let made = 0;

/** An event with sensible attributes; `at` is RFC 3339 (its offset counts) or milliseconds. */
export function anEvent<T extends EventType>(
  type: T,
  subject: string,
  at: string | number,
  data: EventDataByType[T],
  attributes: { readonly id?: string; readonly source?: string } = {},
): EventOf<T> {
  const instant = typeof at === 'number' ? { timeMs: at, offsetMinutes: 0 } : parseInstant(at);
  if (instant === undefined) throw new Error(`${at} is no time`);
  const { id = `e-${++made}`, source = 'test' } = attributes;
  return { type, id, source, subject, ...instant, receivedMs: 0, data };
}

export function aPayment(
  subject: string,
  at: string | number,
  data: Partial<EventDataByType['transaction']> = {},
  attributes: { readonly id?: string; readonly source?: string } = {},
): EventOf<'transaction'> {
  const payment = { amount: 1_000, currency: 'CNY', kind: 'purchase', status: 'approved', ...data } as const;
  return anEvent('transaction', subject, at, payment as EventDataByType['transaction'], attributes);
}

export interface Scenario {
  readonly engine: Engine;
  /** Each event in a frame of its own. */
  givenEvents(...events: readonly WeirEvent[]): Scenario;
  givenList(name: string, ...values: readonly (string | { value: string; expiresMs?: number })[]): Scenario;
  givenRules(documents: readonly unknown[], settings?: Partial<EngineSettings>): Scenario;
  givenTick(timeMs: number): Scenario;
  /** The event that the questions below are about. */
  whenEvent(event: WeirEvent): Scenario;
  /** One frame of anything, damaged entries included. */
  whenFrame(...entries: readonly (Entry | Uint8Array)[]): Scenario;
  /** Snapshot and restore: nothing may change. */
  whenRestarted(): Scenario;
  outcomes(): readonly Outcome[];
  heads(): readonly OutcomeFrame['head'][];
  decision(): DecisionOutcome;
  offers(): readonly OfferOutcome[];
  withdrawn(): readonly string[];
  /** Ids of the rules that gave a reason or an offer, in order. */
  firedRules(): readonly string[];
}

/** Starts with `documents` as rule set 1; without any, the engine has no rule set. */
export function createScenario(
  documents: readonly unknown[] = [],
  settings: Partial<EngineSettings> = {},
  options: EngineOptions = {},
): Scenario {
  let engine = createEngine(options);
  let frames: OutcomeFrame[] = [];
  let version = 0;
  const step = (entries: readonly (Entry | Uint8Array)[]): void => {
    frames = engine.step(engine.position + 1, encodeEntries(entries)).map((part) => decodeOutcomeFrame(part));
  };
  const outcomes = (): Outcome[] => frames.flatMap((frame) => frame.outcomes);
  const ofKind = <K extends Outcome['kind']>(kind: K) =>
    outcomes().filter((outcome): outcome is Extract<Outcome, { kind: K }> => outcome.kind === kind);

  const scenario: Scenario = {
    get engine() {
      return engine;
    },
    givenEvents(...events) {
      for (const event of events) {
        step([{ kind: 'event', event }]);
        const [poison] = ofKind('poison');
        if (poison !== undefined) throw new Error(`event ${event.id} is poison: ${poison.message}`);
      }
      return scenario;
    },
    givenList(name, ...values) {
      const entries = values.map((value) => (typeof value === 'string' ? { value } : value));
      step([{ kind: 'list', name, entries }]);
      return scenario;
    },
    givenRules(next, nextSettings = settings) {
      step([rulesetEntry(next, nextSettings, ++version)]);
      const [poison] = ofKind('poison');
      if (poison !== undefined) throw new Error(`the rules are refused: ${poison.message}`);
      return scenario;
    },
    givenTick(timeMs) {
      step([{ kind: 'tick', timeMs }]);
      return scenario;
    },
    whenEvent: (event) => scenario.givenEvents(event),
    whenFrame(...entries) {
      step(entries);
      return scenario;
    },
    whenRestarted() {
      engine = restoreEngine(engine.snapshot(), options);
      return scenario;
    },
    outcomes,
    heads: () => frames.map((frame) => frame.head),
    decision() {
      const [decision] = ofKind('decision');
      if (decision === undefined) throw new Error('there is no decision');
      return decision;
    },
    offers: () => ofKind('offer'),
    withdrawn: () => ofKind('withdrawn').map((outcome) => outcome.offerId),
    firedRules: () => [
      ...ofKind('decision').flatMap((decision) => decision.reasons.map((reason) => reason.ruleId)),
      ...ofKind('offer').map((offer) => offer.ruleId),
    ],
  };
  if (documents.length > 0 || Object.keys(settings).length > 0) scenario.givenRules(documents);
  return scenario;
}

export type RequirementBody = Requirement extends infer R
  ? R extends unknown
    ? Omit<R, 'index' | 'id'>
    : never
  : never;

/** An engine whose only rule set asks for `requirements` and tells every input to `see`. */
export function probeValues(requirements: readonly RequirementBody[], see: (input: RuleInput) => void): EngineOptions {
  const numbered = requirements.map((body, index) => ({ ...body, index, id: String(index) }) as Requirement);
  const types: readonly EventType[] = ['transaction', 'location', 'label', 'bill'];
  const document = {
    id: 'probe',
    version: 1,
    name: 'probe',
    on: types,
    conditions: {},
    event: { type: 'fraud', params: { action: 'score', score: 0, code: 'probe', message: '' } },
  } as const;
  const look = (input: RuleInput) => {
    see({ ...input, values: [...input.values] });
    return [];
  };
  const ruleSet = (version: number): RuleSet => ({
    version,
    documents: [document],
    requirements: numbered,
    shadowRequirements: new Set(),
    evaluate: look,
    evaluateTraced: look,
    trace: () => NO_BYTES,
    explain: () => [],
    sample: () => undefined,
    selectivity: new Map(),
    expandTrace: (_trace, type, facts) => ({ type, facts, values: [] }),
  });
  return { compileRuleSet: ruleSet };
}
