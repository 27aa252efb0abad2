/**
 * The way of entries into the log EVENTS. Calls are packed together into frames (a short linger, entry and byte
 * limits), frames are pipelined, and a frame is repeated under the same message id until the log acknowledges it or
 * the time is up. A call resolves only when each of its frames is acknowledged, and its frames go one after another:
 * no retry can change the order of one call's entries.
 */
import { randomBytes } from 'node:crypto';
import { headers } from '@nats-io/transport-node';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { ByteWriter } from '../../core/codec/byte-writer.ts';
import { encodeFrame, FRAME_HEAD_BYTES, FRAME_ITEM_OVERHEAD_BYTES } from '../../core/codec/frame.ts';
import type { Config } from '../../core/config.ts';
import { WeirError } from '../../core/errors.ts';
import type { StreamConnection } from '../connection.ts';
import { backOffMs, pause } from '../pause.ts';
import { MESSAGE_BYTES_MAX } from '../topology.ts';
import { API_CODES, createAckPublisher, PublishFailure } from './ack-publisher.ts';
import { createAppenderMetrics } from './appender-metrics.ts';
import { entryBytes, FramePacker, type PackedCall, type PackedFrame } from './frame-packer.ts';
import { UrgentPace } from './urgent-pace.ts';

/** Bounds the memory of a queue of large entries; the entry limit alone would allow 1.6 GB. */
const QUEUE_BYTES_MAX = 268_435_456;
/** A frame's head, its length and the message's headers stay within the server's limit. */
const ENTRY_BYTES_MAX = MESSAGE_BYTES_MAX - FRAME_HEAD_BYTES - FRAME_ITEM_OVERHEAD_BYTES - 1_024;
const ACK_TIMEOUT_MS = 3_000;
/** Frames that somebody waits for may be in flight beside as many others as there may be. */
const URGENT_IN_FLIGHT_MAX = 16;
/** Room that others cannot take. */
const URGENT_QUEUE_ENTRIES_MAX = 5_000;
/** How long a frame that could not be sent waits for the connection before it looks at its deadline again. */
const RECONNECT_WAIT_MS = 250;

export type AppenderLimits = Pick<
  Config,
  | 'WEIR_FRAME_LINGER_MS'
  | 'WEIR_DECISION_LINGER_MS'
  | 'WEIR_FRAME_ENTRIES_MAX'
  | 'WEIR_FRAME_BYTES_MAX'
  | 'WEIR_APPEND_IN_FLIGHT_MAX'
  | 'WEIR_APPEND_QUEUE_ENTRIES_MAX'
  | 'WEIR_APPEND_TIMEOUT_MS'
>;

export interface Appended {
  /** Position of the frame that holds the call's first entry, and of the one that holds its last. */
  readonly firstSeq: number;
  readonly lastSeq: number;
}

export interface AppendOptions {
  /** Somebody waits for what comes of it: it goes soon, and before what waits to fill a frame. */
  readonly isUrgent?: boolean;
}

export interface EventAppender {
  /**
   * Appends the entries in their order. Rejects with `log.unavailable` when the queue is full, the log refuses or the
   * time is up (some of the entries may then be in the log: who sends them again is recognised by their ids), and with
   * `event.too_large` for an entry that fits no message. No entries: resolves to zeros.
   */
  append(entries: readonly Uint8Array[], options?: AppendOptions): Promise<Appended>;
  /** Entries that wait for a frame. */
  readonly queuedEntries: number;
  /** The highest position acknowledged to this appender, 0 before the first. */
  readonly lastSeq: number;
  /** Sends what is queued, waits for it and refuses anything new. */
  close(): Promise<void>;
}

interface Call extends PackedCall {
  firstSeq: number;
  /** Whether one of its frames is out. */
  inFrame: boolean;
  settled: boolean;
  readonly deadlineMs: number;
  readonly resolve: (appended: Appended) => void;
  readonly reject: (error: WeirError) => void;
}

export function createEventAppender(
  c: StreamConnection,
  o: { readonly limits: AppenderLimits; readonly log: Logger; readonly metrics: Registry },
): EventAppender {
  const { limits, log } = o;
  const publisher = createAckPublisher(c, 'EVENTS', ACK_TIMEOUT_MS);
  const metrics = createAppenderMetrics(o.metrics);
  const writer = new ByteWriter(limits.WEIR_FRAME_BYTES_MAX);
  const packer = new FramePacker<Call>({
    entriesMax: limits.WEIR_FRAME_ENTRIES_MAX,
    bytesMax: limits.WEIR_FRAME_BYTES_MAX,
  });
  /** In order of arrival, which is the order of deadlines. */
  const open = new Set<Call>();
  const idPrefix = `${randomBytes(9).toString('base64url')}-`;
  let frames = 0;
  let inFlight = 0;
  let lastSeq = 0;
  let due = false;
  let closing = false;
  let linger: NodeJS.Timeout | NodeJS.Immediate | undefined;
  let expiry: NodeJS.Timeout | undefined;
  let drained: (() => void) | undefined;

  const settle = (call: Call): void => {
    call.settled = true;
    open.delete(call);
    if (open.size === 0) drained?.();
  };

  const fail = (call: Call, error: WeirError, reason: string): void => {
    if (call.settled) return;
    metrics.refused.inc({ reason }, call.entries.length);
    packer.abandon(call, call.inFrame);
    settle(call);
    call.reject(error);
  };

  const expire = (): void => {
    expiry = undefined;
    const now = performance.now();
    for (const call of open) {
      if (call.deadlineMs > now) {
        expiry = setTimeout(expire, call.deadlineMs - now + 1);
        return;
      }
      fail(call, unavailable(`the log did not acknowledge within ${limits.WEIR_APPEND_TIMEOUT_MS} ms`), 'timeout');
    }
  };

  const startLinger = (): void => {
    if (linger !== undefined || due) return;
    const end = (): void => {
      linger = undefined;
      due = true;
      pump();
    };
    linger = limits.WEIR_FRAME_LINGER_MS === 0 ? setImmediate(end) : setTimeout(end, limits.WEIR_FRAME_LINGER_MS);
  };

  const pace = new UrgentPace(limits.WEIR_DECISION_LINGER_MS, () => pump());

  const mayTake = (): boolean =>
    pace.isDue && packer.hasUrgent
      ? inFlight < limits.WEIR_APPEND_IN_FLIGHT_MAX + URGENT_IN_FLIGHT_MAX
      : inFlight < limits.WEIR_APPEND_IN_FLIGHT_MAX && (due || packer.isFull);

  const pump = (): void => {
    while (mayTake()) {
      const frame = packer.take();
      if (frame === undefined) break;
      for (const call of frame.calls) call.inFrame = true;
      inFlight++;
      void send(frame);
    }
    if (!packer.hasUrgent) pace.sent();
    if (!packer.hasReady) due = false;
    else startLinger();
    metrics.queued.set(packer.queuedEntries);
    metrics.inFlight.set(inFlight);
  };

  /** Repeats until the log has the frame, refuses it for good, or nobody waits for it any more. */
  const send = async (frame: PackedFrame<Call>): Promise<void> => {
    const bytes = encodeFrame(writer, frame.entries);
    const head = headers();
    head.set('Nats-Msg-Id', idPrefix + (frames++).toString(36));
    const startedAtMs = performance.now();
    for (let attempt = 0; ; attempt++) {
      try {
        const { seq } = await publisher.publish(bytes, head);
        metrics.frames.inc();
        metrics.entries.inc(frame.entries.length);
        metrics.ackSeconds.observe((performance.now() - startedAtMs) / 1_000);
        acknowledge(frame, seq);
        break;
      } catch (error) {
        const failure = error instanceof PublishFailure ? error : new PublishFailure('unavailable', String(error));
        if (failure.kind === 'refused' && !isPassing(failure)) {
          log.error({ err: failure, apiCode: failure.apiCode }, 'the log refused a frame');
          const reason = failure.apiCode === API_CODES.streamFull ? 'log_full' : 'refused';
          for (const call of frame.calls) fail(call, unavailable(`the log refused: ${failure.message}`), reason);
        }
        if (frame.calls.every((call) => call.settled) || c.nats.isClosed()) {
          for (const call of frame.calls) fail(call, unavailable('the connection to the log is closed'), 'closed');
          break;
        }
        metrics.retries.inc();
        await Promise.race([waitForConnection(c), pause(RECONNECT_WAIT_MS)]);
        await pause(backOffMs(attempt));
      }
    }
    inFlight--;
    pump();
  };

  const acknowledge = (frame: PackedFrame<Call>, seq: number): void => {
    if (seq > lastSeq) lastSeq = seq;
    for (const call of frame.calls) {
      call.inFrame = false;
      if (call.settled) continue;
      if (call.firstSeq === 0) call.firstSeq = seq;
      if (packer.release(call)) {
        // It has waited for an acknowledgement already.
        due = true;
        continue;
      }
      settle(call);
      call.resolve({ firstSeq: call.firstSeq, lastSeq: seq });
    }
  };

  return {
    append(entries, { isUrgent = false } = {}) {
      if (entries.length === 0) return Promise.resolve({ firstSeq: 0, lastSeq: 0 });
      const refusal = refuse(entries, isUrgent);
      if (refusal !== undefined) return Promise.reject(refusal);
      return new Promise((resolve, reject) => {
        const call: Call = {
          entries,
          next: 0,
          bytesLeft: entryBytes(entries),
          firstSeq: 0,
          inFrame: false,
          settled: false,
          deadlineMs: performance.now() + limits.WEIR_APPEND_TIMEOUT_MS,
          resolve,
          reject,
        };
        open.add(call);
        packer.add(call, isUrgent);
        expiry ??= setTimeout(expire, limits.WEIR_APPEND_TIMEOUT_MS + 1);
        if (isUrgent) pace.begin();
        else if (packer.isFull) pump();
        else startLinger();
      });
    },
    get queuedEntries() {
      return packer.queuedEntries;
    },
    get lastSeq() {
      return lastSeq;
    },
    async close() {
      closing = true;
      due = true;
      pump();
      if (open.size > 0) {
        await new Promise<void>((resolve) => {
          drained = resolve;
        });
      }
      clearTimeout(expiry);
      publisher.close();
    },
  };

  function refuse(entries: readonly Uint8Array[], isUrgent: boolean): WeirError | undefined {
    if (closing) {
      metrics.refused.inc({ reason: 'closed' }, entries.length);
      return unavailable('the appender is closed');
    }
    const entriesMax = limits.WEIR_APPEND_QUEUE_ENTRIES_MAX + (isUrgent ? URGENT_QUEUE_ENTRIES_MAX : 0);
    if (packer.queuedEntries + entries.length > entriesMax) {
      metrics.refused.inc({ reason: 'queue_full' }, entries.length);
      return unavailable(`${packer.queuedEntries} entries wait for the log already`);
    }
    if (packer.queuedBytes > QUEUE_BYTES_MAX) {
      metrics.refused.inc({ reason: 'queue_full' }, entries.length);
      return unavailable(`${packer.queuedBytes} bytes wait for the log already`);
    }
    const large = entries.find((entry) => entry.length > ENTRY_BYTES_MAX);
    if (large === undefined) return undefined;
    metrics.refused.inc({ reason: 'too_large' }, entries.length);
    return new WeirError('event.too_large', `an entry of ${large.length} bytes does not fit a message of the log`);
  }
}

function unavailable(message: string): WeirError {
  return new WeirError('log.unavailable', message);
}

/** What the server refuses while a cluster elects or a stream is being recovered. */
const PASSING_API_CODES: readonly number[] = [10008, 10009, 10039, 10076];

function isPassing(failure: PublishFailure): boolean {
  return PASSING_API_CODES.includes(failure.apiCode);
}

async function waitForConnection(c: StreamConnection): Promise<void> {
  await c.whenConnected().catch(() => undefined);
}
