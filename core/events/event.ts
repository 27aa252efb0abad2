/**
 * An event as it travels through Weir: CloudEvents attributes, parsed time, and the data of its type.
 * `EventEnvelope` is what producers send; `WeirEvent` is what ingest makes of it and what the log holds.
 */
import Type, { type Static } from 'typebox';
import type {
  BillData,
  LabelData,
  LocationData,
  OfferFeedbackData,
  PlaceData,
  ProfileData,
  TransactionData,
} from './data-schemas.ts';

/** Append only: the position in this list is what the log stores. */
export const EVENT_TYPES = ['transaction', 'location', 'bill', 'profile', 'label', 'offer_feedback', 'place'] as const;
export type EventType = (typeof EVENT_TYPES)[number];

export const EventEnvelope = Type.Object({
  specversion: Type.Optional(Type.Literal('1.0')),
  type: Type.String({ description: `One of ${EVENT_TYPES.join(', ')}` }),
  id: Type.String({ minLength: 1, maxLength: 256, description: 'Unique within the source' }),
  source: Type.String({ minLength: 1, maxLength: 256, description: 'The producer' }),
  time: Type.String({ minLength: 20, maxLength: 40, description: 'Event time, RFC 3339 with an offset' }),
  subject: Type.String({
    minLength: 1,
    maxLength: 256,
    description: 'The customer, one of its identifiers (phone:…, card:…, account:…, device:…), or the place',
  }),
  data: Type.Object({}),
});
export type EventEnvelope = Static<typeof EventEnvelope>;

export interface EventDataByType {
  transaction: TransactionData;
  location: LocationData;
  bill: BillData;
  profile: ProfileData;
  label: LabelData;
  offer_feedback: OfferFeedbackData;
  place: PlaceData;
}

export interface EventOf<T extends EventType> {
  readonly type: T;
  readonly id: string;
  readonly source: string;
  readonly subject: string;
  /** Event time, milliseconds since the Unix epoch. */
  readonly timeMs: number;
  /** The offset the producer wrote the time with, minutes east of UTC. */
  readonly offsetMinutes: number;
  /** When ingest took it, by its clock; for latency figures only, no decision reads it. */
  readonly receivedMs: number;
  readonly data: EventDataByType[T];
}

export type WeirEvent = { [T in EventType]: EventOf<T> }[EventType];
