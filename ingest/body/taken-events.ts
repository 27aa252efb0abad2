/**
 * The events of one body, each cut out, measured, checked for depth, parsed, validated and encoded on its own, so that a
 * bad one harms no other and keeps its own bytes for quarantine.
 */
import { isUtf8 } from 'node:buffer';
import { ByteWriter } from '../../core/codec/byte-writer.ts';
import { encodeEntry } from '../../core/codec/entry.ts';
import { FRAME_HEAD_BYTES, FRAME_ITEM_OVERHEAD_BYTES } from '../../core/codec/frame.ts';
import type { ErrorCode, Problem } from '../../core/errors.ts';
import { findUnstorable } from '../find-unstorable.ts';
import { normaliseEvent } from '../normalise-event.ts';
import type { IngestConfig } from '../ports.ts';
import { PLAIN_DEPTH_MAX, PlainEventReader } from './plain/plain-event.ts';
import type { JsonScanner } from './scan-json.ts';

export interface Refusal {
  /** Of the event among the events of the body, from 0; blank lines do not count. */
  readonly index: number;
  readonly id: string | undefined;
  /** At least one. */
  readonly problems: readonly Problem[];
  /** Where the event's bytes lie in the body. */
  readonly start: number;
  readonly end: number;
}

export interface ReadBatchOptions {
  readonly config: IngestConfig;
  readonly nowMs: number;
}

const WRITER_BYTES_MIN = 512;
const WRITER_BYTES_MAX = 262_144;
/** Holds nothing from one event to the next. */
const PLAIN = new PlainEventReader();

export class TakenEvents {
  /** Met, accepted or not. */
  count = 0;
  /** At least one event was JSON. */
  parsed = false;
  /** Encoded, in the body's order; whole after `endSlice`. */
  readonly entries: Uint8Array[] = [];
  readonly refusals: Refusal[] = [];
  readonly #bytes: Buffer;
  readonly #config: IngestConfig;
  readonly #normalise: { readonly nowMs: number; readonly futureMaxMs: number };
  readonly #encodedBytesMax: number;
  /** All of the body is well-formed UTF-8, so that no event needs a check of its own. */
  readonly #utf8: boolean;
  /** Plain events may be read the short way. */
  readonly #plain: boolean;
  readonly #writer: ByteWriter;
  /** Starts and ends of the current slice's entries in the writer. */
  readonly #bounds: number[] = [];

  constructor(bytes: Buffer, { config, nowMs }: ReadBatchOptions) {
    this.#bytes = bytes;
    this.#config = config;
    this.#normalise = { nowMs, futureMaxMs: config.WEIR_EVENT_FUTURE_MAX_MS };
    this.#encodedBytesMax = config.WEIR_FRAME_BYTES_MAX - FRAME_HEAD_BYTES - FRAME_ITEM_OVERHEAD_BYTES;
    this.#utf8 = isUtf8(bytes);
    this.#plain = this.#utf8 && config.WEIR_EVENT_DEPTH_MAX >= PLAIN_DEPTH_MAX;
    this.#writer = new ByteWriter(Math.min(Math.max(bytes.length, WRITER_BYTES_MIN), WRITER_BYTES_MAX));
  }

  /** Reads the event at `start` the short way. Returns just past it; -1 where it must be read the general way: nothing is taken. */
  readPlain(start: number, end: number): number {
    if (!this.#plain || this.count >= this.#config.WEIR_BATCH_EVENTS_MAX) return -1;
    const writer = this.#writer;
    const from = writer.length;
    if (!PLAIN.read(this.#bytes, start, end, this.#normalise, writer)) return -1;
    if (PLAIN.end - start <= this.#config.WEIR_EVENT_BYTES_MAX && writer.length - from <= this.#encodedBytesMax)
      return PLAIN.end;
    writer.truncate(from);
    return -1;
  }

  /** Takes or forgets what `readPlain` has read, once it is known what follows the event. */
  settlePlain(isTaken: boolean): void {
    const from = this.#bounds.at(-1) ?? 0;
    if (!isTaken) {
      this.#writer.truncate(from);
      return;
    }
    this.count++;
    this.parsed = true;
    this.#bounds.push(from, this.#writer.length);
  }

  /** One event the general way; `scanner` has just seen its text, unless it is too large anyway. */
  take(start: number, end: number, scanner: JsonScanner): void {
    const index = this.count++;
    if (end - start > this.#config.WEIR_EVENT_BYTES_MAX) {
      const limit = `the limit is ${this.#config.WEIR_EVENT_BYTES_MAX}`;
      this.#refuse(index, start, end, problem('event.too_large', `the event holds ${end - start} bytes, ${limit}`));
      return;
    }
    if (scanner.depth > this.#config.WEIR_EVENT_DEPTH_MAX) {
      const limit = `the limit is ${this.#config.WEIR_EVENT_DEPTH_MAX}`;
      const message = `the event nests ${scanner.depth} levels deep, ${limit}`;
      this.#refuse(index, start, end, problem('event.too_deep', message));
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
    this.parsed = true;
    this.#takeValue(index, start, end, value, scanner.suspicious);
  }

  /** One copy for all entries of the slice; each entry is a view of it. */
  endSlice(): void {
    if (this.#bounds.length === 0) return;
    const slice = this.#writer.take();
    for (let i = 0; i < this.#bounds.length; i += 2) {
      this.entries.push(slice.subarray(this.#bounds[i], this.#bounds[i + 1]));
    }
    this.#bounds.length = 0;
    this.#writer.reset();
  }

  #takeValue(index: number, start: number, end: number, value: unknown, suspicious: boolean): void {
    const unstorable = suspicious ? findUnstorable(value) : undefined;
    const normalised = normaliseEvent(value, this.#normalise);
    if (!normalised.ok) {
      // A number that overflowed fails the schema too; what it really was is the better reason.
      const others = normalised.problems.filter((other) => other.pointer !== unstorable?.pointer);
      const problems = unstorable === undefined ? normalised.problems : [unstorable, ...others];
      this.refusals.push({ index, id: normalised.id, problems, start, end });
      return;
    }
    const { event } = normalised;
    if (unstorable !== undefined) {
      this.refusals.push({ index, id: event.id, problems: [unstorable], start, end });
      return;
    }
    const from = this.#writer.length;
    encodeEntry(this.#writer, { kind: 'event', event });
    const length = this.#writer.length - from;
    if (length > this.#encodedBytesMax) {
      // What was written may be a good deal longer than the frame that it does not fit.
      this.#writer.truncate(from);
      const message = `the event takes ${length} bytes in the log, the limit is ${this.#encodedBytesMax}`;
      this.refusals.push({ index, id: event.id, problems: [problem('event.too_large', message)], start, end });
      return;
    }
    this.#bounds.push(from, this.#writer.length);
  }

  #refuse(index: number, start: number, end: number, reason: Problem): void {
    this.refusals.push({ index, id: undefined, problems: [reason], start, end });
  }
}

export function problem(code: ErrorCode, message: string): Problem {
  return { code, pointer: '', message };
}

function describeSyntax(error: unknown): string {
  return error instanceof SyntaxError ? error.message : String(error);
}
