/**
 * Reads a log in its order from a position on: each message once, none skipped, through reconnects, restarts of the
 * server and slow readers. The reader keeps the next position itself; the server keeps nothing that matters. What is
 * fetched ahead is bounded, and nothing more is asked for until the reader has consumed.
 */
import { JetStreamApiCodes, JetStreamApiError, type StoredMsg } from '@nats-io/jetstream';
import type { StreamConnection } from '../connection.ts';
import { backOffMs, pause } from '../pause.ts';
import { isTransient, retryTransient } from '../retry.ts';
import { STREAMS, type StreamName } from '../topology.ts';
import type { Delivery } from './delivery.ts';
import { Fifo } from './fifo.ts';
import { openPullSession, type PullSession } from './pull-session.ts';

const API_RETRY_TIMEOUT_MS = 30_000;

export interface LogMessage {
  /** Position in the log, from 1. */
  readonly seq: number;
  readonly bytes: Uint8Array;
  /** When the log took it, milliseconds since the Unix epoch by the server's clock. */
  readonly appendedMs: number;
  /** Messages that followed in the log when this one was fetched. */
  readonly pending: number;
}

/**
 * Never ends by itself: `signal` ends it, or leaving the loop. Where the log begins after `fromSeq` (age), reading
 * begins there, with a warning unless `fromSeq` is 1 or less. Throws `log.truncated` when the log ends before
 * `fromSeq - 1`, and `log.unavailable` when the connection is closed for good.
 */
export async function* readLog(
  c: StreamConnection,
  stream: StreamName,
  o: { readonly fromSeq: number; readonly signal: AbortSignal },
): AsyncGenerator<LogMessage, void, undefined> {
  const buffer = new Fifo<LogMessage>();
  let bufferedBytes = 0;
  let nextSeq = Math.max(1, o.fromSeq);
  let session: PullSession | undefined;
  let failure: unknown;
  let ended = o.signal.aborted;
  let wake: (() => void) | undefined;

  const deliver = (delivery: Delivery, bytes: Uint8Array): void => {
    if (delivery.seq < nextSeq) return;
    if (delivery.seq > nextSeq && nextSeq > 1) {
      c.log.warn({ stream, from: nextSeq, to: delivery.seq - 1 }, 'these positions are no longer in the log');
    }
    nextSeq = delivery.seq + 1;
    buffer.push({ seq: delivery.seq, bytes, appendedMs: delivery.appendedMs, pending: delivery.pending });
    bufferedBytes += bytes.length;
    wake?.();
  };

  const supervise = async (): Promise<void> => {
    for (let attempt = 0; !ended; ) {
      try {
        await c.whenConnected();
        const opened = await openPullSession(c, stream, nextSeq, deliver);
        if (ended) return opened.stop();
        session = opened;
        opened.refill(buffer.length, bufferedBytes);
        const before = nextSeq;
        const why = await opened.broken;
        session = undefined;
        if (!ended) c.log.debug({ stream, nextSeq, why }, 'reading goes on with a new consumer');
        attempt = nextSeq > before ? 0 : attempt + 1;
      } catch (error) {
        if (ended) return;
        if (!isTransient(error) || c.nats.isClosed()) throw error;
        attempt++;
        c.log.debug({ stream, nextSeq, err: error }, 'the log cannot be read now');
      }
      await pause(backOffMs(attempt));
    }
  };
  const end = (): void => {
    ended = true;
    session?.stop();
    wake?.();
  };
  o.signal.addEventListener('abort', end, { once: true });
  const supervising = supervise().catch((error: unknown) => {
    failure = error;
    end();
  });

  try {
    while (!ended || failure !== undefined) {
      const message = buffer.shift();
      if (message !== undefined) {
        bufferedBytes -= message.bytes.length;
        session?.refill(buffer.length, bufferedBytes);
        yield message;
        continue;
      }
      if (failure !== undefined) throw failure;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
      wake = undefined;
    }
  } finally {
    end();
    o.signal.removeEventListener('abort', end);
    void supervising;
  }
}

/** The newest message of a log, `undefined` when it holds none. Throws `log.unavailable` when the server does not answer. */
export async function readLast(c: StreamConnection, stream: StreamName): Promise<LogMessage | undefined> {
  return retryTransient(c, `reading the end of ${stream}`, API_RETRY_TIMEOUT_MS, async () => {
    try {
      // Asks the stream's leader, so that the answer holds everything that was acknowledged.
      const stored = await c.manager.streams.getMessage(stream, { last_by_subj: STREAMS[stream] });
      return stored === null ? undefined : toLogMessage(stored);
    } catch (error) {
      if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.NoMessageFound) return undefined;
      throw error;
    }
  });
}

/** The message at a position, `undefined` when the log no longer holds it. Throws `log.unavailable`. */
export async function readAt(c: StreamConnection, stream: StreamName, seq: number): Promise<LogMessage | undefined> {
  return retryTransient(c, `reading ${stream} at ${seq}`, API_RETRY_TIMEOUT_MS, async () => {
    try {
      const stored = await c.manager.streams.getMessage(stream, { seq });
      return stored === null ? undefined : toLogMessage(stored);
    } catch (error) {
      if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.NoMessageFound) return undefined;
      throw error;
    }
  });
}

/** First and last position; in an empty log the last is that of the newest message it ever held. */
export async function logState(
  c: StreamConnection,
  stream: StreamName,
): Promise<{ firstSeq: number; lastSeq: number; messages: number; bytes: number }> {
  const { state } = await retryTransient(c, `reading the state of ${stream}`, API_RETRY_TIMEOUT_MS, () =>
    c.manager.streams.info(stream),
  );
  return { firstSeq: state.first_seq, lastSeq: state.last_seq, messages: state.messages, bytes: state.bytes };
}

function toLogMessage(stored: StoredMsg): LogMessage {
  return { seq: stored.seq, bytes: stored.data, appendedMs: stored.time.getTime(), pending: 0 };
}
