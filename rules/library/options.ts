/** What users of the published library pass in and get back; names and meanings are json-rules-engine's. */
import type { DecoratorTest, OperatorTest } from '../language/operators.ts';
import type { PathResolver } from '../language/path.ts';

export interface LibraryEvent {
  readonly type: string;
  readonly params?: Readonly<Record<string, unknown>>;
}

/** A condition with what it compared, as json-rules-engine's results show it. */
export interface ConditionResult {
  readonly result: boolean;
  readonly [member: string]: unknown;
}

export interface LibraryRuleResult {
  readonly conditions: ConditionResult;
  readonly event: LibraryEvent;
  readonly priority: number;
  readonly name: unknown;
  readonly result: boolean;
}

export interface EvaluationResult {
  readonly events: readonly LibraryEvent[];
  readonly failureEvents: readonly LibraryEvent[];
  readonly results: readonly LibraryRuleResult[];
  readonly failureResults: readonly LibraryRuleResult[];
}

/** What handlers and function facts may ask for and add while an evaluation runs. */
export interface Almanac {
  /** The value of a fact now; a promise of it under `evaluateAsync`. */
  factValue(name: string, params?: Readonly<Record<string, unknown>>, path?: string): unknown;
  /** Rules of lower priority see it. */
  addFact(name: string, value: unknown): void;
  addRuntimeFact(name: string, value: unknown): void;
  /** Rules of lower priority are not evaluated any more. */
  stop(): void;
}

export type Handler = (event: LibraryEvent, almanac: Almanac, result: LibraryRuleResult) => unknown;
export type EventHandler = (params: LibraryEvent['params'], almanac: Almanac, result: LibraryRuleResult) => unknown;

export interface LibraryOptions {
  /** Named conditions. */
  readonly conditions?: Readonly<Record<string, unknown>>;
  readonly operators?: Readonly<Record<string, OperatorTest>>;
  readonly decorators?: Readonly<Record<string, DecoratorTest>>;
  /** Facts of every evaluation: values, or functions of parameters. */
  readonly facts?: Readonly<Record<string, unknown>>;
  /** A missing fact is undefined instead of an error. */
  readonly allowUndefinedFacts?: boolean;
  /** A reference to a condition that does not exist is false instead of an error. */
  readonly allowUndefinedConditions?: boolean;
  readonly replaceFactsInEventParams?: boolean;
  readonly pathResolver?: PathResolver;
  /** `match`: an empty all or any is true, as in json-rules-engine; refused unless said so. */
  readonly emptyConditions?: 'refuse' | 'match';
  /** Whether JavaScript may be generated; `true` unless said otherwise. Results are the same either way. */
  readonly generate?: boolean;
  readonly onSuccess?: Handler;
  readonly onFailure?: Handler;
  /** By event type, when a rule succeeds. */
  readonly on?: Readonly<Record<string, EventHandler>>;
}
