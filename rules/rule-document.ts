/**
 * A rule as people and tools write it: json-rules-engine's JSON plus what Weir needs to run it on a stream. The
 * language itself (conditions, operators, paths) is json-rules-engine's; `compile` and `validate` live beside this.
 */
import { EVENT_TYPES, type EventType } from '../core/events/event.ts';

/** What a rule runs on: an event of a type, or the moment at which an `absence` has lasted long enough. */
export type RuleTrigger = EventType | 'timer';
export const RULE_TRIGGERS: readonly RuleTrigger[] = [...EVENT_TYPES, 'timer'];

/** json-rules-engine's condition tree; its members are read by the compiler, never trusted by type. */
export type ConditionTree = Readonly<Record<string, unknown>>;

/** What a fraud rule does when it fires: adds to the score (0–100) and asks for at least this action. */
export interface FraudEvent {
  readonly type: 'fraud';
  readonly params: {
    readonly action: 'score' | 'review' | 'decline';
    readonly score: number;
    readonly code: string;
    readonly message: string;
  };
}

/**
 * What an offer rule does when it fires. `title` and `body` may hold `{place.name}`, `{place.discount}`,
 * `{distanceM}`, `{bill.amount}`, `{bill.dueInDays}`, `{bill.issuer}`, `{customer.name}`.
 */
export interface OfferEvent {
  readonly type: 'offer';
  readonly params: {
    readonly campaignId: string;
    readonly title: string;
    readonly body: string;
    readonly reason: string;
    /** A duration such as `2h`. */
    readonly validFor: string;
    /** No second offer of this campaign for the same customer (and place) within this duration. */
    readonly cooldown: string;
    /** No second offer of this campaign for the same customer within this duration, wherever it is. */
    readonly spacing?: string;
    readonly businessLine?: string;
  };
}

/** Whether a rule's outcome is acted upon. A shadow rule is evaluated and recorded like any other, and changes nothing. */
export const RULE_MODES = ['active', 'shadow'] as const;
export type RuleMode = (typeof RULE_MODES)[number];

export interface RuleDocument {
  readonly id: string;
  readonly version: number;
  readonly name: string;
  readonly description?: string;
  /** What the rule is evaluated on. */
  readonly on: readonly RuleTrigger[];
  /** Higher first, as in json-rules-engine; 1 when absent. */
  readonly priority?: number;
  /** `active` when absent. */
  readonly mode?: RuleMode;
  readonly conditions: ConditionTree;
  readonly event: FraudEvent | OfferEvent;
}

export function isShadow({ mode }: Pick<RuleDocument, 'mode'>): boolean {
  return mode === 'shadow';
}
