/** Strings of JSON text without escapes: their bytes are what the log stores. */
import { BACKSLASH, QUOTE } from '../json-bytes.ts';

const FIRST_PRINTABLE = 0x20;
const ASCII_END = 0x80;

/** Where the closing quote of the string whose text begins at `start` stands; -1 where it is cut off or not plain. */
export function endOfPlainText(bytes: Uint8Array, start: number, end: number): number {
  for (let at = start; at < end; at++) {
    const byte = bytes[at] as number;
    if (byte === QUOTE) return at;
    if (byte === BACKSLASH || byte < FIRST_PRINTABLE) return -1;
  }
  return -1;
}

/**
 * Whether the text surely has `min` to `max` characters. No text has more characters than bytes, and one that is not empty
 * has at least one; what these do not settle is not said to be plain.
 */
export function isPlainTextOf(bytes: Uint8Array, start: number, end: number, min: number, max: number): boolean {
  const length = end - start;
  if (length < min || length > max) return false;
  if (min <= 1) return true;
  for (let at = start; at < end; at++) if ((bytes[at] as number) >= ASCII_END) return false;
  return true;
}
