/**
 * The short way from JSON text to a log entry: one look at the bytes that parses, validates and encodes, and makes no
 * object. It takes what nearly all events are: known members only, each once, no escapes, plain numbers. Whatever else
 * there is, wrong events included, is left to the general way (`JSON.parse`, the schemas, `encodeEntry`), which alone
 * says what is wrong. A property test holds the two together: what is taken here gives the same bytes there.
 */
import type { ByteWriter } from '../../../core/codec/byte-writer.ts';
import { DATA_LAYOUTS, encodeEventHead } from '../../../core/codec/entry.ts';
import { DATA_SCHEMAS } from '../../../core/events/data-schemas.ts';
import { EVENT_TYPES, EventEnvelope } from '../../../core/events/event.ts';
import { DEFAULTS, type NormaliseOptions } from '../../normalise-event.ts';
import { CLOSE_BRACE, COMMA, OPEN_BRACE, QUOTE, skipSpace } from '../json-bytes.ts';
import { MemberReader } from './member-reader.ts';
import { NameTable } from './name-table.ts';
import { PlainData } from './plain-data.ts';
import { planPlainLayout } from './plain-layout.ts';
import { endOfPlainText, isPlainTextOf } from './plain-text.ts';
import { InstantReader } from './read-instant.ts';

/** Those that an entry keeps as they are come first, in its order. */
const MEMBERS = ['id', 'source', 'subject', 'type', 'time', 'data', 'specversion'] as const;
const KEPT = 3;
const TYPE = 3;
const TIME = 4;
const DATA = 5;
const SPECVERSION = 6;
/** Presence bits of all but the last, which may be absent. */
const REQUIRED = (1 << SPECVERSION) - 1;
const ENVELOPE = new NameTable(MEMBERS);
const TYPES = new NameTable(EVENT_TYPES);
const VERSIONS = new NameTable([EventEnvelope.properties.specversion.const]);
const LAYOUTS = EVENT_TYPES.map((type) => planPlainLayout(DATA_SCHEMAS[type], DATA_LAYOUTS[type], DEFAULTS[type]));
const LENGTHS = MEMBERS.map((name) => lengthsOf(EventEnvelope.properties[name]));
/** An event, its data, and the groups in it. */
export const PLAIN_DEPTH_MAX = 3;

export class PlainEventReader {
  /** Just past the event that was read. */
  end = 0;
  readonly #member = new MemberReader();
  readonly #instant = new InstantReader();
  readonly #data = new PlainData(LAYOUTS);
  readonly #starts = new Uint32Array(MEMBERS.length);
  readonly #ends = new Uint32Array(MEMBERS.length);

  /**
   * Appends the entry of the event that begins at `start`; false, with nothing appended, where the event is not plain.
   * `bytes` are well-formed UTF-8, and no string or number is open at `end`.
   */
  read(bytes: Uint8Array, start: number, end: number, options: NormaliseOptions, writer: ByteWriter): boolean {
    const type = this.#readEnvelope(bytes, start, end);
    if (type < 0) return false;
    const { timeMs, offsetMinutes } = this.#instant;
    const { nowMs, futureMaxMs } = options;
    if (timeMs < 0 || timeMs > nowMs + futureMaxMs) return false;
    encodeEventHead(writer, type, offsetMinutes, timeMs, nowMs);
    for (let member = 0; member < KEPT; member++) {
      const from = this.#starts[member] as number;
      const to = this.#ends[member] as number;
      writer.u16(to - from);
      writer.copy(bytes, from, to);
    }
    this.#data.write(bytes, writer);
    return true;
  }

  /** The event's type, -1 where it is not plain. */
  #readEnvelope(bytes: Uint8Array, start: number, end: number): number {
    if (bytes[start] !== OPEN_BRACE) return -1;
    let type = -1;
    let seen = 0;
    for (let at = start + 1; ; at++) {
      at = this.#member.read(bytes, at, end, ENVELOPE);
      if (at < 0) return -1;
      const { member } = this.#member;
      if ((seen & (1 << member)) !== 0) return -1;
      seen |= 1 << member;
      if (member === DATA) {
        // Producers name the type first; data that comes before it cannot be read in one go.
        if (type < 0) return -1;
        at = this.#data.read(bytes, at, end, LAYOUTS[type]);
        if (at < 0) return -1;
      } else {
        if (bytes[at] !== QUOTE) return -1;
        const from = at + 1;
        const to = endOfPlainText(bytes, from, end);
        const { min, max } = LENGTHS[member] as { min: number; max: number };
        if (to < 0 || !isPlainTextOf(bytes, from, to, min, max)) return -1;
        if (member === TYPE) {
          type = TYPES.find(bytes, from, to);
          if (type < 0) return -1;
        } else if (member === TIME && !this.#instant.read(bytes, from, to)) {
          return -1;
        } else if (member === SPECVERSION && VERSIONS.find(bytes, from, to) < 0) {
          return -1;
        }
        this.#starts[member] = from;
        this.#ends[member] = to;
        at = to + 1;
      }
      at = skipSpace(bytes, at, end);
      if (bytes[at] === COMMA) continue;
      if (bytes[at] !== CLOSE_BRACE || at >= end) return -1;
      this.end = at + 1;
      return (seen & REQUIRED) === REQUIRED ? type : -1;
    }
  }
}

function lengthsOf(schema: object): { readonly min: number; readonly max: number } {
  const { minLength = 0, maxLength = Number.POSITIVE_INFINITY }: { minLength?: number; maxLength?: number } = schema;
  return { min: minLength, max: maxLength };
}
