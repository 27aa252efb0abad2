/**
 * One stream of the simulated JetStream: what it holds, and which publishes it takes. The checks come in the order of
 * nats-server 2.9 (`processJetStreamMsg`): duplicate id, expected sequence, expected id, room.
 */
import { headerOf, subjectFits } from './protocol.ts';

export interface StoredMessage {
  readonly seq: number;
  readonly subject: string;
  readonly headers: Buffer;
  readonly payload: Buffer;
  readonly storedMs: number;
}

export interface ApiError {
  readonly code: number;
  readonly err_code: number;
  readonly description: string;
}

export type PublishResult =
  | { readonly seq: number; readonly duplicate: boolean }
  | { readonly seq?: undefined; readonly error: ApiError };

export interface StreamConfig {
  readonly name: string;
  readonly subjects: readonly string[];
  readonly duplicate_window?: number;
  readonly max_msgs_per_subject?: number;
  readonly [option: string]: unknown;
}

const NANOS_PER_MILLI = 1e6;

/** Switched off one by one by tests that ask whether anybody would notice. */
export interface StreamDefects {
  ignoreExpectedSequence?: boolean;
  ignoreMessageId?: boolean;
}

export class SimulatedStream {
  config: StreamConfig;
  readonly messages = new Map<number, StoredMessage>();
  lastSeq = 0;
  isFull = false;
  readonly #defects: StreamDefects;
  readonly #ids = new Map<string, { seq: number; atMs: number }>();
  #lastId = '';

  constructor(config: StreamConfig, defects: StreamDefects) {
    this.config = config;
    this.#defects = defects;
  }

  get firstSeq(): number {
    for (const seq of this.messages.keys()) return seq;
    return this.lastSeq + 1;
  }

  takes(subject: string): boolean {
    return this.config.subjects.some((pattern) => subjectFits(pattern, subject));
  }

  publish(subject: string, headers: Buffer, payload: Buffer, nowMs: number): PublishResult {
    const id = headerOf(headers, 'Nats-Msg-Id');
    if (id !== undefined && this.#defects.ignoreMessageId !== true) {
      const known = this.#ids.get(id);
      const windowMs = (this.config.duplicate_window ?? 120_000 * NANOS_PER_MILLI) / NANOS_PER_MILLI;
      if (known !== undefined && nowMs - known.atMs <= windowMs) return { seq: known.seq, duplicate: true };
    }
    const wantedForSubject = headerOf(headers, 'Nats-Expected-Last-Subject-Sequence');
    if (wantedForSubject !== undefined) {
      const last = this.lastOf(subject)?.seq ?? 0;
      if (last !== Number(wantedForSubject)) return wrongSequence(last);
    }
    if (this.#defects.ignoreExpectedSequence !== true) {
      const wanted = headerOf(headers, 'Nats-Expected-Last-Sequence');
      if (wanted !== undefined && Number(wanted) !== this.lastSeq) return wrongSequence(this.lastSeq);
      const wantedId = headerOf(headers, 'Nats-Expected-Last-Msg-Id');
      if (wantedId !== undefined && wantedId !== this.#lastId) {
        const description = `wrong last msg ID: ${this.#lastId}`;
        return { error: { code: 400, err_code: 10070, description } };
      }
    }
    if (this.isFull) return { error: { code: 503, err_code: 10077, description: 'maximum bytes exceeded' } };
    const seq = ++this.lastSeq;
    if (headerOf(headers, 'Nats-Rollup') === 'sub') this.purge(subject);
    this.messages.set(seq, { seq, subject, headers, payload, storedMs: nowMs });
    this.#lastId = id ?? '';
    if (id !== undefined) this.#ids.set(id, { seq, atMs: nowMs });
    this.#limitSubject(subject);
    return { seq, duplicate: false };
  }

  lastOf(pattern: string): StoredMessage | undefined {
    let found: StoredMessage | undefined;
    for (const message of this.messages.values()) if (subjectFits(pattern, message.subject)) found = message;
    return found;
  }

  /** The first one from a sequence on. */
  nextOf(pattern: string, fromSeq: number): StoredMessage | undefined {
    for (const message of this.messages.values())
      if (message.seq >= fromSeq && subjectFits(pattern, message.subject)) return message;
    return undefined;
  }

  /** Returns how many went. */
  purge(pattern: string): number {
    let purged = 0;
    for (const message of this.messages.values()) {
      if (!subjectFits(pattern, message.subject)) continue;
      this.messages.delete(message.seq);
      purged++;
    }
    return purged;
  }

  subjectCounts(pattern: string): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { subject } of this.messages.values()) {
      if (subjectFits(pattern, subject)) counts[subject] = (counts[subject] ?? 0) + 1;
    }
    return counts;
  }

  /** Keeps as many of a subject as the configuration allows. */
  #limitSubject(subject: string): void {
    const max = this.config.max_msgs_per_subject ?? -1;
    if (max < 1) return;
    const held = [...this.messages.values()].filter((message) => message.subject === subject);
    for (const message of held.slice(0, Math.max(0, held.length - max))) this.messages.delete(message.seq);
  }
}

function wrongSequence(last: number): PublishResult {
  return { error: { code: 400, err_code: 10071, description: `wrong last sequence: ${last}` } };
}
