/**
 * How the demo world makes an event. The id is the time and a digest of the content, so that the same id can never
 * stand for a different event, whichever version of the generator, seed or rate made it, and the same event always
 * has the same id, however often the demo process starts.
 */
import type { EventType } from '../../core/events/event.ts';
import { hashString } from '../../core/hash.ts';
import { formatInstant, type OutgoingEvent, type OutgoingOf } from '../send/outgoing-event.ts';
import { OFFSET_MINUTES } from './city.ts';

const DEMO_SOURCE = 'demo-city';

export interface DemoEvent {
  readonly timeMs: number;
  readonly event: OutgoingEvent;
}

export function makeEvent<T extends EventType>(
  type: T,
  timeMs: number,
  subject: string,
  data: OutgoingOf<T>['data'],
): { readonly timeMs: number; readonly event: OutgoingOf<T> } {
  const content = `${type}\n${subject}\n${JSON.stringify(data)}`;
  const digest = hashString(content, 0x64656d6f).toString(36) + hashString(content, 0x776f726c).toString(36);
  return {
    timeMs,
    event: {
      type,
      id: `${type.slice(0, 2)}-${timeMs.toString(36)}-${digest}`,
      source: DEMO_SOURCE,
      time: formatInstant(timeMs, OFFSET_MINUTES),
      subject,
      data,
    },
  };
}

/** `makeEvent` as a member of the union of all events. */
export function asDemoEvent(made: { readonly timeMs: number; readonly event: OutgoingEvent }): DemoEvent {
  return made;
}
