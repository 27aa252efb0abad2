/**
 * The facts that come from an event alone, as rules read them: `event` and, under its type's name, its data. The engine
 * builds them to decide, and whoever explains a stored decision builds the same from the stored event.
 */
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../clock.ts';
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
export function eventFactOf(holder: { readonly event: WeirEvent }): EventFact {
  const sinceMidnightMs = (): number => {
    const localMs = holder.event.timeMs + holder.event.offsetMinutes * MINUTE_MS;
    return localMs - Math.floor(localMs / DAY_MS) * DAY_MS;
  };
  const day = (): number => localDayOf(holder.event.timeMs, holder.event.offsetMinutes);
  return {
    get id() {
      return holder.event.id;
    },
    get type() {
      return holder.event.type;
    },
    get source() {
      return holder.event.source;
    },
    get subject() {
      return holder.event.subject;
    },
    get timeMs() {
      return holder.event.timeMs;
    },
    get offsetMinutes() {
      return holder.event.offsetMinutes;
    },
    get localHour() {
      return Math.floor(sinceMidnightMs() / HOUR_MS);
    },
    get localMinuteOfDay() {
      return Math.floor(sinceMidnightMs() / MINUTE_MS);
    },
    get dayOfWeek() {
      // 1970-01-01 was a Thursday.
      return ((((day() + 3) % 7) + 7) % 7) + 1;
    },
    get localDate() {
      return dateText(day());
    },
  };
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
