/**
 * A lease on working alone, kept in the state bucket and renewed well inside its length. It settles who works, not who is
 * right: whoever was asleep may believe in its lease for a moment too long, and the log's expected sequence fences it out.
 * No clock of another machine is trusted: a holder is silent when its record has not changed for as long as the lease
 * lasts, by the watcher's own steady clock, and while it could be watched; or when its process is known to have ended.
 *
 *   watching ──free, or its holder is silent──▶ held ──another took it──▶ lost (final)
 *       └─────────────────stop, release─────────┴──▶ ended (final)
 */
import { JetStreamApiCodes, JetStreamApiError } from '@nats-io/jetstream';
import { headers } from '@nats-io/transport-node';
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { WeirError } from '../core/errors.ts';
import type { StreamConnection } from './connection.ts';
import { STATE_BUCKET } from './topology.ts';
import { withTimeout } from './with-timeout.ts';

/** Shares of the lease's length. */
const RENEW_SHARE = 1 / 4;
const LOOK_SHARE = 1 / 10;
/** A lease that was given back is found this soon, however long it lasts. */
const LOOK_MAX_MS = 250;
const ANSWER_SHARE = 1 / 3;
/** Who has not seen the record for this long has not seen whether it changed, and counts its silence anew. */
const BLIND_SHARE = 1 / 2;
const STREAM = `KV_${STATE_BUCKET}`;

const RecordShape = Type.Object({
  /** One process, never used again. */
  holder: Type.String(),
  /** Counts the holders. */
  epoch: Type.Integer({ minimum: 0 }),
  renewal: Type.Integer({ minimum: 0 }),
  released: Type.Boolean(),
  /** Up to where the holder's work is done, as in `progress.ts`. */
  inputSeq: Type.Integer({ minimum: 0 }),
  outcomeSeq: Type.Integer({ minimum: 0 }),
});
export type LeaseRecord = Static<typeof RecordShape>;
const recordShape = Compile(RecordShape);

export interface LeaseOptions {
  readonly key: string;
  readonly holder: string;
  readonly lengthMs: number;
  /** What a holder tells with each renewal. */
  readonly progress: () => Pick<LeaseRecord, 'inputSeq' | 'outcomeSeq'>;
  /** Whether this holder's process is known to have ended: nobody needs to wait for its silence. */
  readonly hasEnded: (holder: string) => boolean;
  /** Whether to take a lease whose holder has been silent for this long beyond its length; a free one is always taken. */
  readonly wants: (overdueMs: number) => boolean;
  /** Told what stands there, at every look. */
  readonly onSeen: (record: LeaseRecord) => void;
  readonly onHeld: (epoch: number) => void;
  /** `lease.lost`: another holds it. */
  readonly onLost: (error: WeirError) => void;
}

export interface Lease {
  /** Whether this process holds it, as far as it can know by itself. */
  isHeld(): boolean;
  /** Resolves at once or when it is renewed; rejects with `lease.lost` when another has it or it was given back. */
  whenHeld(): Promise<void>;
  /** Of the newest record that was seen or written; 0 before the first. */
  readonly epoch: number;
  /** Looks at it without delay: something became known that may make it due. */
  hurry(): void;
  /** Gives it back, so that the next one need not wait for its end; no more than a try where the server does not answer. */
  release(): Promise<void>;
  /** Leaves it as it is, as a crash would. */
  stop(): void;
}

interface Stored {
  readonly record: LeaseRecord;
  readonly revision: number;
}

export function startLease(c: StreamConnection, o: LeaseOptions): Lease {
  const subject = `$KV.${STATE_BUCKET}.${o.key}`;
  const answerMs = o.lengthMs * ANSWER_SHARE;
  let state: 'watching' | 'held' | 'lost' | 'ended' = 'watching';
  /** While watching: what was seen last, since when it stands there unchanged, and when it was looked at. */
  let seen: Stored | undefined;
  let silentSinceMs = 0;
  let lookedAtMs = Number.NEGATIVE_INFINITY;
  /** While held. */
  let own: Stored | undefined;
  let heldUntilMs = Number.NEGATIVE_INFINITY;
  let waiters: { resolve: () => void; reject: (error: WeirError) => void }[] = [];
  let wake: () => void = () => undefined;
  let isHurried = false;
  const hurry = (): void => {
    isHurried = true;
    wake();
  };

  const isHeld = (): boolean => state === 'held' && performance.now() < heldUntilMs;
  const settle = (error?: WeirError): void => {
    const settled = waiters;
    waiters = [];
    for (const waiter of settled) error === undefined ? waiter.resolve() : waiter.reject(error);
  };
  const notHeld = (why: string): WeirError => new WeirError('lease.lost', `the lease ${o.key} ${why}`);

  const read = async (): Promise<Stored | undefined> => {
    try {
      // Asks the stream's leader: an old record of a replica would look like silence.
      const stored = await withTimeout(c.manager.streams.getMessage(STREAM, { last_by_subj: subject }), answerMs);
      return stored === null ? undefined : { record: parseRecord(stored.data), revision: stored.seq };
    } catch (error) {
      if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.NoMessageFound) return undefined;
      throw error;
    }
  };

  /** One conditional write; the new revision, or `undefined` when the record is no longer at `revision`. */
  const write = async (record: LeaseRecord, revision: number): Promise<number | undefined> => {
    // The client would keep it and send it whenever it is connected again, which may be long after anybody wanted it.
    if (!c.isConnected()) throw new Error('the connection to NATS is down');
    const head = headers();
    head.set('Nats-Expected-Last-Subject-Sequence', String(revision));
    try {
      const bytes = new TextEncoder().encode(JSON.stringify(record));
      return (await c.jetstream.publish(subject, bytes, { headers: head, timeout: answerMs })).seq;
    } catch (error) {
      if (error instanceof JetStreamApiError && WRONG_SEQUENCE.includes(error.code)) return undefined;
      throw error;
    }
  };

  const hold = (stored: Stored, sentMs: number): void => {
    const isNew = state !== 'held';
    state = 'held';
    own = stored;
    heldUntilMs = sentMs + o.lengthMs;
    if (isNew) o.onHeld(stored.record.epoch);
    settle();
  };

  const look = async (): Promise<void> => {
    const stored = await read();
    if (state !== 'watching') return;
    const nowMs = performance.now();
    const wasBlind = nowMs - lookedAtMs > o.lengthMs * BLIND_SHARE;
    lookedAtMs = nowMs;
    if (wasBlind || stored?.revision !== seen?.revision) silentSinceMs = nowMs;
    seen = stored;
    // An earlier write of ours whose answer was lost: its time is over or unknown, so it is renewed first.
    if (stored?.record.holder === o.holder) return hold(stored, Number.NEGATIVE_INFINITY);
    if (stored !== undefined) o.onSeen(stored.record);
    const silentForMs = nowMs - silentSinceMs - o.lengthMs;
    const overdueMs = stored !== undefined && o.hasEnded(stored.record.holder) ? Math.max(0, silentForMs) : silentForMs;
    const isFree = stored === undefined || stored.record.released;
    if (isFree || (overdueMs >= 0 && o.wants(overdueMs))) await take(stored);
  };

  const take = async (before: Stored | undefined): Promise<void> => {
    const sentMs = performance.now();
    const epoch = (before?.record.epoch ?? 0) + 1;
    const record = { holder: o.holder, epoch, renewal: 0, released: false, ...o.progress() };
    const revision = await write(record, before?.revision ?? 0);
    if (revision !== undefined && state === 'watching') hold({ record, revision }, sentMs);
  };

  /** Whether it is renewed; the answer of an earlier renewal may be lost, so a refusal is looked into. */
  const renew = async (held: Stored, released = false): Promise<boolean> => {
    const sentMs = performance.now();
    const { holder, epoch, renewal } = held.record;
    const record = { holder, epoch, renewal: renewal + 1, released, ...o.progress() };
    const revision = await write(record, held.revision);
    if (revision !== undefined) {
      if (state === 'held') hold({ record, revision }, sentMs);
      return true;
    }
    const stored = await read();
    if (stored?.record.holder === holder && stored.record.epoch === epoch) {
      own = stored;
      return false;
    }
    if (state !== 'held') return true;
    state = 'lost';
    const error = notHeld(
      stored === undefined
        ? 'is gone'
        : `of epoch ${epoch} was taken by ${stored.record.holder} with epoch ${stored.record.epoch}`,
    );
    settle(error);
    o.onLost(error);
    return true;
  };

  const run = async (): Promise<void> => {
    while (state === 'watching' || state === 'held') {
      const startedMs = performance.now();
      isHurried = false;
      let waitMs = Math.min(o.lengthMs * LOOK_SHARE, LOOK_MAX_MS);
      try {
        if (state === 'watching') await look();
        // A refusal that was no loss is followed by another try at once.
        if (own !== undefined && state === 'held') waitMs = (await renew(own)) ? o.lengthMs * RENEW_SHARE : 0;
      } catch (error) {
        c.log.debug({ key: o.key, err: error }, 'the lease cannot be reached now');
      }
      const leftMs = isHurried ? 0 : startedMs + waitMs - performance.now();
      if (state === 'watching' || state === 'held') await sleep(Math.max(1, leftMs));
    }
  };
  const sleep = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  const removeListener = c.onReconnect(hurry);
  const running = run();

  const end = (): void => {
    if (state === 'watching' || state === 'held') state = 'ended';
    removeListener();
    settle(notHeld('was given back'));
    wake();
  };

  return {
    isHeld,
    whenHeld() {
      if (isHeld()) return Promise.resolve();
      if (state === 'lost' || state === 'ended') return Promise.reject(notHeld('is not held any more'));
      return new Promise((resolve, reject) => waiters.push({ resolve, reject }));
    },
    get epoch() {
      return (own ?? seen)?.record.epoch ?? 0;
    },
    hurry,
    async release() {
      const wasHeld = state === 'held';
      end();
      await running;
      if (!wasHeld || own === undefined) return;
      try {
        if (!(await renew(own, true))) await renew(own, true);
      } catch (error) {
        c.log.warn({ key: o.key, err: error }, 'the lease could not be given back; it ends by itself');
      }
    },
    stop: end,
  };
}

const WRONG_SEQUENCE: readonly number[] = [
  JetStreamApiCodes.StreamWrongLastSequence,
  JetStreamApiCodes.StreamWrongLastSequenceUnknown,
];

const NOBODY: LeaseRecord = { holder: '', epoch: 0, renewal: 0, released: true, inputSeq: 0, outcomeSeq: 0 };

/** A deleted key, and what no Weir has written, is a lease that nobody has. */
function parseRecord(bytes: Uint8Array): LeaseRecord {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return recordShape.Check(value) ? value : NOBODY;
  } catch {
    return NOBODY;
  }
}
