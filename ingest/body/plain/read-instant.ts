/**
 * RFC 3339 read from bytes, in the one form that producers write: `2026-11-23T08:15:30.123+08:00`, or with `Z`, with or
 * without a fraction. Whatever else `parseInstant` of core/clock.ts takes is left to it.
 */
import { MINUTE_MS, SECOND_MS } from '../../../core/clock.ts';
import { COLON, isDigit, MINUS, POINT, ZERO } from '../json-bytes.ts';

const SECONDS_END = 19;
const DIGITS_MAX = 9;
const FIRST_YEAR = 1970;
const PLUS = 0x2b;
const LETTER_T = 0x54;
const LETTER_Z = 0x5a;

/** One reader serves many events; its fields describe the text that was read last. */
export class InstantReader {
  timeMs = 0;
  offsetMinutes = 0;
  /** Events of the same day follow one another: year, month and day as one number, and when it began. */
  #day = 0;
  #dayMs = 0;

  /** False where the text is anything else; it may still be a time. */
  read(bytes: Uint8Array, start: number, end: number): boolean {
    if (end - start <= SECONDS_END) return false;
    if (bytes[start + 4] !== MINUS || bytes[start + 7] !== MINUS || bytes[start + 10] !== LETTER_T) return false;
    if (bytes[start + 13] !== COLON || bytes[start + 16] !== COLON) return false;
    const year = two(bytes, start) * 100 + two(bytes, start + 2);
    const hour = two(bytes, start + 11);
    const minute = two(bytes, start + 14);
    const second = two(bytes, start + 17);
    // What is no digit makes NaN, and every comparison with it false.
    if (!(hour <= 23 && minute <= 59 && second <= 59)) return false;
    if (!this.#enterDay(year, two(bytes, start + 5), two(bytes, start + 8))) return false;
    let at = start + SECONDS_END;
    let ms = 0;
    if (bytes[at] === POINT) {
      const from = ++at;
      while (at < end && isDigit(bytes[at] as number)) at++;
      const digits = at - from;
      if (digits === 0 || digits > DIGITS_MAX) return false;
      for (let i = 0; i < 3; i++) ms = ms * 10 + (i < digits ? (bytes[from + i] as number) - ZERO : 0);
    }
    if (!this.#readOffset(bytes, at, end)) return false;
    const seconds = (hour * 60 + minute) * 60 + second;
    this.timeMs = this.#dayMs + seconds * SECOND_MS + ms - this.offsetMinutes * MINUTE_MS;
    return true;
  }

  #enterDay(year: number, month: number, day: number): boolean {
    const number = (year * 100 + month) * 100 + day;
    if (number === this.#day) return true;
    if (!(year >= FIRST_YEAR && month >= 1 && month <= 12 && day >= 1)) return false;
    const dayMs = Date.UTC(year, month - 1, day);
    // A day that the month does not have becomes one of the next.
    if (new Date(dayMs).getUTCDate() !== day) return false;
    this.#day = number;
    this.#dayMs = dayMs;
    return true;
  }

  #readOffset(bytes: Uint8Array, at: number, end: number): boolean {
    const sign = bytes[at];
    if (sign === LETTER_Z) {
      this.offsetMinutes = 0;
      return at + 1 === end;
    }
    if ((sign !== PLUS && sign !== MINUS) || at + 6 !== end || bytes[at + 3] !== COLON) return false;
    const hours = two(bytes, at + 1);
    const minutes = two(bytes, at + 4);
    if (!(hours <= 23 && minutes <= 59)) return false;
    this.offsetMinutes = (sign === MINUS ? -1 : 1) * (hours * 60 + minutes) + 0;
    return true;
  }
}

/** The number that two digits write, NaN where they are none. */
function two(bytes: Uint8Array, at: number): number {
  const tens = bytes[at] as number;
  const ones = bytes[at + 1] as number;
  return isDigit(tens) && isDigit(ones) ? (tens - ZERO) * 10 + (ones - ZERO) : Number.NaN;
}
