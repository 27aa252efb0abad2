/**
 * A linear look at JSON text before `JSON.parse` sees it. It finds how deep the text nests (a parser recurses, a loop
 * does not), where the elements of an array end (so that each keeps its own bytes and one bad element harms no other),
 * and whether the text could hold what a strict parser lets through but the log cannot keep: numbers past the range
 * of a double, lone surrogates. It judges nothing else: well-formedness is the parser's business.
 */

import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COMMA,
  isDigit,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
} from './json-bytes.ts';

const LOWER_CASE = 0x20;
const LETTER_D = 0x64;
const LETTER_E = 0x65;
const LETTER_U = 0x75;
/** A double holds every number of at most this many digits. */
const DIGITS_ALWAYS_FINITE = 300;

/** One scanner serves a whole body; its fields describe the text that was scanned last. */
export class JsonScanner {
  /** Just past the scanned text. */
  end = 0;
  /** The deepest nesting met, 1 for a flat object. */
  depth = 0;
  /** The parsed value must be searched for unstorable numbers and strings. */
  suspicious = false;
  /** The text ended inside a string, object or array. */
  open = false;

  /** Scans all of `[start, end)` as one text. */
  scanText(bytes: Uint8Array, start: number, end: number): void {
    this.#scan(bytes, start, end, false);
  }

  /** Scans one element of an array, from just past its bracket or comma up to the comma or bracket that ends it. */
  scanElement(bytes: Uint8Array, start: number, end: number): void {
    this.#scan(bytes, start, end, true);
  }

  #scan(bytes: Uint8Array, start: number, end: number, stopAtElementEnd: boolean): void {
    let at = start;
    let mark = start;
    let level = 0;
    let deepest = 0;
    let suspicious = false;
    let open = false;
    for (; at < end; at++) {
      const byte = bytes[at] as number;
      if (byte === QUOTE) {
        for (at++; at < end; at++) {
          const inner = bytes[at] as number;
          if (inner === QUOTE) break;
          if (inner !== BACKSLASH) continue;
          at++;
          if (bytes[at] === LETTER_U && ((bytes[at + 1] as number) | LOWER_CASE) === LETTER_D) suspicious = true;
        }
        if (at >= end) open = true;
        mark = at;
      } else if (byte === COMMA) {
        if (level === 0 && stopAtElementEnd) break;
        if (at - mark > DIGITS_ALWAYS_FINITE) suspicious = true;
        mark = at;
      } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
        level++;
        if (level > deepest) deepest = level;
        mark = at;
      } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
        if (at - mark > DIGITS_ALWAYS_FINITE) suspicious = true;
        if (level === 0 && stopAtElementEnd) break;
        level--;
        mark = at;
      } else if ((byte | LOWER_CASE) === LETTER_E && at > start && isDigit(bytes[at - 1] as number)) {
        suspicious = true;
      }
    }
    if (at - mark > DIGITS_ALWAYS_FINITE) suspicious = true;
    this.end = Math.min(at, end);
    this.depth = deepest;
    this.suspicious = suspicious;
    this.open = open || level > 0;
  }
}
