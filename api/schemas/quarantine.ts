/** Refused events, with why and what they were. */
import Type, { type Static } from 'typebox';
import { Limit, Time } from './shared.ts';

export const QuarantineQuery = Type.Object({
  before: Type.Optional(
    Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER, description: '`next` of the page before' }),
  ),
  limit: Type.Optional(Limit(200, 50)),
});
const QuarantineItem = Type.Object({
  seq: Type.Integer({ minimum: 0 }),
  id: Type.String(),
  at: Time,
  origin: Type.String({ description: 'http, nats or engine' }),
  producer: Type.String(),
  code: Type.String(),
  pointer: Type.String(),
  message: Type.String(),
  contentType: Type.String(),
  body: Type.String({ description: 'The original bytes: text where they are valid UTF-8, else base64' }),
  encoding: Type.Enum(['utf-8', 'base64']),
});
export const QuarantineAnswer = Type.Object({
  items: Type.Array(QuarantineItem, { description: 'Newest first' }),
  next: Type.Optional(Type.Integer()),
});
export type QuarantineAnswer = Static<typeof QuarantineAnswer>;
