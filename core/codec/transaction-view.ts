/**
 * A transaction read in the frame's bytes, without decoding it: `load` checks and finds the fields, and `event` looks like
 * the decoded event but makes a string or number only when somebody reads it. One view serves all events of a log: what
 * `event` gives holds until the next `load`. It must equal what `decodeEntry` gives: a property test holds the two together.
 */
import { EVENT_TYPES, type EventOf } from '../events/event.ts';
import { UTF8 } from './byte-reader.ts';
import { asciiText, TextCache } from './text-cache.ts';
import { createTransactionEvent } from './transaction-event.ts';
import { COUNT, DATA, ENUM, FIELDS, FIRST, ID, KINDS, NUMBER, SUBJECT, TEXT, VALUES } from './transaction-fields.ts';

/** Bytes before an entry's id: kind, version, type, offset, time and received time. */
const HEAD_BYTES = 1 + 1 + 1 + 2 + 8 + 8;
const EVENT_KIND = 1;
const ENTRY_VERSION = 1;
const TRANSACTION = EVENT_TYPES.indexOf('transaction');

const NO_BYTES = new Uint8Array(0);
const NOT_ASCII = 0x8080_8080;

export class TransactionView {
  /** Like the decoded event, save that absent members are there and undefined. */
  readonly event: EventOf<'transaction'>;
  /** The frame that the entry lies in. */
  bytes: Uint8Array = NO_BYTES;
  /** Where the entry begins and ends. */
  start = 0;
  end = 0;
  readonly #cache = new TextCache();
  #view: DataView = new DataView(NO_BYTES.buffer);
  /** By field: where its value lies, behind the length of a text; 0 where it is absent. */
  readonly #at = new Uint32Array(FIELDS);
  readonly #length = new Uint32Array(FIELDS);
  /** Texts that were made already, of fields that are not ASCII: made while loading, since they may be no UTF-8. */
  readonly #texts: (string | undefined)[] = new Array<string | undefined>(FIELDS).fill(undefined);
  #wide = false;
  #id: string | undefined;

  constructor() {
    this.event = createTransactionEvent(this);
  }

  /** The frame whose entries are loaded next. */
  enter(frame: Uint8Array): void {
    this.bytes = frame;
    this.#view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  }

  /**
   * Looks at the entry in `[start, end)` of the frame. False where it is no transaction, holds members that the layout does
   * not know, or is damaged: `decodeEntry` then gives the event, or says what is wrong.
   */
  load(start: number, end: number): boolean {
    const { bytes } = this;
    if (end - start < HEAD_BYTES || bytes[start] !== EVENT_KIND) return false;
    if (bytes[start + 1] !== ENTRY_VERSION || bytes[start + 2] !== TRANSACTION) return false;
    this.start = start;
    this.end = end;
    this.#id = undefined;
    this.#at.fill(0);
    if (this.#wide) this.#texts.fill(undefined);
    this.#wide = false;
    let at = start + HEAD_BYTES;
    for (let field = ID; field <= SUBJECT; field++) {
      at = this.#loadText(field, at);
      if (at === 0) return false;
    }
    return this.#loadFields(at, DATA[0], DATA[1]) !== 0;
  }

  get timeMs(): number {
    return this.#view.getFloat64(this.start + 5, true);
  }

  get receivedMs(): number {
    return this.#view.getFloat64(this.start + 13, true);
  }

  get offsetMinutes(): number {
    return this.#view.getInt16(this.start + 3, true);
  }

  get id(): string {
    // Ids do not come again: they would only drive others from the cache.
    this.#id ??= this.#texts[ID] ?? asciiText(this.bytes, this.#at[ID] as number, this.#length[ID] as number);
    return this.#id;
  }

  has(field: number): boolean {
    return this.#at[field] !== 0;
  }

  /** Where the bytes of a text that is present lie. */
  at(field: number): number {
    return this.#at[field] as number;
  }

  /** In bytes; 0 where it is absent. */
  length(field: number): number {
    return this.#at[field] === 0 ? 0 : (this.#length[field] as number);
  }

  /** Whether the text is absent or ASCII: its bytes then stand for it, one a UTF-16 unit. */
  isAscii(field: number): boolean {
    return !this.#wide || this.#texts[field] === undefined;
  }

  text(field: number): string | undefined {
    const at = this.#at[field] as number;
    if (at === 0) return undefined;
    return this.#texts[field] ?? this.#cache.ascii(this.bytes, at, this.#length[field] as number);
  }

  number(field: number): number | undefined {
    const at = this.#at[field] as number;
    return at === 0 ? undefined : this.#view.getFloat64(at, true);
  }

  /** The value of an enumeration. */
  one(field: number): string | undefined {
    const at = this.#at[field] as number;
    return at === 0 ? undefined : VALUES[field]?.[this.bytes[at] as number];
  }

  /** The text or the value of an enumeration, '' where it is absent. */
  word(field: number): string {
    return (KINDS[field] === ENUM ? this.one(field) : this.text(field)) ?? '';
  }

  /** Where the fields end, 0 where something is wrong with them. */
  #loadFields(start: number, first: number, count: number): number {
    if (start + 4 > this.end) return 0;
    const bitmap = this.#view.getUint32(start, true);
    // Bits past the known fields: members that travel as JSON, or a later version's.
    if (bitmap >>> count !== 0) return 0;
    let at = start + 4;
    for (let i = 0; i < count; i++) {
      if ((bitmap & (1 << i)) === 0) continue;
      const field = first + i;
      const kind = KINDS[field];
      if (kind === TEXT) {
        at = this.#loadText(field, at);
        if (at === 0) return 0;
      } else if (kind === NUMBER) {
        this.#at[field] = at;
        at += 8;
      } else if (kind === ENUM) {
        if (at >= this.end || (this.bytes[at] as number) >= (COUNT[field] as number)) return 0;
        this.#at[field] = at;
        at += 1;
      } else {
        this.#at[field] = at;
        at = this.#loadFields(at, FIRST[field] as number, COUNT[field] as number);
        if (at === 0) return 0;
      }
      if (at > this.end) return 0;
    }
    return at;
  }

  #loadText(field: number, start: number): number {
    if (start + 2 > this.end) return 0;
    const view = this.#view;
    const length = view.getUint16(start, true);
    const at = start + 2;
    const end = at + length;
    if (end > this.end) return 0;
    this.#at[field] = at;
    this.#length[field] = length;
    let seen = 0;
    let i = at;
    for (; i + 4 <= end; i += 4) seen |= view.getUint32(i, true);
    for (; i < end; i++) seen |= this.bytes[i] as number;
    return (seen & NOT_ASCII) === 0 || this.#loadWide(field, at, end) ? end : 0;
  }

  #loadWide(field: number, at: number, end: number): boolean {
    try {
      this.#texts[field] = UTF8.decode(this.bytes.subarray(at, end));
    } catch {
      return false;
    }
    this.#wide = true;
    return true;
  }
}
