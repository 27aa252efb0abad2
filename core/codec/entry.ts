/**
 * Log entries: events, and everything else that can change a decision. An event entry is a fixed head, three strings
 * and the data in its type's layout; control entries are rare and carry JSON. The first byte tells the kind, the
 * second the version of the layout.
 */
import { DAY_MS, HOUR_MS } from '../clock.ts';
import {
  BUSINESS_LINES,
  CHANNELS,
  FEEDBACK_ACTIONS,
  LOCATION_ORIGINS,
  TRANSACTION_KINDS,
  TRANSACTION_STATUSES,
} from '../events/data-schemas.ts';
import { EVENT_TYPES, type EventType, type WeirEvent } from '../events/event.ts';
import { ByteReader } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';
import { boolean, defineLayout, enumOf, group, json, type Layout, number, text } from './layout.ts';

/** The clock that the engine sees: one entry a second, so that timers fire from the log. */
export interface TickEntry {
  readonly kind: 'tick';
  readonly timeMs: number;
}

/** What the engine may be told besides rules. It travels in the log, since it changes decisions. */
export interface EngineSettings {
  /** How far behind its key's newest event an event may be and still count in windows. */
  readonly allowedLatenessMs: number;
  /** How long a customer's events stay in state at most, for duplicates and windows; never under a day. */
  readonly historyMs: number;
  /** How many events of one key stay in state at most. */
  readonly historyEventsMax: number;
  /** Windows with more events than that have their distinct values estimated; 4,096 where nothing is said. */
  readonly distinctEventsMax?: number;
}

export const DEFAULT_ENGINE_SETTINGS: Required<EngineSettings> = {
  allowedLatenessMs: HOUR_MS,
  historyMs: 400 * DAY_MS,
  historyEventsMax: 32_768,
  distinctEventsMax: 4_096,
};

/** A rule set goes live from this position on. `documents` are rule documents as `rules/` defines them. */
export interface RulesetEntry {
  readonly kind: 'ruleset';
  readonly version: number;
  readonly settings: EngineSettings;
  readonly documents: readonly unknown[];
  readonly author: string;
  readonly comment: string;
}

/**
 * A part of a rule set that is to go live later. A large set comes in parts, which fit the log's messages, and is
 * compiled while events go on. Several may be staged beside one another: the version tells them apart.
 */
export interface StageEntry {
  readonly kind: 'stage';
  readonly version: number;
  /** From 0 on, in order. */
  readonly part: number;
  readonly parts: number;
  readonly documents: readonly unknown[];
}

/** The rule set that was staged under this version goes live from this position on. */
export interface ActivateEntry {
  readonly kind: 'activate';
  readonly version: number;
  readonly settings: EngineSettings;
  readonly author: string;
  readonly comment: string;
  /**
   * `warm`: it is refused where a window would go live without its history. `any`: it goes live and says from where its
   * windows count. Absent in logs from before there was a choice: as `any`, and nothing is said.
   */
  readonly windows?: 'warm' | 'any';
}

/**
 * From the next position on, events are kept for the windows that the rule set staged under this version reads and that the
 * live one has not. What they held up to here comes as `FillEntry`s.
 */
export interface WarmEntry {
  readonly kind: 'warm';
  readonly version: number;
  /** Those that the rule set is to be activated with. */
  readonly settings: EngineSettings;
}

/** Where the history that fills windows begins. */
export interface HistoryStart {
  /** The first position of EVENTS that it covers. */
  readonly position: number;
  /** When the log took that, milliseconds since the Unix epoch. */
  readonly timeMs: number;
  /** There was nothing before. */
  readonly sinceBeginning: boolean;
}

/** Events of one key in a series, oldest first. */
export interface FilledCell {
  /** The ids that make up the key, in the order of the series. */
  readonly keys: readonly string[];
  /** The first event's time in milliseconds since the Unix epoch, then for each further one how much later it is. */
  readonly times: readonly number[];
  /** What the series stores of each beside its time; absent where that is nothing. */
  readonly values?: readonly number[];
  /** The second coordinate of positions. */
  readonly values2?: readonly number[];
}

export interface FilledSeries {
  /** The signature of the series. */
  readonly series: string;
  readonly cells: readonly FilledCell[];
}

/**
 * A part of what the windows of a `WarmEntry` held at its position. A key with many events comes in several pieces, the
 * newest events first.
 */
export interface FillEntry {
  readonly kind: 'fill';
  readonly version: number;
  /** From 0 on, in order; any other is left aside. */
  readonly part: number;
  readonly windows: readonly FilledSeries[];
  /** Of the last part. */
  readonly history?: HistoryStart;
}

/** Replaces a named list. */
export interface ListEntry {
  readonly kind: 'list';
  readonly name: string;
  readonly entries: readonly { readonly value: string; readonly expiresMs?: number }[];
}

export interface EventEntry {
  readonly kind: 'event';
  readonly event: WeirEvent;
}

export type ControlEntry = TickEntry | RulesetEntry | ListEntry | StageEntry | WarmEntry | FillEntry | ActivateEntry;
export type Entry = EventEntry | ControlEntry;

const ENTRY_VERSION = 1;
const EVENT_KIND = 1;
/** Behind kind, version, type and offset. */
const EVENT_TIME_AT = 5;
/** Append only. */
const CONTROL_KINDS = { tick: 2, ruleset: 3, list: 4, stage: 5, activate: 6, warm: 7, fill: 8 } as const;

const instrument = group({ type: text, token: text, issuer: text });

export const DATA_LAYOUTS: { readonly [T in EventType]: Layout } = {
  transaction: defineLayout({
    amount: number,
    currency: text,
    kind: enumOf(TRANSACTION_KINDS),
    status: enumOf(TRANSACTION_STATUSES),
    declineReason: text,
    channel: enumOf(CHANNELS),
    businessLine: enumOf(BUSINESS_LINES),
    department: text,
    merchant: group({ id: text, name: text, mcc: text, city: text, lat: number, lon: number }),
    instrument,
    device: group({ id: text, ip: text }),
    counterparty: text,
    lat: number,
    lon: number,
    fee: number,
    cost: number,
  }),
  location: defineLayout({ lat: number, lon: number, accuracyM: number, origin: enumOf(LOCATION_ORIGINS) }),
  bill: defineLayout({ amount: number, currency: text, dueDate: text, issuer: text, instrument, paid: boolean }),
  profile: defineLayout({
    name: text,
    phone: text,
    email: text,
    segment: text,
    birthDate: text,
    homeCity: text,
    timeZone: text,
    language: text,
    attributes: json,
    consents: json,
    links: json,
  }),
  label: defineLayout({ transactionId: text, fraud: boolean, origin: text, note: text }),
  offer_feedback: defineLayout({ offerId: text, action: enumOf(FEEDBACK_ACTIONS) }),
  place: defineLayout({
    name: text,
    category: text,
    lat: number,
    lon: number,
    merchantId: text,
    mcc: text,
    acceptsCards: json,
    discount: number,
    openingHours: text,
  }),
};

export function encodeEntry(writer: ByteWriter, entry: Entry): void {
  if (entry.kind !== 'event') {
    writer.u8(CONTROL_KINDS[entry.kind]);
    writer.u8(ENTRY_VERSION);
    writer.text32(JSON.stringify(entry));
    return;
  }
  const { event } = entry;
  encodeEventHead(writer, EVENT_TYPES.indexOf(event.type), event.offsetMinutes, event.timeMs, event.receivedMs);
  writer.text(event.id);
  writer.text(event.source);
  writer.text(event.subject);
  DATA_LAYOUTS[event.type].encode(writer, event.data);
}

/** What stands before an event's id; `type` is its place in `EVENT_TYPES`. */
export function encodeEventHead(
  writer: ByteWriter,
  type: number,
  offsetMinutes: number,
  timeMs: number,
  receivedMs: number,
): void {
  writer.u8(EVENT_KIND);
  writer.u8(ENTRY_VERSION);
  writer.u8(type);
  writer.i16(offsetMinutes);
  writer.f64(timeMs);
  writer.f64(receivedMs);
}

/** The time of an encoded event, without decoding it; undefined for other entries and for bytes that no encoder wrote. */
export function eventTimeOf(entry: Uint8Array): number | undefined {
  if (entry[0] !== EVENT_KIND || entry.length < EVENT_TIME_AT + 8) return undefined;
  const timeMs = new DataView(entry.buffer, entry.byteOffset).getFloat64(EVENT_TIME_AT, true);
  return Number.isFinite(timeMs) ? timeMs : undefined;
}

const RULE_CHANGES: ReadonlySet<number | undefined> = new Set(
  (['ruleset', 'stage', 'warm', 'fill', 'activate'] as const).map((kind) => CONTROL_KINDS[kind]),
);

/** Whether an encoded entry sets, stages, warms or activates rules. */
export function isRuleChange(entry: Uint8Array): boolean {
  return RULE_CHANGES.has(entry[0]);
}

/** Throws a `RangeError` or `SyntaxError` on bytes that no encoder wrote. */
export function decodeEntry(bytes: Uint8Array): Entry {
  const reader = new ByteReader(bytes);
  const kind = reader.u8();
  const version = reader.u8();
  if (version !== ENTRY_VERSION) throw new RangeError(`entry version ${version} is not known`);
  if (kind !== EVENT_KIND) return decodeControl(kind, reader);
  const type = EVENT_TYPES[reader.u8()];
  if (type === undefined) throw new RangeError('the event type is not known');
  const offsetMinutes = reader.i16();
  const timeMs = reader.f64();
  const receivedMs = reader.f64();
  const id = reader.text();
  const source = reader.text();
  const subject = reader.text();
  const data = DATA_LAYOUTS[type].decode(reader);
  // The layout of a type decodes to that type's data: the round-trip property test holds the two together.
  return { kind: 'event', event: { type, id, source, subject, timeMs, offsetMinutes, receivedMs, data } as WeirEvent };
}

function decodeControl(kind: number, reader: ByteReader): ControlEntry {
  for (const known of Object.values(CONTROL_KINDS)) {
    if (known === kind) return JSON.parse(reader.text32()) as ControlEntry;
  }
  throw new RangeError(`entry kind ${kind} is not known`);
}
