/**
 * Publishes into a stream and waits for its acknowledgements: one reply inbox for all, and a map from token to waiter.
 * Measured at seven times the rate of the client's own `publish`, which builds an Error for each message in case it
 * should fail. It never repeats anything: a failure is told, and the caller decides.
 */
import { createInbox, type Msg, type MsgHdrs } from '@nats-io/transport-node';
import type { StreamConnection } from '../connection.ts';
import { STREAMS, type StreamName } from '../topology.ts';

const SWEEP_MS = 250;

export const API_CODES = { wrongLastMsgId: 10070, wrongLastSequence: 10071, streamFull: 10077 } as const;

export interface PublishAck {
  readonly seq: number;
  /** The log had a message with this id already; `seq` is that one's. */
  readonly duplicate: boolean;
}

/**
 * `lost`: the connection broke, the message may be in the log or not. `timeout`: the same, without a sign.
 * `unavailable`: nobody takes messages for this stream now. `refused`: the server said no, with a code.
 */
export class PublishFailure extends Error {
  readonly kind: 'lost' | 'timeout' | 'unavailable' | 'refused';
  readonly apiCode: number;

  constructor(kind: PublishFailure['kind'], message: string, apiCode = 0) {
    super(message);
    this.name = 'PublishFailure';
    this.kind = kind;
    this.apiCode = apiCode;
  }
}

export interface AckPublisher {
  /** Rejects with a `PublishFailure`. */
  publish(bytes: Uint8Array, headers: MsgHdrs): Promise<PublishAck>;
  readonly waiting: number;
  close(): void;
}

interface Waiter {
  readonly sentAtMs: number;
  readonly resolve: (ack: PublishAck) => void;
  readonly reject: (failure: PublishFailure) => void;
}

export function createAckPublisher(c: StreamConnection, stream: StreamName, ackTimeoutMs: number): AckPublisher {
  const inbox = createInbox();
  const tokenAt = inbox.length + 1;
  /** In order of sending, so that the first is the oldest. */
  const waiters = new Map<string, Waiter>();
  let tokens = 0;

  const failAll = (kind: 'lost' | 'unavailable', why: string): void => {
    const failed = [...waiters.values()];
    waiters.clear();
    for (const waiter of failed) waiter.reject(new PublishFailure(kind, why));
  };

  const subscription = c.nats.subscribe(`${inbox}.*`, {
    callback: (error, message) => {
      if (error !== null) {
        failAll('unavailable', `the reply inbox failed: ${error.message}`);
        return;
      }
      const token = message.subject.slice(tokenAt);
      const waiter = waiters.get(token);
      // An answer to what was given up before: the caller has asked the log itself since.
      if (waiter === undefined) return;
      waiters.delete(token);
      const result = readAck(message, stream);
      if (result instanceof PublishFailure) waiter.reject(result);
      else waiter.resolve(result);
    },
  });
  const removeListener = c.onDisconnect(() => failAll('lost', 'the connection to the log broke'));
  const sweeper = setInterval(() => {
    const oldest = performance.now() - ackTimeoutMs;
    for (const [token, waiter] of waiters) {
      if (waiter.sentAtMs > oldest) return;
      waiters.delete(token);
      waiter.reject(new PublishFailure('timeout', `no acknowledgement within ${ackTimeoutMs} ms`));
    }
  }, SWEEP_MS);
  sweeper.unref();

  return {
    get waiting() {
      return waiters.size;
    },
    publish(bytes, headers) {
      if (!c.isConnected()) {
        return Promise.reject(new PublishFailure('unavailable', 'there is no connection to the log'));
      }
      return new Promise((resolve, reject) => {
        const token = (tokens++).toString(36);
        waiters.set(token, { sentAtMs: performance.now(), resolve, reject });
        try {
          c.nats.publish(STREAMS[stream], bytes, { reply: `${inbox}.${token}`, headers });
        } catch (error) {
          waiters.delete(token);
          reject(new PublishFailure('unavailable', `the message could not be sent: ${String(error)}`));
        }
      });
    },
    close() {
      clearInterval(sweeper);
      removeListener();
      subscription.unsubscribe();
      failAll('lost', 'the publisher was closed');
    },
  };
}

function readAck(message: Msg, stream: StreamName): PublishAck | PublishFailure {
  const { data } = message;
  if (data.length === 0) return new PublishFailure('unavailable', 'no server takes messages for the log now');
  const ack: unknown = parseJson(data);
  if (typeof ack !== 'object' || ack === null) return new PublishFailure('refused', 'the answer is no acknowledgement');
  const { seq, duplicate, error, stream: name } = ack as Record<string, unknown>;
  if (error !== undefined) return readRefusal(error);
  if (name !== stream || !Number.isSafeInteger(seq) || (seq as number) < 1) {
    return new PublishFailure('refused', `this is no acknowledgement of ${stream}`);
  }
  return { seq: seq as number, duplicate: duplicate === true };
}

function readRefusal(error: unknown): PublishFailure {
  const { err_code, description } = (typeof error === 'object' && error !== null ? error : {}) as Record<
    string,
    unknown
  >;
  return new PublishFailure('refused', String(description ?? 'unknown'), typeof err_code === 'number' ? err_code : 0);
}

const UTF8 = new TextDecoder();

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(UTF8.decode(bytes));
  } catch {
    return undefined;
  }
}
