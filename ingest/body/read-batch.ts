/**
 * A body's bytes become encoded log entries and refusals. Each event is cut out, measured, checked for depth, parsed,
 * validated and encoded on its own, so that a bad one harms no other and keeps its own bytes for quarantine. An array
 * must be JSON as a whole (a producer that breaks its brackets cannot be trusted about where an event ends); NDJSON
 * stands or falls line by line. Work is cut into slices, so that a large body does not hold up the event loop.
 */
import { isUtf8 } from 'node:buffer';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ByteWriter } from '../../core/codec/byte-writer.ts';
import { encodeEntry } from '../../core/codec/entry.ts';
import { FRAME_HEAD_BYTES, FRAME_ITEM_OVERHEAD_BYTES } from '../../core/codec/frame.ts';
import type { ErrorCode, Problem } from '../../core/errors.ts';
import { findUnstorable } from '../find-unstorable.ts';
import { normaliseEvent } from '../normalise-event.ts';
import type { IngestConfig } from '../ports.ts';
import { JsonScanner, skipSpace } from './scan-json.ts';

/** `json`: one event or an array of events. `lines`: NDJSON. `any`: whichever of the two the bytes are. */
export type BodyForm = 'json' | 'lines' | 'any';

interface Refusal {
  /** Of the event among the events of the body, from 0; blank lines do not count. */
  readonly index: number;
  readonly id: string | undefined;
  /** At least one. */
  readonly problems: readonly Problem[];
  /** Where the event's bytes lie in the body. */
  readonly start: number;
  readonly end: number;
}

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

export interface ReadBatchOptions {
  readonly config: IngestConfig;
  readonly nowMs: number;
}

const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const COMMA = 0x2c;
const NEWLINE = 0x0a;
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf] as const;
/** About two milliseconds of work. */
const SLICE_EVENTS = 256;
const SLICE_BYTES = 262_144;

/** `bytes` must not change until the returned promise settles. */
export async function readBatch(bytes: Buffer, form: BodyForm, options: ReadBatchOptions): Promise<BatchReading> {
  return new BatchReader(bytes, options).read(form);
}

class BatchReader {
  readonly #bytes: Buffer;
  readonly #config: IngestConfig;
  readonly #normalise: { readonly nowMs: number; readonly futureMaxMs: number };
  readonly #encodedBytesMax: number;
  readonly #scanner = new JsonScanner();
  /** All of the body is well-formed UTF-8, so that no event needs a check of its own. */
  readonly #utf8: boolean;
  readonly #writer: ByteWriter;
  /** Starts and ends of the current slice's entries in the writer. */
  readonly #bounds: number[] = [];
  readonly #entries: Uint8Array[] = [];
  readonly #refusals: Refusal[] = [];
  #events = 0;
  #parsed = false;
  #single = false;
  #failure: Problem | undefined;
  #sliceEvents = 0;
  #sliceFrom = 0;

  constructor(bytes: Buffer, { config, nowMs }: ReadBatchOptions) {
    this.#bytes = bytes;
    this.#config = config;
    this.#normalise = { nowMs, futureMaxMs: config.WEIR_EVENT_FUTURE_MAX_MS };
    this.#encodedBytesMax = config.WEIR_FRAME_BYTES_MAX - FRAME_HEAD_BYTES - FRAME_ITEM_OVERHEAD_BYTES;
    this.#utf8 = isUtf8(bytes);
    this.#writer = new ByteWriter(Math.min(Math.max(bytes.length, 512), SLICE_BYTES));
  }

  async read(form: BodyForm): Promise<BatchReading> {
    const marked = BYTE_ORDER_MARK.every((byte, i) => this.#bytes[i] === byte);
    const end = this.#bytes.length;
    const start = skipSpace(this.#bytes, marked ? BYTE_ORDER_MARK.length : 0, end);
    if (start === end) this.#fail('body.empty', 'the body holds no event');
    else if (form === 'lines' || (form === 'any' && this.#isLines(start, end))) await this.#readLines(start, end);
    else if (this.#bytes[start] === OPEN_BRACKET) await this.#readArray(start, end);
    else this.#readSingle(start, end);
    this.#endSlice();
    return {
      single: this.#single,
      events: this.#events,
      entries: this.#entries,
      refusals: this.#refusals,
      parsed: this.#parsed,
      failure: this.#failure,
    };
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
    this.#scanAndTake(start, end);
  }

  async #readLines(start: number, end: number): Promise<void> {
    this.#sliceFrom = start;
    // Skipping space skips blank lines too, however many there are.
    for (let at = start; at < end; at = skipSpace(this.#bytes, at, end)) {
      if (this.#isFull()) return;
      const newline = this.#bytes.indexOf(NEWLINE, at);
      const lineEnd = newline < 0 ? end : newline;
      this.#scanAndTake(at, lineEnd);
      if (this.#isSliceOver(lineEnd)) await nextTurn();
      at = lineEnd;
    }
  }

  /** A text that is too large anyway is not looked at. */
  #scanAndTake(start: number, end: number): void {
    if (end - start <= this.#config.WEIR_EVENT_BYTES_MAX) this.#scanner.scanText(this.#bytes, start, end);
    this.#take(start, end);
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
      this.#scanner.scanElement(this.#bytes, at, end);
      const elementEnd = this.#scanner.end;
      const stop = this.#bytes[elementEnd];
      if (elementEnd >= end || this.#scanner.open || (stop !== COMMA && stop !== CLOSE_BRACKET)) {
        this.#fail('event.not_json', `the array is cut off after ${this.#events} elements`);
        return;
      }
      if (this.#isFull()) return;
      const known = this.#refusals.length;
      this.#take(at, elementEnd);
      const refusal = this.#refusals[known];
      if (refusal?.problems[0]?.code === 'event.not_json') {
        this.#fail('event.not_json', `element ${refusal.index}: ${refusal.problems[0].message}`);
        return;
      }
      at = elementEnd + 1;
      if (stop === CLOSE_BRACKET) break;
      if (this.#isSliceOver(elementEnd)) await nextTurn();
    }
    if (skipSpace(this.#bytes, at, end) < end) this.#fail('event.not_json', 'something follows the end of the array');
  }

  /** One event, whose text the scanner has just seen. */
  #take(start: number, end: number): void {
    const index = this.#events++;
    if (end - start > this.#config.WEIR_EVENT_BYTES_MAX) {
      const limit = `the limit is ${this.#config.WEIR_EVENT_BYTES_MAX}`;
      this.#refuse(index, start, end, problem('event.too_large', `the event holds ${end - start} bytes, ${limit}`));
      return;
    }
    if (this.#scanner.depth > this.#config.WEIR_EVENT_DEPTH_MAX) {
      const { depth } = this.#scanner;
      const limit = `the limit is ${this.#config.WEIR_EVENT_DEPTH_MAX}`;
      this.#refuse(index, start, end, problem('event.too_deep', `the event nests ${depth} levels deep, ${limit}`));
      return;
    }
    if (!this.#utf8 && !isUtf8(this.#bytes.subarray(start, end))) {
      this.#refuse(index, start, end, problem('event.not_utf8', 'the event holds bytes that are not UTF-8'));
      return;
    }
    let value: unknown;
    try {
      value = JSON.parse(this.#bytes.toString('utf8', start, end));
    } catch (error) {
      this.#refuse(index, start, end, problem('event.not_json', `the event is not JSON: ${describeSyntax(error)}`));
      return;
    }
    this.#parsed = true;
    this.#takeValue(index, start, end, value);
  }

  #takeValue(index: number, start: number, end: number, value: unknown): void {
    const unstorable = this.#scanner.suspicious ? findUnstorable(value) : undefined;
    const normalised = normaliseEvent(value, this.#normalise);
    if (!normalised.ok) {
      // A number that overflowed fails the schema too; what it really was is the better reason.
      const others = normalised.problems.filter((other) => other.pointer !== unstorable?.pointer);
      const problems = unstorable === undefined ? normalised.problems : [unstorable, ...others];
      this.#refusals.push({ index, id: normalised.id, problems, start, end });
      return;
    }
    const { event } = normalised;
    if (unstorable !== undefined) {
      this.#refusals.push({ index, id: event.id, problems: [unstorable], start, end });
      return;
    }
    const from = this.#writer.length;
    encodeEntry(this.#writer, { kind: 'event', event });
    const length = this.#writer.length - from;
    if (length > this.#encodedBytesMax) {
      const message = `the event takes ${length} bytes in the log, the limit is ${this.#encodedBytesMax}`;
      this.#refusals.push({ index, id: event.id, problems: [problem('event.too_large', message)], start, end });
      return;
    }
    this.#bounds.push(from, this.#writer.length);
  }

  #refuse(index: number, start: number, end: number, reason: Problem): void {
    this.#refusals.push({ index, id: undefined, problems: [reason], start, end });
  }

  #isFull(): boolean {
    if (this.#events < this.#config.WEIR_BATCH_EVENTS_MAX) return false;
    this.#fail('body.too_many', `the batch holds more than ${this.#config.WEIR_BATCH_EVENTS_MAX} events`);
    return true;
  }

  #fail(code: ErrorCode, message: string): void {
    this.#failure = problem(code, message);
  }

  #isSliceOver(at: number): boolean {
    if (++this.#sliceEvents < SLICE_EVENTS && at - this.#sliceFrom < SLICE_BYTES) return false;
    this.#endSlice();
    this.#sliceEvents = 0;
    this.#sliceFrom = at;
    return true;
  }

  /** One copy for all entries of the slice; each entry is a view of it. */
  #endSlice(): void {
    if (this.#bounds.length === 0) return;
    const slice = this.#writer.take();
    for (let i = 0; i < this.#bounds.length; i += 2) {
      this.#entries.push(slice.subarray(this.#bounds[i], this.#bounds[i + 1]));
    }
    this.#bounds.length = 0;
    this.#writer.reset();
  }
}

function problem(code: ErrorCode, message: string): Problem {
  return { code, pointer: '', message };
}

function describeSyntax(error: unknown): string {
  return error instanceof SyntaxError ? error.message : String(error);
}
