/**
 * Outcome frames as bytes: the first item is the head, the rest are outcomes in the order of issue. The kinds that may
 * come once per event are packed; the others are rare and carry JSON. `digest` over the bytes after the head is what
 * replay is compared by.
 */
import { ByteReader } from '../codec/byte-reader.ts';
import type { ByteWriter } from '../codec/byte-writer.ts';
import { appendItem, beginFrame, endFrame, FRAME_HEAD_BYTES, splitFrame } from '../codec/frame.ts';
import { EVENT_TYPES } from '../events/event.ts';
import {
  type AcceptedOutcome,
  DECISIONS,
  type DecisionOutcome,
  type KpiDelta,
  type Outcome,
  type OutcomeFrame,
  type OutcomeHead,
  type PoisonOutcome,
  type Reason,
} from './outcome.ts';

/** Append only. */
const HEAD = 0;
export const ACCEPTED = 1;
export const DECISION = 2;
const POISON = 3;
const JSON_KIND = 4;
export const KPI = 5;

/** Behind kind and index. */
const ACCEPTED_TYPE_AT = 5;
const LABEL = EVENT_TYPES.indexOf('label');

const HEAD_BYTES = 1 + 8 + 2 + 1 + 8 + 4 + 4 + 4 + 4;

/** Where the outcomes of an encoded frame begin; the digest covers everything from here on. */
export const OUTCOMES_OFFSET = FRAME_HEAD_BYTES + 4 + HEAD_BYTES;

export function encodeOutcomeFrame(writer: ByteWriter, frame: OutcomeFrame): Uint8Array {
  writer.reset();
  beginFrame(writer);
  appendItem(writer, (w) => writeOutcomeHead(w, frame.head));
  for (const outcome of frame.outcomes) appendItem(writer, (w) => writeOutcome(w, outcome));
  return endFrame(writer, frame.outcomes.length + 1);
}

/** Throws a `RangeError` on bytes that no encoder wrote. */
export function decodeOutcomeFrame(bytes: Uint8Array): OutcomeFrame {
  const items = splitFrame(bytes);
  return { head: readHead(items[0]), outcomes: items.slice(1).map(readOutcome) };
}

/** One outcome and its index among the outcomes of its frame. */
export interface IndexedOutcome {
  readonly item: number;
  readonly outcome: Outcome;
}

/**
 * The head and what was derived (KPIs, alerts, offers, rule sets), without the events and decisions that make up most of
 * a frame: what live readers need at a fraction of the cost.
 */
export function decodeDerivedOutcomes(bytes: Uint8Array): { head: OutcomeHead; derived: IndexedOutcome[] } {
  const items = splitFrame(bytes);
  const derived: IndexedOutcome[] = [];
  for (let i = 1; i < items.length; i++) {
    const item = items[i];
    if (item !== undefined && (item[0] === JSON_KIND || item[0] === KPI))
      derived.push({ item: i - 1, outcome: readOutcome(item) });
  }
  return { head: readHead(items[0]), derived };
}

/** The head alone, for readers that only need the position. */
export function decodeOutcomeHead(bytes: Uint8Array): OutcomeHead {
  return readHead(splitFrame(bytes)[0]);
}

/** One item of a frame: the head comes first. For writers that build frames item by item. */
export function writeOutcomeHead(writer: ByteWriter, head: OutcomeHead): void {
  writer.u8(HEAD);
  writer.f64(head.inputSeq);
  writer.u16(head.part);
  writer.u8(head.final ? 1 : 0);
  writer.f64(head.clockMs);
  writer.u32(head.rulesetVersion);
  writer.u32(head.accepted);
  writer.u32(head.duplicates);
  writer.u32(head.late);
}

/** Throws a `RangeError` where the item is no head. */
export function readHead(item: Uint8Array | undefined): OutcomeHead {
  if (item === undefined) throw new RangeError('an outcome frame without a head');
  const reader = new ByteReader(item);
  if (reader.u8() !== HEAD) throw new RangeError('an outcome frame does not begin with its head');
  return {
    inputSeq: reader.f64(),
    part: reader.u16(),
    final: reader.u8() === 1,
    clockMs: reader.f64(),
    rulesetVersion: reader.u32(),
    accepted: reader.u32(),
    duplicates: reader.u32(),
    late: reader.u32(),
  };
}

/** One item of a frame. Throws a `RangeError` where a string does not fit. */
export function writeOutcome(writer: ByteWriter, outcome: Outcome): void {
  switch (outcome.kind) {
    case 'accepted':
      writer.u8(ACCEPTED);
      writer.u32(outcome.index);
      writer.u8(EVENT_TYPES.indexOf(outcome.type));
      writer.u8(outcome.late ? 1 : 0);
      writer.text(outcome.customer);
      writer.bytes(outcome.entry);
      return;
    case 'decision':
      writeDecision(writer, outcome);
      return;
    case 'poison':
      writer.u8(POISON);
      writer.u32(outcome.index);
      writer.text(outcome.message);
      writer.bytes(outcome.entry);
      return;
    case 'kpi':
      writeKpi(writer, outcome);
      return;
    default:
      writer.u8(JSON_KIND);
      writer.text32(JSON.stringify(outcome));
  }
}

function writeDecision(writer: ByteWriter, outcome: DecisionOutcome): void {
  writer.u8(DECISION);
  writer.u32(outcome.index);
  writer.text(outcome.eventId);
  writer.text(outcome.source);
  writer.text(outcome.customer);
  writer.f64(outcome.timeMs);
  writeVerdict(writer, outcome);
}

export type Verdict = Pick<DecisionOutcome, 'decision' | 'score' | 'rulesetVersion' | 'reasons' | 'trace'>;

/** What a decision holds behind whom it is about. */
export function writeVerdict(writer: ByteWriter, { decision, score, rulesetVersion, reasons, trace }: Verdict): void {
  writer.u8(DECISIONS.indexOf(decision));
  writer.f64(score);
  writer.u32(rulesetVersion);
  writer.u16(reasons.length);
  for (const reason of reasons) {
    writer.text(reason.ruleId);
    writer.u32(reason.ruleVersion);
    writer.text(reason.code);
    writer.text(reason.message);
  }
  writer.copy(trace, 0, trace.length);
}

function writeKpi(writer: ByteWriter, delta: KpiDelta): void {
  writer.u8(KPI);
  writer.f64(delta.secondMs);
  writer.text(delta.businessLine);
  writer.text(delta.channel);
  writer.text(delta.region);
  writer.text(delta.currency);
  writer.u32(delta.transactions);
  writer.f64(delta.volume);
  writer.u32(delta.approved);
  writer.u32(delta.declined);
  writer.f64(delta.fees);
  writer.f64(delta.costs);
  writer.u32(delta.alerts);
  writer.u32(delta.offers);
}

function readKpi(reader: ByteReader): KpiDelta {
  return {
    kind: 'kpi',
    secondMs: reader.f64(),
    businessLine: reader.text(),
    channel: reader.text(),
    region: reader.text(),
    currency: reader.text(),
    transactions: reader.u32(),
    volume: reader.f64(),
    approved: reader.u32(),
    declined: reader.u32(),
    fees: reader.f64(),
    costs: reader.f64(),
    alerts: reader.u32(),
    offers: reader.u32(),
  };
}

/** Throws a `RangeError` on an item that no encoder wrote. */
export function readOutcome(item: Uint8Array): Outcome {
  const reader = new ByteReader(item);
  const kind = reader.u8();
  switch (kind) {
    case ACCEPTED:
      return readAccepted(reader);
    case DECISION:
      return readDecision(reader);
    case POISON:
      return readPoison(reader);
    case KPI:
      return readKpi(reader);
    case JSON_KIND:
      return JSON.parse(reader.text32()) as Outcome;
    default:
      throw new RangeError(`outcome kind ${kind} is not known`);
  }
}

function readAccepted(reader: ByteReader): AcceptedOutcome {
  const index = reader.u32();
  const type = EVENT_TYPES[reader.u8()];
  if (type === undefined) throw new RangeError('the event type is not known');
  const late = reader.u8() === 1;
  const customer = reader.text();
  return { kind: 'accepted', index, type, customer, late, entry: reader.bytes(reader.remaining) };
}

/** The item of an accepted label; undefined for any other, at the price of a look at it. */
export function readLabelItem(item: Uint8Array): AcceptedOutcome | undefined {
  if (item[0] !== ACCEPTED || item[ACCEPTED_TYPE_AT] !== LABEL) return undefined;
  const reader = new ByteReader(item);
  reader.u8();
  return readAccepted(reader);
}

/** The rest of a decision's item, behind its kind. */
export function readDecision(reader: ByteReader): DecisionOutcome {
  const index = reader.u32();
  const eventId = reader.text();
  const source = reader.text();
  const customer = reader.text();
  const timeMs = reader.f64();
  const decision = DECISIONS[reader.u8()];
  if (decision === undefined) throw new RangeError('the decision is not known');
  const score = reader.f64();
  const rulesetVersion = reader.u32();
  const reasons: Reason[] = [];
  const count = reader.u16();
  for (let i = 0; i < count; i++) {
    reasons.push({ ruleId: reader.text(), ruleVersion: reader.u32(), code: reader.text(), message: reader.text() });
  }
  const trace = reader.bytes(reader.remaining);
  return {
    kind: 'decision',
    index,
    eventId,
    source,
    customer,
    timeMs,
    decision,
    score,
    rulesetVersion,
    reasons,
    trace,
  };
}

function readPoison(reader: ByteReader): PoisonOutcome {
  return { kind: 'poison', index: reader.u32(), message: reader.text(), entry: reader.bytes(reader.remaining) };
}
