/**
 * The facts that come from an event alone, as rules read them: `event` and, under its type's name, its data. The engine
 * builds them to decide, and whoever explains a stored decision builds the same from the stored event.
 */
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../clock.ts';
import { accessorsOf } from '../own-accessors.ts';
import type { EventType, WeirEvent } from './event.ts';

export interface EventFact {
  readonly id: string;
  readonly type: EventType;
  readonly source: string;
  readonly subject: string;
  /** Milliseconds since the Unix epoch. */
  readonly timeMs: number;
  readonly offsetMinutes: number;
  /** 0–23, by the offset that the producer wrote the time with. */
  readonly localHour: number;
  /** 0–1439, minutes since local midnight. */
  readonly localMinuteOfDay: number;
  /** 1 Monday … 7 Sunday. */
  readonly dayOfWeek: number;
  /** YYYY-MM-DD. */
  readonly localDate: string;
}

/** Days since 1970-01-01 of the event's local date. */
export function localDayOf(timeMs: number, offsetMinutes: number): number {
  return Math.floor((timeMs + offsetMinutes * MINUTE_MS) / DAY_MS);
}

export function eventFact(event: WeirEvent): EventFact {
  return { ...eventFactOf({ event }) };
}

/** The same, computed when a member is read, of the event that `holder` holds then. */
export function eventFactOf(holder: EventHolder): EventFact {
  return new HeldEventFact(holder);
}

interface EventHolder {
  readonly event: WeirEvent;
}

class HeldEventFact implements EventFact {
  static readonly #members = accessorsOf(this.prototype);
  readonly #holder: EventHolder;

  constructor(holder: EventHolder) {
    this.#holder = holder;
    Object.defineProperties(this, HeldEventFact.#members);
  }

  get id(): string {
    return this.#holder.event.id;
  }

  get type(): EventType {
    return this.#holder.event.type;
  }

  get source(): string {
    return this.#holder.event.source;
  }

  get subject(): string {
    return this.#holder.event.subject;
  }

  get timeMs(): number {
    return this.#holder.event.timeMs;
  }

  get offsetMinutes(): number {
    return this.#holder.event.offsetMinutes;
  }

  get localHour(): number {
    return Math.floor(sinceMidnightMs(this.#holder.event) / HOUR_MS);
  }

  get localMinuteOfDay(): number {
    return Math.floor(sinceMidnightMs(this.#holder.event) / MINUTE_MS);
  }

  get dayOfWeek(): number {
    // 1970-01-01 was a Thursday.
    return ((((dayOf(this.#holder.event) + 3) % 7) + 7) % 7) + 1;
  }

  get localDate(): string {
    return dateText(dayOf(this.#holder.event));
  }
}

function sinceMidnightMs({ timeMs, offsetMinutes }: WeirEvent): number {
  const localMs = timeMs + offsetMinutes * MINUTE_MS;
  return localMs - Math.floor(localMs / DAY_MS) * DAY_MS;
}

function dayOf({ timeMs, offsetMinutes }: WeirEvent): number {
  return localDayOf(timeMs, offsetMinutes);
}

export function eventFacts(event: WeirEvent): Record<string, unknown> {
  return { event: eventFact(event), [event.type]: event.data };
}

/** Civil date of a day number (Howard Hinnant, "chrono-compatible low-level date algorithms"). */
function dateText(day: number): string {
  const z = day + 719_468;
  const era = Math.floor(z / 146_097);
  const dayOfEra = z - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1_460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shifted = Math.floor((5 * dayOfYear + 2) / 153);
  const dayOfMonth = dayOfYear - Math.floor((153 * shifted + 2) / 5) + 1;
  const month = shifted < 10 ? shifted + 3 : shifted - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return `${String(year).padStart(4, '0')}-${month < 10 ? '0' : ''}${month}-${dayOfMonth < 10 ? '0' : ''}${dayOfMonth}`;
}
