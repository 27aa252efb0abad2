/**
 * The seam between rules and engine. The engine builds a `RuleInput` for each event, asks `evaluate`, and stores
 * `trace` with the decision; whoever holds the same rule set and the event expands the trace to the full explanation.
 */
import type { ByteWriter } from '../core/codec/byte-writer.ts';
import type { Selectivity } from './compiler/selectivity.ts';
import type { Requirement } from './requirement.ts';
import type { RuleDocument, RuleTrigger } from './rule-document.ts';

/** One event as rules see it. `facts` by name: event, transaction, location, bill, customer, merchant, device. */
export interface RuleInput {
  readonly type: RuleTrigger;
  readonly facts: Readonly<Record<string, unknown>>;
  /** By `Requirement.index`; `undefined` where the engine has no value. */
  readonly values: readonly unknown[];
}

/** The outcome of one condition: a leaf compares, a branch combines. */
export interface ExplainedCondition {
  readonly pointer: string;
  readonly kind: 'all' | 'any' | 'not' | 'condition' | 'leaf';
  readonly result: boolean;
  /** Leaves only. */
  readonly fact?: string;
  readonly path?: string;
  readonly params?: unknown;
  readonly operator?: string;
  readonly actual?: unknown;
  readonly wanted?: unknown;
  /** What was compared is an estimate: distinct values of a window with very many events. */
  readonly approximate?: true;
  readonly children?: readonly ExplainedCondition[];
}

/** One fact that, had it been so, would have made the rule fire (or stay silent), all else equal. */
export interface NearestChange {
  /** Where the comparison stands that the change turns. */
  readonly pointer: string;
  readonly fact: string;
  readonly path?: string;
  readonly params?: unknown;
  readonly from: unknown;
  readonly to: unknown;
  /** How far `to` lies from `from`: relative for numbers, 1 for anything else. */
  readonly distance: number;
}

export interface RuleExplanation {
  readonly ruleId: string;
  readonly ruleVersion: number;
  readonly name: string;
  /** Present where the rule's outcome was not acted upon. */
  readonly mode?: 'shadow';
  readonly fired: boolean;
  readonly conditions: ExplainedCondition;
  /** For a rule that did not fire: the first condition that failed. */
  readonly firstFailure?: ExplainedCondition;
  /** The nearest single change that would flip `fired`; absent where no single change does. */
  readonly nearestChange?: NearestChange;
}

export interface RuleSet {
  readonly version: number;
  readonly documents: readonly RuleDocument[];
  readonly requirements: readonly Requirement[];
  /** Indexes of the requirements that no rule but shadow rules read. */
  readonly shadowRequirements: ReadonlySet<number>;
  /** Documents that fired, shadow rules included, highest priority first, then in document order. Never throws on any facts. */
  evaluate(input: RuleInput): readonly RuleDocument[];
  /** `evaluate` and `trace` in one pass over the facts: appends the trace's bytes to `writer`. */
  evaluateTraced(input: RuleInput, writer: ByteWriter): readonly RuleDocument[];
  /** Counts which comparisons hold on this input, some of them at each call: see `selectivity`. Changes no result. */
  sample(input: RuleInput): void;
  /** How often comparisons held on the sampled inputs; a later version of the rules is compiled by it. */
  readonly selectivity: Selectivity;
  /** Every value that rules for this event type read and that is not in the event itself, as bytes. */
  trace(input: RuleInput): Uint8Array;
  /** Every rule that applies to this type, fired or not, with actual and wanted values. */
  explain(input: RuleInput): readonly RuleExplanation[];
  /** The input that `trace` was made from: `eventFacts` are those that come from the event alone. */
  expandTrace(trace: Uint8Array, type: RuleTrigger, eventFacts: Readonly<Record<string, unknown>>): RuleInput;
}
