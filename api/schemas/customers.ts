/** The single view of a customer: what is stored, and what the processor holds in memory right now. */
import Type, { type Static } from 'typebox';
import { OfferView } from '../live/messages.ts';
import { DecisionSummary, TransactionView } from './decisions.ts';
import { Id, Time } from './shared.ts';

export const CustomerParams = Type.Object({ id: Id });

export const LocationView = Type.Object({
  eventId: Type.String(),
  time: Time,
  lat: Type.Number(),
  lon: Type.Number(),
  accuracyM: Type.Optional(Type.Number()),
  origin: Type.Optional(Type.String()),
});
export type LocationView = Static<typeof LocationView>;

const CustomerOffer = Type.Object({
  ...OfferView.properties,
  cursor: Type.String(),
  holds: Type.Boolean({ description: 'Neither expired nor withdrawn' }),
});

const Available = Type.Object(
  { available: Type.Literal(true), description: Type.Unknown() },
  { description: 'Answered by the processor' },
);
const Unavailable = Type.Object(
  { available: Type.Literal(false), reason: Type.String() },
  { description: 'The processor did not answer in time' },
);

export const CustomerAnswer = Type.Object({
  customer: Type.String(),
  /** Identities, profile, last position and windows, as the processor describes them. */
  state: Type.Union([Available, Unavailable]),
  transactions: Type.Array(TransactionView, { description: 'Newest first' }),
  decisions: Type.Array(DecisionSummary, { description: 'Newest first' }),
  offers: Type.Array(CustomerOffer, { description: 'Newest first' }),
  locations: Type.Array(LocationView, { description: 'Newest first' }),
});
export type CustomerAnswer = Static<typeof CustomerAnswer>;
