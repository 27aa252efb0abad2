/** Text from the socket → a message of a known kind, or `undefined`. Looks at the shape; the API owns the content. */
import type { ServerMessage } from '../../api/live/messages.ts';

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const isCells = (value: unknown): boolean =>
  Array.isArray(value) && value.every((cell) => isRecord(cell) && typeof cell.time === 'string');

const CHECKS: Record<ServerMessage['type'], (message: Record<string, unknown>) => boolean> = {
  kpis: ({ position, data }) =>
    typeof position === 'number' &&
    isRecord(data) &&
    (data.mode === 'snapshot'
      ? isCells(data.minutes) && isCells(data.seconds)
      : data.mode === 'increment' && isCells(data.cells)),
  alert: ({ cursor, data }) =>
    typeof cursor === 'string' && isRecord(data) && typeof data.alertId === 'string' && Array.isArray(data.reasons),
  offer: ({ cursor, data }) =>
    typeof cursor === 'string' &&
    isRecord(data) &&
    typeof data.offerId === 'string' &&
    typeof data.validUntil === 'string',
  withdrawn: ({ data }) => isRecord(data) && typeof data.offerId === 'string',
  subscribed: ({ channel }) => typeof channel === 'string',
  ok: (message) => typeof message.for === 'string',
  error: ({ code }) => typeof code === 'string',
};

function isServerMessage(value: unknown): value is ServerMessage {
  if (!isRecord(value) || typeof value.type !== 'string' || !Object.hasOwn(CHECKS, value.type)) return false;
  return CHECKS[value.type as ServerMessage['type']](value);
}

export function readMessage(text: unknown): ServerMessage | undefined {
  if (typeof text !== 'string') return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isServerMessage(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
