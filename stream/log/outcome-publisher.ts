/**
 * The only writer of the log OUTCOMES. Every frame is sent expecting the position before it, and, while its
 * predecessor is not acknowledged, also expecting that predecessor's id: the log takes a frame only behind the frame
 * that this writer sent before it. So a lost acknowledgement is settled by reading the end of the log, what is missing
 * is sent again, and a second writer fences the first instead of mixing with it.
 *
 *   closed ──open──▶ open ──failure──▶ resyncing ──settled──▶ open
 *                      └──────another writer──────┴──▶ fenced (final)
 */
import { randomBytes } from 'node:crypto';
import { headers, type MsgHdrs } from '@nats-io/transport-node';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { WeirError } from '../../core/errors.ts';
import type { StreamConnection } from '../connection.ts';
import { backOffMs, pause } from '../pause.ts';
import { retryTransient } from '../retry.ts';
import { API_CODES, createAckPublisher, PublishFailure } from './ack-publisher.ts';
import { type LogMessage, logState, readLast } from './log-reader.ts';
import { createPublisherMetrics } from './publisher-metrics.ts';

const ACK_TIMEOUT_MS = 5_000;
/** Parts of one input frame may overshoot the window; past this many windows the caller ignores `ready`. */
const OVERSHOOT_WINDOWS = 8;
const FULL_LOG_PAUSE_MS = 1_000;
const ID_HEADER = 'Nats-Msg-Id';
const API_TIMEOUT_MS = 30_000;

export interface OutcomePublisher {
  /** Takes up the end of the log and returns its newest message. Must be awaited before the first `publish`. */
  open(): Promise<LogMessage | undefined>;
  /**
   * Sends a frame behind all before it; resolves with its position once the log has it, however long that takes.
   * Rejects with `log.fenced` when another writer wrote, `log.truncated` when the log lost what it had acknowledged.
   */
  publish(frame: Uint8Array, msgId: string): Promise<number>;
  /** Resolves when fewer than `inFlightMax` frames wait for their acknowledgement; rejects as `publish` does. */
  ready(): Promise<void>;
  /** Resolves when every frame is acknowledged; rejects as `publish` does. */
  flush(): Promise<void>;
  /** Position of the newest acknowledged frame. */
  readonly lastSeq: number;
  /** Waits for nothing: what is not acknowledged is rejected with `log.unavailable`. */
  close(): Promise<void>;
}

interface Item {
  readonly seq: number;
  readonly id: string;
  readonly frame: Uint8Array;
  readonly resolve: (seq: number) => void;
  readonly reject: (error: WeirError) => void;
  readonly sentAtMs: number;
}

interface Waiter {
  readonly unackedMax: number;
  readonly resolve: () => void;
  readonly reject: (error: WeirError) => void;
}

export function createOutcomePublisher(
  c: StreamConnection,
  o: { readonly inFlightMax: number; readonly log: Logger; readonly metrics: Registry },
): OutcomePublisher {
  const publisher = createAckPublisher(c, 'OUTCOMES', ACK_TIMEOUT_MS);
  const metrics = createPublisherMetrics(o.metrics);
  const writer = randomBytes(9).toString('base64url');
  /** Not acknowledged, in order of position; everything from `lastSeq + 1` to `nextSeq - 1`. */
  const unacked = new Map<number, Item>();
  let lastSeq = 0;
  let nextSeq = 0;
  let state: 'closed' | 'open' | 'resyncing' | 'failed' = 'closed';
  let failure: WeirError | undefined;
  let waiters: Waiter[] = [];
  /** Answers to sends of an earlier epoch no longer start a resync. */
  let epoch = 0;
  /** Resyncs since the last acknowledgement. */
  let fruitless = 0;

  const wakeWaiters = (): void => {
    metrics.inFlight.set(unacked.size);
    if (waiters.length === 0) return;
    const still: Waiter[] = [];
    for (const waiter of waiters) {
      if (unacked.size <= waiter.unackedMax) waiter.resolve();
      else still.push(waiter);
    }
    waiters = still;
  };

  const fail = (error: WeirError): void => {
    if (state === 'failed') return;
    state = 'failed';
    failure = error;
    for (const item of unacked.values()) item.reject(error);
    unacked.clear();
    for (const waiter of waiters) waiter.reject(error);
    waiters = [];
  };

  const acknowledge = (item: Item): void => {
    if (!unacked.delete(item.seq)) return;
    if (item.seq > lastSeq) lastSeq = item.seq;
    fruitless = 0;
    metrics.frames.inc();
    metrics.ackSeconds.observe((performance.now() - item.sentAtMs) / 1_000);
    item.resolve(item.seq);
    wakeWaiters();
  };

  const send = (item: Item): void => {
    const sentIn = epoch;
    publisher.publish(item.frame, headersFor(item)).then(
      (ack) => {
        if (ack.seq === item.seq) return acknowledge(item);
        // An id of ours at a position that is not ours: only a log that was rewritten can say so.
        fail(new WeirError('log.fenced', `frame ${item.id} is at ${ack.seq}, not at ${item.seq}`));
      },
      (error: unknown) => {
        if (sentIn !== epoch || state !== 'open') return;
        void resync(error instanceof PublishFailure ? error : new PublishFailure('unavailable', String(error)));
      },
    );
  };

  const headersFor = (item: Item): MsgHdrs => {
    const head = headers();
    head.set(ID_HEADER, item.id);
    head.set('Nats-Expected-Last-Sequence', String(item.seq - 1));
    const before = unacked.get(item.seq - 1);
    // Without this, a frame could land behind another writer's that took its predecessor's place.
    if (before !== undefined) head.set('Nats-Expected-Last-Msg-Id', before.id);
    return head;
  };

  /** Finds out what the log holds of the unacknowledged frames, then sends the rest, until none is left in doubt. */
  const resync = async (cause: PublishFailure): Promise<void> => {
    state = 'resyncing';
    epoch++;
    metrics.resyncs.inc();
    o.log.warn(
      { cause: cause.message, unacked: unacked.size },
      'outcome frames are in doubt; reading the end of the log',
    );
    if (cause.apiCode === API_CODES.streamFull) await pause(FULL_LOG_PAUSE_MS);
    else if (fruitless > 0) await pause(backOffMs(fruitless));
    fruitless++;
    try {
      const { lastSeq: logEnd } = await persist(() => logState(c, 'OUTCOMES'));
      if (logEnd < lastSeq) {
        throw new WeirError('log.truncated', `OUTCOMES ends at ${logEnd}, but ${lastSeq} was acknowledged`);
      }
      for (const item of [...unacked.values()]) {
        if (item.seq > logEnd) break;
        const holder = await persist(() => messageIdAt(c, item.seq));
        if (holder !== item.id) throw fencedError(item.seq);
        acknowledge(item);
      }
      if (logEnd >= nextSeq) throw fencedError(nextSeq);
    } catch (error) {
      fail(error instanceof WeirError ? error : new WeirError('internal', String(error), { cause: error }));
      return;
    }
    if (state !== 'resyncing') return;
    state = 'open';
    for (const item of unacked.values()) send(item);
  };

  /** The processor has nothing else to do than to wait for its log. */
  const persist = async <T>(operation: () => Promise<T>): Promise<T> => {
    for (let attempt = 0; ; attempt++) {
      if (failure !== undefined) throw failure;
      try {
        return await operation();
      } catch (error) {
        if (!(error instanceof WeirError && error.code === 'log.unavailable') || c.nats.isClosed()) throw error;
        o.log.warn({ err: error }, 'the outcome log does not answer');
      }
      await pause(backOffMs(attempt));
    }
  };

  const waitFor = (unackedMax: number): Promise<void> => {
    if (failure !== undefined) return Promise.reject(failure);
    if (unacked.size <= unackedMax) return Promise.resolve();
    return new Promise((resolve, reject) => waiters.push({ unackedMax, resolve, reject }));
  };

  return {
    async open() {
      const last = await readLast(c, 'OUTCOMES');
      // An emptied log keeps counting, so that its end is not always its last message.
      const { lastSeq: logEnd } = await logState(c, 'OUTCOMES');
      lastSeq = Math.max(logEnd, last?.seq ?? 0);
      if (last !== undefined && last.seq < lastSeq) throw fencedError(lastSeq);
      nextSeq = lastSeq + 1;
      state = 'open';
      return last;
    },
    publish(frame, msgId) {
      if (failure !== undefined) return Promise.reject(failure);
      if (state === 'closed') throw new WeirError('internal', 'the outcome publisher is not open');
      if (unacked.size >= o.inFlightMax * OVERSHOOT_WINDOWS) {
        throw new WeirError('internal', `${unacked.size} outcome frames wait; ready() was not awaited`);
      }
      const promise = new Promise<number>((resolve, reject) => {
        const item: Item = {
          seq: nextSeq++,
          id: `${writer}:${msgId}`,
          frame,
          resolve,
          reject,
          sentAtMs: performance.now(),
        };
        unacked.set(item.seq, item);
        metrics.inFlight.set(unacked.size);
        if (state === 'open') send(item);
      });
      // A caller that waits by `flush` alone must not bring the process down by an unhandled rejection.
      promise.catch(() => undefined);
      return promise;
    },
    ready: () => waitFor(o.inFlightMax - 1),
    flush: () => waitFor(0),
    get lastSeq() {
      return lastSeq;
    },
    async close() {
      fail(new WeirError('log.unavailable', 'the outcome publisher was closed'));
      publisher.close();
    },
  };
}

function fencedError(seq: number): WeirError {
  return new WeirError('log.fenced', `another writer wrote to OUTCOMES at ${seq}`);
}

async function messageIdAt(c: StreamConnection, seq: number): Promise<string | undefined> {
  const stored = await retryTransient(c, `reading OUTCOMES at ${seq}`, API_TIMEOUT_MS, () =>
    c.manager.streams.getMessage('OUTCOMES', { seq }),
  );
  return stored?.header.get(ID_HEADER);
}
