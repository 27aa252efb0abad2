/**
 * A body's bytes become encoded log entries and refusals. An array must be JSON as a whole (a producer that breaks its
 * brackets cannot be trusted about where an event ends); NDJSON stands or falls line by line. Work is cut into slices, so
 * that a large body does not hold up the event loop.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ErrorCode, Problem } from '../../core/errors.ts';
import type { IngestConfig } from '../ports.ts';
import { CLOSE_BRACKET, COMMA, NEWLINE, OPEN_BRACKET, skipSpace } from './json-bytes.ts';
import { JsonScanner } from './scan-json.ts';
import { problem, type ReadBatchOptions, type Refusal, TakenEvents } from './taken-events.ts';

/** `json`: one event or an array of events. `lines`: NDJSON. `any`: whichever of the two the bytes are. */
export type BodyForm = 'json' | 'lines' | 'any';

export interface BatchReading {
  /** One event by itself, not an array or lines: it is answered by a status of its own. */
  readonly single: boolean;
  /** Events met, accepted or not. */
  readonly events: number;
  /** Encoded, in the body's order. */
  readonly entries: readonly Uint8Array[];
  readonly refusals: readonly Refusal[];
  /** At least one event was JSON. */
  readonly parsed: boolean;
  /** The body as a whole is refused: nothing of it may be appended. */
  readonly failure: Problem | undefined;
}

const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf] as const;
/** About a millisecond of work. */
const SLICE_EVENTS = 256;
const SLICE_BYTES = 262_144;

/** `bytes` must not change until the returned promise settles. */
export async function readBatch(bytes: Buffer, form: BodyForm, options: ReadBatchOptions): Promise<BatchReading> {
  return new BatchReader(bytes, options).read(form);
}

class BatchReader {
  readonly #bytes: Buffer;
  readonly #config: IngestConfig;
  readonly #scanner = new JsonScanner();
  readonly #taken: TakenEvents;
  #single = false;
  #failure: Problem | undefined;
  #sliceEvents = 0;
  #sliceFrom = 0;

  constructor(bytes: Buffer, options: ReadBatchOptions) {
    this.#bytes = bytes;
    this.#config = options.config;
    this.#taken = new TakenEvents(bytes, options);
  }

  async read(form: BodyForm): Promise<BatchReading> {
    const marked = BYTE_ORDER_MARK.every((byte, i) => this.#bytes[i] === byte);
    const end = this.#bytes.length;
    const start = skipSpace(this.#bytes, marked ? BYTE_ORDER_MARK.length : 0, end);
    if (start === end) this.#fail('body.empty', 'the body holds no event');
    else if (form === 'lines' || (form === 'any' && this.#isLines(start, end))) await this.#readLines(start, end);
    else if (this.#bytes[start] === OPEN_BRACKET) await this.#readArray(start, end);
    else this.#readSingle(start, end);
    this.#taken.endSlice();
    const { count, entries, refusals, parsed } = this.#taken;
    return { single: this.#single, events: count, entries, refusals, parsed, failure: this.#failure };
  }

  /** Without a content type: anything but white space behind the first value makes it lines. */
  #isLines(start: number, end: number): boolean {
    if (this.#bytes[start] === OPEN_BRACKET) return false;
    const newline = this.#bytes.indexOf(NEWLINE, start);
    if (newline < 0 || skipSpace(this.#bytes, newline, end) === end) return false;
    this.#scanner.scanText(this.#bytes, start, newline);
    return !this.#scanner.open;
  }

  #readSingle(start: number, end: number): void {
    this.#single = true;
    this.#takeText(start, end);
  }

  async #readLines(start: number, end: number): Promise<void> {
    this.#sliceFrom = start;
    // Skipping space skips blank lines too, however many there are.
    for (let at = start; at < end; at = skipSpace(this.#bytes, at, end)) {
      if (this.#isFull()) return;
      const newline = this.#bytes.indexOf(NEWLINE, at);
      const lineEnd = newline < 0 ? end : newline;
      this.#takeText(at, lineEnd);
      if (this.#isSliceOver(lineEnd)) await nextTurn();
      at = lineEnd;
    }
  }

  async #readArray(start: number, end: number): Promise<void> {
    this.#sliceFrom = start;
    let at = skipSpace(this.#bytes, start + 1, end);
    if (this.#bytes[at] === CLOSE_BRACKET) {
      this.#fail('body.empty', 'the array holds no event');
      return;
    }
    for (;;) {
      at = skipSpace(this.#bytes, at, end);
      const elementEnd = this.#takeElement(at, end);
      if (elementEnd < 0) return;
      at = elementEnd + 1;
      if (this.#bytes[elementEnd] === CLOSE_BRACKET) break;
      if (this.#isSliceOver(elementEnd)) await nextTurn();
    }
    if (skipSpace(this.#bytes, at, end) < end) this.#fail('event.not_json', 'something follows the end of the array');
  }

  /** All of `[start, end)` as one event. One that is too large anyway is not looked at. */
  #takeText(start: number, end: number): void {
    const plainEnd = this.#taken.readPlain(start, end);
    if (plainEnd >= 0) {
      const isAlone = skipSpace(this.#bytes, plainEnd, end) === end;
      this.#taken.settlePlain(isAlone);
      if (isAlone) return;
    }
    if (end - start <= this.#config.WEIR_EVENT_BYTES_MAX) this.#scanner.scanText(this.#bytes, start, end);
    this.#taken.take(start, end, this.#scanner);
  }

  /** Where the element's comma or bracket stands; -1, with the body refused, where the array breaks off in it. */
  #takeElement(start: number, end: number): number {
    const plainEnd = this.#taken.readPlain(start, end);
    if (plainEnd >= 0) {
      const next = skipSpace(this.#bytes, plainEnd, end);
      const isElement = next < end && this.#endsElement(next);
      this.#taken.settlePlain(isElement);
      if (isElement) return next;
    }
    this.#scanner.scanElement(this.#bytes, start, end);
    const elementEnd = this.#scanner.end;
    if (elementEnd >= end || this.#scanner.open || !this.#endsElement(elementEnd)) {
      this.#fail('event.not_json', `the array is cut off after ${this.#taken.count} elements`);
      return -1;
    }
    if (this.#isFull()) return -1;
    const known = this.#taken.refusals.length;
    this.#taken.take(start, elementEnd, this.#scanner);
    const refusal = this.#taken.refusals[known];
    if (refusal?.problems[0]?.code !== 'event.not_json') return elementEnd;
    this.#fail('event.not_json', `element ${refusal.index}: ${refusal.problems[0].message}`);
    return -1;
  }

  #endsElement(at: number): boolean {
    const byte = this.#bytes[at];
    return byte === COMMA || byte === CLOSE_BRACKET;
  }

  #isFull(): boolean {
    if (this.#taken.count < this.#config.WEIR_BATCH_EVENTS_MAX) return false;
    this.#fail('body.too_many', `the batch holds more than ${this.#config.WEIR_BATCH_EVENTS_MAX} events`);
    return true;
  }

  #fail(code: ErrorCode, message: string): void {
    this.#failure = problem(code, message);
  }

  #isSliceOver(at: number): boolean {
    if (++this.#sliceEvents < SLICE_EVENTS && at - this.#sliceFrom < SLICE_BYTES) return false;
    this.#taken.endSlice();
    this.#sliceEvents = 0;
    this.#sliceFrom = at;
    return true;
  }
}
