/**
 * Every message of the WebSocket `/v1/live`, both ways. The socket checks what clients send against these schemas,
 * AsyncAPI publishes them, and the dashboard imports the types. Times are RFC 3339 in UTC with milliseconds, amounts
 * integers in minor units.
 */
import Type, { type Static } from 'typebox';
import { FEEDBACK_ACTIONS } from '../../core/events/data-schemas.ts';
import { DECISIONS } from '../../core/outcomes/outcome.ts';

const Time = Type.String({ description: 'RFC 3339, UTC' });
const Count = Type.Integer({ minimum: 0 });
const Cursor = Type.String({
  maxLength: 40,
  description: 'Where in the outcome log this lies: "<outcomeSeq>.<item>"',
});

/** What KPIs may be grouped by. */
export const KPI_DIMENSIONS = ['businessLine', 'channel', 'region', 'currency'] as const;
export const KpiDimension = Type.Enum([...KPI_DIMENSIONS], { description: 'What the cells are grouped by' });
export type KpiDimension = Static<typeof KpiDimension>;

export const AuthMessage = Type.Object(
  { type: Type.Literal('auth'), token: Type.String({ minLength: 1, maxLength: 4_096 }) },
  { description: 'First message where the request carried no Authorization header' },
);
export const SubscribeOffers = Type.Object(
  {
    type: Type.Literal('subscribe'),
    channel: Type.Literal('offers'),
    cursor: Type.Optional(Cursor),
  },
  { description: "The token's customer's offers after the cursor, or all that still hold without one" },
);
export const SubscribeKpis = Type.Object(
  { type: Type.Literal('subscribe'), channel: Type.Literal('kpis'), by: Type.Optional(KpiDimension) },
  { description: 'A snapshot, then what is gained' },
);
export const SubscribeAlerts = Type.Object(
  { type: Type.Literal('subscribe'), channel: Type.Literal('alerts'), cursor: Type.Optional(Cursor) },
  { description: 'Alerts from now on, or after the cursor' },
);
export const FeedbackMessage = Type.Object(
  {
    type: Type.Literal('feedback'),
    offerId: Type.String({ minLength: 1, maxLength: 256 }),
    action: Type.Enum([...FEEDBACK_ACTIONS]),
  },
  { description: 'What the customer did with an offer' },
);
export const ClientMessage = Type.Union([
  AuthMessage,
  SubscribeOffers,
  SubscribeKpis,
  SubscribeAlerts,
  FeedbackMessage,
]);
export type ClientMessage = Static<typeof ClientMessage>;

export const CHANNELS_LIVE = ['offers', 'kpis', 'alerts'] as const;
export type LiveChannel = (typeof CHANNELS_LIVE)[number];

export const SubscribedMessage = Type.Object(
  { type: Type.Literal('subscribed'), channel: Type.Enum([...CHANNELS_LIVE]) },
  { description: 'The channel is open' },
);

const OfferPlaceView = Type.Object({
  id: Type.String(),
  name: Type.String(),
  category: Type.String(),
  lat: Type.Number(),
  lon: Type.Number(),
});
export const OfferView = Type.Object({
  offerId: Type.String(),
  campaignId: Type.String(),
  title: Type.String(),
  body: Type.String(),
  reason: Type.String(),
  time: Time,
  validUntil: Time,
  place: Type.Optional(OfferPlaceView),
  distanceM: Type.Optional(Type.Number({ minimum: 0 })),
});
export type OfferView = Static<typeof OfferView>;
export const OfferMessage = Type.Object(
  { type: Type.Literal('offer'), cursor: Cursor, data: OfferView },
  { description: 'An offer that holds now' },
);
export type OfferMessage = Static<typeof OfferMessage>;
export const WithdrawnMessage = Type.Object(
  {
    type: Type.Literal('withdrawn'),
    cursor: Cursor,
    data: Type.Object({ offerId: Type.String(), reason: Type.String() }),
  },
  { description: 'An offer holds no longer' },
);

export const KpiCell = Type.Object({
  time: Type.String({ description: 'Start of the second or minute, RFC 3339, UTC' }),
  key: Type.String({ description: 'Value of the dimension, "" where the subscription names none' }),
  currency: Type.String(),
  transactions: Count,
  volume: Type.Integer({ description: 'Minor units of the currency' }),
  approved: Count,
  declined: Count,
  fees: Type.Integer(),
  costs: Type.Integer(),
  alerts: Count,
  offers: Count,
});
export type KpiCell = Static<typeof KpiCell>;
const Position = Type.Integer({ minimum: 0, description: 'Log position that the figures hold for' });
const KpiSnapshot = Type.Object(
  {
    mode: Type.Literal('snapshot'),
    by: Type.Optional(KpiDimension),
    minutes: Type.Array(KpiCell, { description: 'The last 60 minutes, by minute' }),
    seconds: Type.Array(KpiCell, { description: 'The last 120 seconds, by second' }),
  },
  { description: 'Where a subscription starts' },
);
const KpiIncrement = Type.Object(
  {
    mode: Type.Literal('increment'),
    by: Type.Optional(KpiDimension),
    cells: Type.Array(KpiCell, { description: 'By second: what was gained since the last message' }),
  },
  { description: 'To be added to what the snapshot gave' },
);
export const KpisMessage = Type.Object(
  { type: Type.Literal('kpis'), position: Position, data: Type.Union([KpiSnapshot, KpiIncrement]) },
  { description: 'Figures; at most four messages a second' },
);
export type KpisMessage = Static<typeof KpisMessage>;

const ReasonView = Type.Object({
  ruleId: Type.String(),
  ruleVersion: Type.Integer(),
  code: Type.String(),
  message: Type.String(),
});
export const AlertView = Type.Object({
  alertId: Type.String(),
  eventId: Type.String(),
  customer: Type.String(),
  time: Time,
  decision: Type.Enum([...DECISIONS]),
  score: Type.Number({ minimum: 0, maximum: 100 }),
  amount: Type.Integer(),
  currency: Type.String(),
  merchantId: Type.String(),
  reasons: Type.Array(ReasonView),
  businessLine: Type.String(),
  channel: Type.String(),
  region: Type.String(),
});
export type AlertView = Static<typeof AlertView>;
export const AlertMessage = Type.Object(
  { type: Type.Literal('alert'), cursor: Cursor, data: AlertView },
  { description: 'A decision that needs a person' },
);
export type AlertMessage = Static<typeof AlertMessage>;

export const OkMessage = Type.Object(
  { type: Type.Literal('ok'), for: Type.Enum(['auth', 'feedback']), offerId: Type.Optional(Type.String()) },
  { description: 'Done; for feedback, the log has it' },
);
export const ErrorMessage = Type.Object(
  { type: Type.Literal('error'), code: Type.String(), message: Type.String() },
  { description: 'The last message was not taken; the socket stays' },
);
export type ErrorMessage = Static<typeof ErrorMessage>;

export const ServerMessage = Type.Union([
  SubscribedMessage,
  OfferMessage,
  WithdrawnMessage,
  KpisMessage,
  AlertMessage,
  OkMessage,
  ErrorMessage,
]);
export type ServerMessage = Static<typeof ServerMessage>;

/** Close codes of the socket, beside those of RFC 6455. */
export const CLOSE_CODES = {
  /** No valid token within five seconds, or the token has ended. */
  noToken: 4401,
  /** The role may not see the channel. */
  notAllowed: 4403,
  /** The client reads too slowly. */
  tooSlow: 4408,
} as const;
