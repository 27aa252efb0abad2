/**
 * An event as a producer writes it: the CloudEvents members of the contract, ready for NDJSON. The data types come
 * from the schemas that ingest validates with, so a generator that drifts from the contract does not compile.
 */
import type { EventDataByType, EventType } from '../../core/events/event.ts';

export interface OutgoingOf<T extends EventType> {
  readonly type: T;
  readonly id: string;
  readonly source: string;
  /** RFC 3339 with an offset. */
  readonly time: string;
  readonly subject: string;
  readonly data: EventDataByType[T] & Readonly<Record<string, unknown>>;
}

export type OutgoingEvent = { [T in EventType]: OutgoingOf<T> }[EventType];

/** What travels in a batch: one line of NDJSON, and the event time it is paced by. */
export interface OutgoingLine {
  readonly json: string;
  readonly timeMs: number;
}

export function toLine(event: OutgoingEvent, timeMs: number): OutgoingLine {
  return { json: JSON.stringify(event), timeMs };
}

const MINUTE_MS = 60_000;

/** An RFC 3339 timestamp written with the given offset, in minutes east of UTC. */
export function formatInstant(timeMs: number, offsetMinutes: number): string {
  if (offsetMinutes === 0) return new Date(timeMs).toISOString();
  const local = new Date(timeMs + offsetMinutes * MINUTE_MS).toISOString().slice(0, -1);
  const size = Math.abs(offsetMinutes);
  const hours = String(Math.floor(size / 60)).padStart(2, '0');
  return `${local}${offsetMinutes < 0 ? '-' : '+'}${hours}:${String(size % 60).padStart(2, '0')}`;
}
