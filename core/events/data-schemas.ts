/**
 * What each event type carries in `data`. These schemas are the single source: ingest validates with them, OpenAPI
 * and AsyncAPI publish them, TypeScript types are inferred from them. Money is an integer in minor units of its
 * ISO 4217 currency. Members that a schema does not name are kept and readable by rules.
 */
import Type, { type Static } from 'typebox';

const Id = (description: string) => Type.String({ minLength: 1, maxLength: 256, description });
const Text = (maxLength: number, description: string) => Type.String({ maxLength, description });
const Minor = (description: string) =>
  Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description: `${description}, in minor units` });
const Latitude = Type.Number({ minimum: -90, maximum: 90, description: 'Degrees north, WGS-84' });
const Longitude = Type.Number({ minimum: -180, maximum: 180, description: 'Degrees east, WGS-84' });
const Currency = Type.String({ pattern: '^[A-Z]{3}$', description: 'ISO 4217 code' });
const DateOnly = Type.String({ pattern: '^\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])$', description: 'YYYY-MM-DD' });
const oneOf = <const T extends readonly string[]>(values: T) => Type.Enum(values as unknown as [...T]);

export const TRANSACTION_KINDS = ['purchase', 'transfer', 'topup', 'withdrawal', 'refund', 'bill_payment'] as const;
export const TRANSACTION_STATUSES = ['approved', 'declined', 'pending', 'reversed'] as const;
export const CHANNELS = ['app', 'pos', 'web', 'ussd', 'sms', 'atm'] as const;
export const BUSINESS_LINES = ['B2B', 'B2C', 'B2B2C'] as const;
export const LOCATION_ORIGINS = ['gps', 'cell', 'wifi'] as const;
export const FEEDBACK_ACTIONS = ['seen', 'clicked', 'accepted', 'dismissed', 'redeemed'] as const;

const Merchant = Type.Object({
  id: Id('Merchant id'),
  name: Type.Optional(Text(256, 'Trading name')),
  mcc: Type.Optional(Type.String({ pattern: '^\\d{4}$', description: 'ISO 18245 merchant category code' })),
  city: Type.Optional(Text(128, 'City, the region that KPIs group by')),
  lat: Type.Optional(Latitude),
  lon: Type.Optional(Longitude),
});

const Instrument = Type.Object({
  type: Type.Optional(Text(64, 'credit_card, debit_card, wallet, account …')),
  token: Type.Optional(Text(256, 'Token of the card or account, never the number itself')),
  issuer: Type.Optional(Text(128, 'Issuing bank')),
});

const Device = Type.Object({
  id: Type.Optional(Text(256, 'Device id')),
  ip: Type.Optional(Text(64, 'IP address')),
});

export const TransactionData = Type.Object({
  amount: Minor('Amount'),
  currency: Currency,
  kind: Type.Optional(oneOf(TRANSACTION_KINDS)),
  status: Type.Optional(oneOf(TRANSACTION_STATUSES)),
  declineReason: Type.Optional(Text(256, 'Why the payment was declined')),
  channel: Type.Optional(oneOf(CHANNELS)),
  businessLine: Type.Optional(oneOf(BUSINESS_LINES)),
  department: Type.Optional(Text(128, 'Department of the business line')),
  merchant: Type.Optional(Merchant),
  instrument: Type.Optional(Instrument),
  device: Type.Optional(Device),
  counterparty: Type.Optional(Text(256, 'Customer or account on the other side')),
  lat: Type.Optional(Latitude),
  lon: Type.Optional(Longitude),
  fee: Type.Optional(Minor('Fee earned')),
  cost: Type.Optional(Minor('Cost incurred')),
});

export const LocationData = Type.Object({
  lat: Latitude,
  lon: Longitude,
  accuracyM: Type.Optional(Type.Number({ minimum: 0, maximum: 1_000_000, description: 'Radius of accuracy, metres' })),
  origin: Type.Optional(oneOf(LOCATION_ORIGINS)),
});

export const BillData = Type.Object({
  amount: Minor('Amount due'),
  currency: Currency,
  dueDate: DateOnly,
  issuer: Type.Optional(Text(128, 'Bank or company that bills')),
  instrument: Type.Optional(Instrument),
  paid: Type.Optional(Type.Boolean()),
});

export const ProfileData = Type.Object({
  name: Type.Optional(Text(256, 'Full name')),
  phone: Type.Optional(Text(32, 'Phone number, E.164')),
  email: Type.Optional(Text(256, 'E-mail address')),
  segment: Type.Optional(Text(64, 'Marketing segment')),
  birthDate: Type.Optional(DateOnly),
  homeCity: Type.Optional(Text(128, 'Home city')),
  timeZone: Type.Optional(Text(64, 'IANA zone')),
  language: Type.Optional(Text(16, 'BCP 47 tag')),
  attributes: Type.Optional(Type.Record(Type.String(), Type.Unknown(), { maxProperties: 64 })),
  consents: Type.Optional(
    Type.Object({ marketing: Type.Optional(Type.Boolean()), location: Type.Optional(Type.Boolean()) }),
  ),
  links: Type.Optional(
    Type.Array(
      Type.String({ pattern: '^(phone|card|account|device):.{1,240}$', description: 'Identifier of this customer' }),
      { maxItems: 64 },
    ),
  ),
});

export const LabelData = Type.Object({
  transactionId: Id('Id of the labelled transaction'),
  fraud: Type.Boolean(),
  origin: Type.Optional(Text(64, 'chargeback, analyst, customer …')),
  note: Type.Optional(Text(2_000, 'Free text')),
});

export const OfferFeedbackData = Type.Object({
  offerId: Id('Id of the offer'),
  action: oneOf(FEEDBACK_ACTIONS),
});

export const PlaceData = Type.Object({
  name: Text(256, 'Name'),
  category: Type.String({ minLength: 1, maxLength: 64, description: 'hotel, supermarket, bank, atm, restaurant …' }),
  lat: Latitude,
  lon: Longitude,
  merchantId: Type.Optional(Id('Merchant that trades here')),
  mcc: Type.Optional(Type.String({ pattern: '^\\d{4}$' })),
  acceptsCards: Type.Optional(Type.Array(Text(64, 'Card issuer or scheme'), { maxItems: 64 })),
  discount: Type.Optional(Type.Number({ minimum: 0, maximum: 100, description: 'Per cent off' })),
  openingHours: Type.Optional(Text(256, 'OpenStreetMap opening_hours')),
});

export const DATA_SCHEMAS = {
  transaction: TransactionData,
  location: LocationData,
  bill: BillData,
  profile: ProfileData,
  label: LabelData,
  offer_feedback: OfferFeedbackData,
  place: PlaceData,
} as const;

export type TransactionData = Static<typeof TransactionData>;
export type LocationData = Static<typeof LocationData>;
export type BillData = Static<typeof BillData>;
export type ProfileData = Static<typeof ProfileData>;
export type LabelData = Static<typeof LabelData>;
export type OfferFeedbackData = Static<typeof OfferFeedbackData>;
export type PlaceData = Static<typeof PlaceData>;
