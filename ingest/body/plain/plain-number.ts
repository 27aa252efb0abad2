/**
 * Decimal numbers of at most fifteen digits and no exponent: digits and power of ten are both exact in a double then, and
 * one division rounds correctly (Clinger 1990). What is longer, or minus zero, is left to `JSON.parse`.
 */
import { isDigit, MINUS, POINT, ZERO } from '../json-bytes.ts';

const DIGITS_MAX = 15;
const POWERS_OF_TEN = Float64Array.from({ length: DIGITS_MAX + 1 }, (_, i) => 10 ** i);

/** One reader serves many numbers. */
export class NumberReader {
  value = 0;

  /** Where the number that begins at `start` ends, -1 where it is not plain. What follows is the caller's to judge. */
  read(bytes: Uint8Array, start: number, end: number): number {
    const negative = bytes[start] === MINUS;
    const first = negative ? start + 1 : start;
    let at = first;
    let digits = 0;
    while (at < end && isDigit(bytes[at] as number)) digits = digits * 10 + ((bytes[at++] as number) - ZERO);
    let count = at - first;
    // JSON allows no zero before other digits.
    if (count === 0 || count > DIGITS_MAX || (count > 1 && bytes[first] === ZERO)) return -1;
    let decimals = 0;
    if (bytes[at] === POINT && at < end) {
      const from = ++at;
      while (at < end && isDigit(bytes[at] as number)) digits = digits * 10 + ((bytes[at++] as number) - ZERO);
      decimals = at - from;
      count += decimals;
      if (decimals === 0 || count > DIGITS_MAX) return -1;
    }
    if (at < end && ((bytes[at] as number) | 0x20) === 0x65) return -1;
    if (negative && digits === 0) return -1;
    const value = decimals === 0 ? digits : digits / (POWERS_OF_TEN[decimals] as number);
    this.value = negative ? -value : value;
    return at;
  }
}
