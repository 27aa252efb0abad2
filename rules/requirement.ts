/**
 * What a rule set asks of the engine beside the event: one requirement per distinct parametrised fact, deduplicated by
 * meaning. The engine hands their values to the evaluator in an array indexed by `Requirement.index`.
 */
import type { EventType } from '../core/events/event.ts';

export const WINDOW_AGGREGATES = [
  'count',
  'sum',
  'avg',
  'min',
  'max',
  'distinct',
  'stddev',
  'first',
  'last',
  'rate',
  'percentile',
] as const;
export type WindowAggregate = (typeof WINDOW_AGGREGATES)[number];

/** The keys that have names. Two joined by `+` are a pair, such as `customer+device`. */
export const WINDOW_KEYS = ['customer', 'card', 'device', 'merchant', 'ip', 'counterparty'] as const;
export type NamedKey = (typeof WINDOW_KEYS)[number];
/** Which key's events are looked at: one with a name, or what stands at a path of the event's data. */
export type WindowKey = NamedKey | `$.${string}`;

export type Scalar = string | number | boolean;
/** A path into `data` → the value it must equal, the values it may equal, or bounds. */
export type WhereClause =
  | Scalar
  | readonly Scalar[]
  | { readonly gt?: number; readonly gte?: number; readonly lt?: number; readonly lte?: number; readonly not?: Scalar };
export type Where = Readonly<Record<string, WhereClause>>;

/**
 * A sliding window over the events of one key: (t − offset − last, t − offset], the current event included where it
 * matches. Without a matching event, count, sum, distinct and rate are 0 and the others are undefined; `stddev` (of the
 * sample) needs two. `rate` is the count, or with `of` the sum, per second of the window's length. `percentile` is by
 * nearest rank, `first` and `last` are the values of the oldest and newest event.
 */
export interface WindowParams {
  readonly aggregate: WindowAggregate;
  /** Path into `data` of a number (or, for `distinct`, of any scalar), such as `$.amount`; not for `count`. */
  readonly of?: string;
  /** Which percentile, above 0 and at most 100; for `percentile` only. */
  readonly p?: number;
  readonly over: readonly WindowKey[];
  /** Reads the window at another key's value: `over: counterparty, at: customer` is what this customer received. */
  readonly at?: readonly WindowKey[];
  readonly lastMs: number;
  readonly offsetMs: number;
  /** The event type that feeds the window; `transaction` unless said otherwise. A `label` counts for its transaction's keys. */
  readonly type: 'transaction' | 'location' | 'label';
  readonly where: Where;
}

/** Seconds since the key's previous matching event, the current one excluded; undefined if there is none. */
export interface RecencyParams {
  readonly over: readonly WindowKey[];
  readonly type: 'transaction' | 'location' | 'label';
  readonly where: Where;
}

/** Events of one type that fit a `where`. */
export interface EventFilter {
  readonly type: 'transaction' | 'location' | 'label';
  readonly where: Where;
}

/** A step that must come `times` times, or one that must not come between its neighbours. */
export type SequenceStep = (EventFilter & { readonly times: number }) | { readonly not: EventFilter };

/** Whether the current event is the last step of an ordered sequence of one key's events, the first within `withinMs`. */
export interface SequenceParams {
  readonly over: readonly NamedKey[];
  readonly withinMs: number;
  readonly steps: readonly SequenceStep[];
}

/** Whether, for `forMs` after an event that fits `after`, no event of the same key came that fits `of`. */
export interface AbsenceParams {
  readonly over: readonly NamedKey[];
  /** What sets the timer; of types other than transaction and label the only key is the customer. */
  readonly after: { readonly type: Exclude<EventType, 'place'>; readonly where: Where };
  readonly of: EventFilter;
  readonly forMs: number;
}

/** The best place of a category within a radius: `{count, id, name, category, lat, lon, distanceM, discount, acceptsCards}`. */
export interface NearbyParams {
  readonly category: string;
  readonly radiusM: number;
  /** `acceptsCard`: takes a card that this customer holds; `minDiscount`: per cent. */
  readonly acceptsCard?: boolean;
  readonly minDiscount?: number;
}

export type Requirement =
  | { readonly index: number; readonly id: string; readonly kind: 'window'; readonly params: WindowParams }
  | { readonly index: number; readonly id: string; readonly kind: 'recency'; readonly params: RecencyParams }
  /** `{distanceM, seconds, speedKmh}` since the customer's previous located event; undefined without one. */
  | { readonly index: number; readonly id: string; readonly kind: 'travel' }
  | { readonly index: number; readonly id: string; readonly kind: 'sequence'; readonly params: SequenceParams }
  | { readonly index: number; readonly id: string; readonly kind: 'absence'; readonly params: AbsenceParams }
  | { readonly index: number; readonly id: string; readonly kind: 'nearby'; readonly params: NearbyParams }
  /** Whether the value at `path` of the event's data is on the list now. */
  | {
      readonly index: number;
      readonly id: string;
      readonly kind: 'list';
      readonly params: { readonly list: string; readonly path: string };
    };
