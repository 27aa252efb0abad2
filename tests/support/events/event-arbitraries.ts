/** Valid events as producers send them, of every type, with members that no schema names and all of Unicode. */
import fc from 'fast-check';
import {
  BUSINESS_LINES,
  CHANNELS,
  FEEDBACK_ACTIONS,
  LOCATION_ORIGINS,
  TRANSACTION_KINDS,
  TRANSACTION_STATUSES,
} from '../../../core/events/data-schemas.ts';

/** The newest event time made, as the clock of a test may read. */
export const ARBITRARY_NOW_MS = Date.parse('2026-11-23T12:00:00Z');

export interface RawEvent {
  specversion?: string;
  type: string;
  id: string;
  source: string;
  time: string;
  subject: string;
  data: Record<string, unknown>;
}

const id = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 24 });
const words = fc.string({ unit: 'grapheme', maxLength: 40 });
const minor = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const coordinate = (limit: number) =>
  fc.double({ min: -limit, max: limit, noNaN: true }).map((value) => (Object.is(value, -0) ? 0 : value));
const lat = coordinate(90);
const lon = coordinate(180);
const mcc = fc.stringMatching(/^\d{4}$/);
const currency = fc.constantFrom('CNY', 'USD', 'EUR', 'JPY', 'KES');
const day = fc
  .date({ min: new Date('1930-01-01'), max: new Date('2030-12-31'), noInvalidDate: true })
  .map((date) => date.toISOString().slice(0, 10));
const instrument = fc.record({ type: words, token: id, issuer: words }, { requiredKeys: [] });
const optional = <T extends Record<string, fc.Arbitrary<unknown>>, K extends keyof T & string>(
  model: T,
  ...required: K[]
) => fc.record(model, { requiredKeys: required });

const DATA = {
  transaction: optional(
    {
      amount: minor,
      currency,
      kind: fc.constantFrom(...TRANSACTION_KINDS),
      status: fc.constantFrom(...TRANSACTION_STATUSES),
      declineReason: words,
      channel: fc.constantFrom(...CHANNELS),
      businessLine: fc.constantFrom(...BUSINESS_LINES),
      department: words,
      merchant: optional({ id, name: words, mcc, city: words, lat, lon }, 'id'),
      instrument,
      device: fc.record({ id, ip: fc.ipV4() }, { requiredKeys: [] }),
      counterparty: id,
      lat,
      lon,
      fee: minor,
      cost: minor,
    },
    'amount',
    'currency',
  ),
  location: optional(
    { lat, lon, accuracyM: fc.nat({ max: 5_000 }), origin: fc.constantFrom(...LOCATION_ORIGINS) },
    'lat',
    'lon',
  ),
  bill: optional(
    { amount: minor, currency, dueDate: day, issuer: words, instrument, paid: fc.boolean() },
    'amount',
    'currency',
    'dueDate',
  ),
  profile: optional({
    name: words,
    phone: fc.stringMatching(/^\+\d{6,14}$/),
    email: words,
    segment: words,
    birthDate: day,
    homeCity: words,
    timeZone: fc.constant('Asia/Shanghai'),
    language: fc.constant('zh-CN'),
    attributes: fc.dictionary(words, fc.jsonValue({ maxDepth: 2 }), { maxKeys: 5 }),
    consents: fc.record({ marketing: fc.boolean(), location: fc.boolean() }, { requiredKeys: [] }),
    links: fc.array(
      id.map((value) => `card:${value}`),
      { maxLength: 4 },
    ),
  }),
  label: optional({ transactionId: id, fraud: fc.boolean(), origin: words, note: words }, 'transactionId', 'fraud'),
  offer_feedback: fc.record({ offerId: id, action: fc.constantFrom(...FEEDBACK_ACTIONS) }),
  place: optional(
    {
      name: words,
      category: id,
      lat,
      lon,
      merchantId: id,
      mcc,
      acceptsCards: fc.array(words, { maxLength: 4 }),
      discount: fc.nat({ max: 100 }),
      openingHours: words,
    },
    'name',
    'category',
    'lat',
    'lon',
  ),
};

const time = fc
  .tuple(fc.nat({ max: ARBITRARY_NOW_MS }), fc.integer({ min: -14 * 60, max: 14 * 60 }))
  .map(([timeMs, offset]) => formatWithOffset(timeMs, offset));

/** Members that no schema names, prefixed so that they never meet one that a schema does name. */
const unknownMembers = fc.dictionary(
  words.map((name) => `x-${name}`),
  fc.jsonValue({ maxDepth: 3 }),
  { maxKeys: 3 },
);

/** What is left of it after a trip through JSON: no -0, no undefined. */
export const rawEvent: fc.Arbitrary<RawEvent> = fc
  .constantFrom(...(Object.keys(DATA) as (keyof typeof DATA)[]))
  .chain((type) =>
    fc.record({
      type: fc.constant(type),
      id,
      source: id,
      time,
      subject: id,
      data: fc
        .tuple(DATA[type] as fc.Arbitrary<Record<string, unknown>>, unknownMembers)
        .map(([data, unknown]) => ({ ...data, ...unknown })),
    }),
  )
  .map((event) => JSON.parse(JSON.stringify(event)) as RawEvent);

/** `offset` in minutes east of UTC. */
export function formatWithOffset(timeMs: number, offset: number): string {
  const local = new Date(timeMs + offset * 60_000).toISOString().slice(0, -1);
  const sign = offset < 0 ? '-' : '+';
  const [hours, minutes] = [Math.trunc(Math.abs(offset) / 60), Math.abs(offset) % 60];
  return `${local}${sign}${String(hours).padStart(2, '0')}:${String(minutes).padStart(2, '0')}`;
}
