/**
 * What the engine makes of one input frame. An outcome frame names the input position it answers and carries, for each
 * accepted event, the event itself beside what followed from it: whoever reads OUTCOMES needs no second stream.
 */
import type { EventType } from '../events/event.ts';

export const DECISIONS = ['approve', 'review', 'decline'] as const;
export type DecisionValue = (typeof DECISIONS)[number];

/** Why a decision was taken: one per rule that fired, in the order of evaluation. */
export interface Reason {
  readonly ruleId: string;
  readonly ruleVersion: number;
  /** Stable, for machines: `card_testing`. */
  readonly code: string;
  /** For people. */
  readonly message: string;
}

/** An event that counted. Duplicates leave no item; `OutcomeHead.duplicates` counts them. */
export interface AcceptedOutcome {
  readonly kind: 'accepted';
  /** Index of the entry in the input frame. */
  readonly index: number;
  readonly type: EventType;
  /** The customer the subject resolved to; the place id for a place. */
  readonly customer: string;
  /** Arrived after the allowed lateness: recorded and counted, but no window holds it. */
  readonly late: boolean;
  /** The encoded entry (`core/codec/entry.ts`). */
  readonly entry: Uint8Array;
}

export interface DecisionOutcome {
  readonly kind: 'decision';
  readonly index: number;
  readonly eventId: string;
  readonly source: string;
  readonly customer: string;
  readonly timeMs: number;
  readonly decision: DecisionValue;
  /** 0 to 100. */
  readonly score: number;
  readonly rulesetVersion: number;
  readonly reasons: readonly Reason[];
  /** Values that the rules read and that the event does not hold, as `rules/` encodes them: expands to an explanation. */
  readonly trace: Uint8Array;
}

/** The dimensions that KPIs group by. An absent value is the empty string. */
export interface KpiDimensions {
  readonly businessLine: string;
  readonly channel: string;
  /** The merchant's or place's city. */
  readonly region: string;
  readonly currency: string;
}

export interface AlertOutcome extends KpiDimensions {
  readonly kind: 'alert';
  readonly index: number;
  readonly alertId: string;
  readonly eventId: string;
  readonly source: string;
  readonly customer: string;
  readonly timeMs: number;
  readonly decision: DecisionValue;
  readonly score: number;
  readonly amount: number;
  readonly merchantId: string;
  readonly rulesetVersion: number;
  readonly reasons: readonly Reason[];
}

export interface OfferPlace {
  readonly id: string;
  readonly name: string;
  readonly category: string;
  readonly lat: number;
  readonly lon: number;
}

export interface OfferOutcome extends KpiDimensions {
  readonly kind: 'offer';
  readonly index: number;
  readonly offerId: string;
  readonly campaignId: string;
  readonly customer: string;
  /** Event time of the event that caused it. */
  readonly timeMs: number;
  readonly validUntilMs: number;
  readonly title: string;
  readonly body: string;
  readonly reason: string;
  readonly place?: OfferPlace;
  readonly distanceM?: number;
  readonly ruleId: string;
  readonly ruleVersion: number;
  readonly rulesetVersion: number;
}

export interface WithdrawnOutcome {
  readonly kind: 'withdrawn';
  readonly index: number;
  readonly offerId: string;
  readonly customer: string;
  readonly timeMs: number;
  readonly reason: string;
}

/** What one second of event time gained, for one combination of dimensions. Sums are integers in minor units. */
/** The figures of a delta that adds nothing. */
export const NO_KPIS = {
  transactions: 0,
  volume: 0,
  approved: 0,
  declined: 0,
  fees: 0,
  costs: 0,
  alerts: 0,
  offers: 0,
};

export interface KpiDelta extends KpiDimensions {
  readonly kind: 'kpi';
  /** Start of the second, milliseconds since the Unix epoch. */
  readonly secondMs: number;
  readonly transactions: number;
  readonly volume: number;
  /** Transactions whose status is approved; pending and reversed ones are in neither count. */
  readonly approved: number;
  readonly declined: number;
  readonly fees: number;
  readonly costs: number;
  readonly alerts: number;
  readonly offers: number;
}

/**
 * Shadow rules fired on an event, or on its timer. Nothing was done about it: every other outcome of the event is what it
 * would have been without them.
 */
export interface ShadowOutcome {
  readonly kind: 'shadow';
  readonly index: number;
  readonly eventId: string;
  readonly source: string;
  readonly customer: string;
  readonly timeMs: number;
  /** What the event would have come to with these rules active. */
  readonly decision: DecisionValue;
  readonly score: number;
  readonly rulesetVersion: number;
  /** In the order of evaluation. */
  readonly rules: readonly { readonly ruleId: string; readonly ruleVersion: number }[];
  /** Further ones that fired, beyond those that one record holds. */
  readonly more: number;
}

/** A rule set went live. One that was staged has its documents in its `RulesetPartOutcome`s. */
export interface RulesetOutcome {
  readonly kind: 'ruleset';
  readonly version: number;
  readonly author: string;
  readonly comment: string;
  readonly documents: readonly unknown[];
  /** Number of parts that it was staged in; absent where `documents` holds all of it. */
  readonly parts?: number;
  /** From where its windows count; absent where the activation did not ask. */
  readonly coverage?: RulesetCoverage;
}

/** From where the windows of a rule set count when it goes live. */
export interface RulesetCoverage {
  /** The position of EVENTS from which on all of them hold every event that is theirs. */
  readonly position: number;
  /** Whether all of them hold all that they look back at. */
  readonly whole: boolean;
  /** Those that the live rules had not, or had not whole. */
  readonly windows: readonly CoveredWindow[];
  /** Further ones, beyond those that one record holds. */
  readonly more: number;
}

/** From where the windows over one kind of events and key count. */
export interface CoveredWindow {
  readonly type: string;
  readonly over: readonly string[];
  /** What is summed, compared or told apart; absent for a count. */
  readonly of?: string;
  readonly where: unknown;
  /** How far the longest of them looks back. */
  readonly reachMs: number;
  readonly position: number;
  /** When the log was at that position, milliseconds since the Unix epoch. */
  readonly timeMs: number;
  /** Whether that is all that they look back at. */
  readonly whole: boolean;
}

/** From the next position on, events are kept for windows that a staged rule set reads and the live one has not. */
export interface WarmingOutcome {
  readonly kind: 'warming';
  readonly version: number;
  /** None: the live rule set has them all. */
  readonly windows: readonly ColdWindow[];
}

export interface ColdWindow {
  /** The signature of the series. */
  readonly series: string;
  readonly type: string;
  /** Whether its key is more than the customer. */
  readonly isKeyed: boolean;
  /** How far back it looks, milliseconds. */
  readonly reachMs: number;
}

/** A part of a rule set was staged. */
export interface RulesetPartOutcome {
  readonly kind: 'ruleset_part';
  readonly version: number;
  readonly part: number;
  readonly documents: readonly unknown[];
}

/** An entry that the engine could not process; it is quarantined and the log goes on. */
export interface PoisonOutcome {
  readonly kind: 'poison';
  readonly index: number;
  readonly message: string;
  readonly entry: Uint8Array;
}

export type Outcome =
  | AcceptedOutcome
  | DecisionOutcome
  | AlertOutcome
  | OfferOutcome
  | WithdrawnOutcome
  | ShadowOutcome
  | KpiDelta
  | RulesetOutcome
  | RulesetPartOutcome
  | WarmingOutcome
  | PoisonOutcome;

export interface OutcomeHead {
  /** Position: the sequence in EVENTS of the frame that this answers. */
  readonly inputSeq: number;
  /** A frame too large for one message is split; parts count from 0 and the position is answered with the final one. */
  readonly part: number;
  readonly final: boolean;
  /** The engine's clock after the frame: the newest tick it has seen. */
  readonly clockMs: number;
  readonly rulesetVersion: number;
  readonly accepted: number;
  readonly duplicates: number;
  readonly late: number;
}

export interface OutcomeFrame {
  readonly head: OutcomeHead;
  readonly outcomes: readonly Outcome[];
}
