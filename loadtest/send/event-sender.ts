/**
 * Sends batches of events in strict order: one request in flight, and the very same batch again, with back-off, until
 * the log has it. Ids are the producer's, so a batch whose answer was lost is recognised as a repetition. What the
 * server refuses for good (bad token, wrong address) throws; a single bad event does not hold up the rest.
 */
import Type from 'typebox';
import Value from 'typebox/value';
import { WeirError } from '../../core/errors.ts';
import { createHttpPoster, type HttpReply } from './http-post.ts';

/** The part of a pino logger that senders use. */
export interface SenderLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

interface RefusedEvent {
  /** Index within the batch. */
  readonly index: number;
  readonly code: string;
  readonly pointer: string;
  readonly message: string;
}

export interface BatchResult {
  readonly accepted: number;
  readonly rejected: number;
  readonly errors: readonly RefusedEvent[];
  readonly retries: number;
}

export interface EventSender {
  /** Resolves when the log has acknowledged. Throws `WeirError` for what no retry mends, or the signal's reason. */
  send(lines: readonly string[], signal?: AbortSignal): Promise<BatchResult>;
  /** The same for lines of NDJSON as bytes, which must stay as they are meanwhile. */
  sendBody(body: Uint8Array, events: number, signal?: AbortSignal): Promise<BatchResult>;
  close(): void;
}

export interface EventSenderOptions {
  readonly baseUrl: string;
  /** A role `ingest` token, or a function that gives a fresh one. */
  readonly token: string;
  readonly log?: SenderLog | undefined;
  readonly backoffFirstMs?: number | undefined;
  readonly backoffMaxMs?: number | undefined;
}

const Accepted = Type.Object({
  accepted: Type.Integer({ minimum: 0 }),
  rejected: Type.Integer({ minimum: 0 }),
  errors: Type.Optional(
    Type.Array(
      Type.Object({
        index: Type.Optional(Type.Integer()),
        code: Type.Optional(Type.String()),
        pointer: Type.Optional(Type.String()),
        message: Type.Optional(Type.String()),
      }),
    ),
  ),
});

const PATH = '/v1/events';
const BACKOFF_FIRST_MS = 50;
const BACKOFF_MAX_MS = 2_000;
/** Every this many retries of one batch a warning is written. */
const WARN_EVERY_RETRIES = 20;
const MESSAGE_CHARS_MAX = 500;

export function createEventSender(o: EventSenderOptions): EventSender {
  const poster = createHttpPoster({ baseUrl: o.baseUrl, token: o.token });
  const firstMs = o.backoffFirstMs ?? BACKOFF_FIRST_MS;
  const maxMs = o.backoffMaxMs ?? BACKOFF_MAX_MS;

  async function sendBody(body: Uint8Array, events: number, signal?: AbortSignal): Promise<BatchResult> {
    if (events === 0) return { accepted: 0, rejected: 0, errors: [], retries: 0 };
    for (let retries = 0; ; retries++) {
      signal?.throwIfAborted();
      let reply: HttpReply | undefined;
      let cause: unknown;
      try {
        reply = await poster.post(PATH, 'application/x-ndjson', body, signal);
      } catch (error) {
        signal?.throwIfAborted();
        cause = error;
      }
      if (reply !== undefined && !isTransient(reply.status)) return { ...readReply(reply, events), retries };
      if (retries % WARN_EVERY_RETRIES === 0) {
        o.log?.warn(
          { status: reply?.status, error: cause instanceof Error ? cause.message : undefined, retries },
          'the server cannot take events now, the batch is kept and retried',
        );
      }
      // Doubling is capped well before the shift could overflow.
      const backoffMs = Math.min(maxMs, firstMs * 2 ** Math.min(retries, 10));
      await delay(Math.min(maxMs, Math.max(backoffMs, reply?.retryAfterMs ?? 0)), signal);
    }
  }

  return {
    send: (lines, signal) => sendBody(Buffer.from(lines.join('\n')), lines.length, signal),
    sendBody,
    close: () => poster.close(),
  };
}

/** A refusal that time mends: too fast, not ready, or a server that was killed in the middle. */
function isTransient(status: number): boolean {
  return status === 429 || status === 408 || status >= 500 || status === 0;
}

function readReply(reply: HttpReply, sent: number): Omit<BatchResult, 'retries'> {
  if (reply.status === 202) {
    const body = parseJson(reply.body);
    if (!Value.Check(Accepted, body)) {
      throw new WeirError('request.invalid', `the answer to a batch is not understood: ${shorten(reply.body)}`);
    }
    const errors = (body.errors ?? []).map((error) => ({
      index: error.index ?? -1,
      code: error.code ?? 'event.invalid',
      pointer: error.pointer ?? '',
      message: error.message ?? '',
    }));
    return { accepted: body.accepted, rejected: body.rejected, errors };
  }
  // 400 says that no event of the batch could be read: they are in quarantine, there is nothing to retry.
  if (reply.status === 400) {
    return {
      accepted: 0,
      rejected: sent,
      errors: [{ index: -1, code: 'request.invalid', pointer: '', message: shorten(reply.body) }],
    };
  }
  if (reply.status === 401) throw new WeirError('auth.missing', 'the server does not accept the token');
  if (reply.status === 403)
    throw new WeirError('auth.forbidden', 'the token may not send events: it needs the role ingest');
  throw new WeirError('request.invalid', `the server answered ${reply.status} to a batch: ${shorten(reply.body)}`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function shorten(text: string): string {
  return text.length > MESSAGE_CHARS_MAX ? `${text.slice(0, MESSAGE_CHARS_MAX)}…` : text;
}

/** Waits, or rejects at once with the signal's reason. */
export function delay(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(signal.reason);
      return;
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    function onAbort(): void {
      clearTimeout(timer);
      reject(signal?.reason);
    }
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
