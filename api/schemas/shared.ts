/** Pieces that several request and answer schemas share. */
import Type from 'typebox';
import { parseInstant } from '../../core/clock.ts';
import { WeirError } from '../../core/errors.ts';
import { DECISIONS } from '../../core/outcomes/outcome.ts';

export const Time = Type.String({ description: 'RFC 3339, UTC, with milliseconds' });
export const Position = Type.Integer({ minimum: 0, description: 'Sequence in the log' });
export const Amount = Type.Integer({ description: 'Minor units of the currency' });
export const Currency = Type.String({ description: 'ISO 4217 code' });
export const Decision = Type.Enum([...DECISIONS]);
export const Id = Type.String({ minLength: 1, maxLength: 256 });
/** A query parameter that holds a moment. */
export const TimeParameter = Type.String({
  minLength: 1,
  maxLength: 40,
  description: 'RFC 3339 timestamp, or milliseconds since the Unix epoch',
});
export const CursorParameter = Type.String({
  pattern: '^\\d{1,15}\\.\\d{1,9}$',
  description: 'Where to go on, as the answer before gave it in `next`',
});
export const Limit = (maximum: number, fallback: number) =>
  Type.Integer({ minimum: 1, maximum, default: fallback, description: 'Items at most' });

/** The last millisecond that an RFC 3339 timestamp can name. */
const TIME_MAX_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** Milliseconds since the Unix epoch of a query parameter. Throws `request.invalid` that points at it. */
export function readTime(text: string, name: string): number {
  const timeMs = /^\d{1,15}$/.test(text) ? Number(text) : parseInstant(text.replace(' ', '+'))?.timeMs;
  if (timeMs === undefined || timeMs < 0 || timeMs > TIME_MAX_MS) {
    throw badParameter(name, `${name} must be an RFC 3339 timestamp or milliseconds since the Unix epoch`);
  }
  return timeMs;
}

export function badParameter(name: string, message: string): WeirError {
  return new WeirError('request.invalid', message, {
    problems: [{ code: 'request.invalid', pointer: `/${name}`, message }],
  });
}
