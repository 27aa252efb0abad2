/**
 * One connection to NATS, with the server's features and the few things that all parts need: whether it is up, request
 * and reply, and plain publish. It reconnects for ever; what was in flight when it broke is told to listeners, so that
 * whoever needs an answer asks again instead of waiting for a time-out.
 */
import { readFile } from 'node:fs/promises';
import { type JetStreamClient, type JetStreamManager, jetstream, jetstreamManager } from '@nats-io/jetstream';
import {
  type ConnectionOptions,
  connect,
  credsAuthenticator,
  errors,
  headers,
  type Msg,
  type NatsConnection,
} from '@nats-io/transport-node';
import type { Logger } from 'pino';
import { ERROR_TITLES, type ErrorCode, WeirError } from '../core/errors.ts';
import { pause } from './pause.ts';
import { readServerFeatures, type ServerFeatures } from './server-features.ts';

const FIRST_CONNECT_TIMEOUT_MS = 30_000;
const FIRST_CONNECT_PAUSE_MS = 200;
const DIAL_TIMEOUT_MS = 5_000;
const RECONNECT_WAIT_MS = 150;
const PING_INTERVAL_MS = 15_000;
/** Of one JetStream API call; callers repeat it. */
const API_TIMEOUT_MS = 4_000;
const SERVE_IN_FLIGHT_MAX = 256;
const CODE_HEADER = 'Weir-Error-Code';
const MESSAGE_HEADER = 'Weir-Error-Message';

export interface ServeOptions {
  /** Servers of one queue share the requests. */
  readonly queue?: string;
  /** Requests answered at the same time; past it, one is refused with `server.overloaded`. */
  readonly inFlightMax?: number;
}

export type RequestHandler = (
  bytes: Uint8Array,
  subject: string,
) => Uint8Array | undefined | Promise<Uint8Array | undefined>;

export interface StreamConnection {
  readonly name: string;
  readonly log: Logger;
  readonly features: ServerFeatures;
  /** For this folder only. */
  readonly nats: NatsConnection;
  /** For this folder only. */
  readonly jetstream: JetStreamClient;
  /** For this folder only. */
  readonly manager: JetStreamManager;
  /** Resolves when it closed for good: an `Error` if nobody asked for it. */
  readonly closed: Promise<Error | undefined>;
  isConnected(): boolean;
  /** Resolves at once while connected, or when it is again; rejects with `log.unavailable` when closed. */
  whenConnected(): Promise<void>;
  /** Returns what removes the listener. */
  onDisconnect(listener: () => void): () => void;
  onReconnect(listener: () => void): () => void;
  /** Asks and waits. Throws the answerer's `WeirError`, or `part.not_ready` when nobody answered in time. */
  request(subject: string, bytes: Uint8Array, timeoutMs: number): Promise<Uint8Array>;
  /** At most once; `false` when it could not be sent because the connection is down. */
  publish(subject: string, bytes: Uint8Array): boolean;
  /** Answers requests. What the handler throws becomes the asker's error; `undefined` gives no answer. */
  serve(subject: string, handler: RequestHandler, options?: ServeOptions): { stop(): void };
  close(): Promise<void>;
}

export interface ConnectStreamOptions {
  /** One address, or several separated by commas. */
  readonly url: string;
  readonly user?: string;
  readonly password?: string;
  readonly credsFile?: string;
  readonly name: string;
  readonly log: Logger;
  /** How long the first connection is tried for; half a minute when absent. */
  readonly firstConnectTimeoutMs?: number;
}

/** Throws a `WeirError` `part.not_ready` when no server answers in time or it refuses the user. */
export async function connectStream(o: ConnectStreamOptions): Promise<StreamConnection> {
  const options: ConnectionOptions = {
    servers: o.url.split(',').map((server) => server.trim()),
    name: o.name,
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_WAIT_MS,
    reconnectDelayHandler: createReconnectDelay(),
    pingInterval: PING_INTERVAL_MS,
    timeout: DIAL_TIMEOUT_MS,
    noAsyncTraces: true,
    ...(o.user === undefined ? {} : { user: o.user, pass: o.password ?? '' }),
    ...(o.credsFile ? { authenticator: credsAuthenticator(await readFile(o.credsFile)) } : {}),
  };
  const nats = await connectFirst(options, o);
  try {
    const features = readServerFeatures(nats.info?.version ?? '');
    const manager = await jetstreamManager(nats, { checkAPI: false, timeout: API_TIMEOUT_MS });
    return wrapConnection(nats, jetstream(nats, { timeout: API_TIMEOUT_MS }), manager, features, o);
  } catch (error) {
    await nats.close();
    throw error;
  }
}

/**
 * The client waits until the wall clock has passed its last attempt by this. Where the clock was set back since, that could
 * take hours; a wait below zero makes it try at once.
 */
function createReconnectDelay(): () => number {
  let lastMs = 0;
  return () => {
    const nowMs = Date.now();
    const setBackMs = lastMs - nowMs;
    lastMs = nowMs;
    if (setBackMs > 0) return -setBackMs - DIAL_TIMEOUT_MS;
    return RECONNECT_WAIT_MS + Math.floor(Math.random() * RECONNECT_WAIT_MS);
  };
}

/**
 * The client's own `waitOnFirstConnect` cannot be called off, and would keep a process alive that has given up; so
 * the first connection is tried here.
 */
async function connectFirst(options: ConnectionOptions, o: ConnectStreamOptions): Promise<NatsConnection> {
  const deadline = performance.now() + (o.firstConnectTimeoutMs ?? FIRST_CONNECT_TIMEOUT_MS);
  for (;;) {
    try {
      return await connect(options);
    } catch (error) {
      if (error instanceof errors.AuthorizationError || performance.now() >= deadline) {
        throw new WeirError('part.not_ready', `no connection to NATS as ${o.name}: ${String(error)}`, { cause: error });
      }
      await pause(FIRST_CONNECT_PAUSE_MS);
    }
  }
}

function wrapConnection(
  nats: NatsConnection,
  js: JetStreamClient,
  manager: JetStreamManager,
  features: ServerFeatures,
  o: ConnectStreamOptions,
): StreamConnection {
  const disconnectListeners = new Set<() => void>();
  const reconnectListeners = new Set<() => void>();
  let connected = true;
  let waiters: { resolve: () => void; reject: (error: Error) => void }[] = [];

  const follow = async (): Promise<void> => {
    for await (const status of nats.status()) {
      if (status.type === 'disconnect') {
        if (!connected) continue;
        connected = false;
        o.log.warn({ connection: o.name }, 'the connection to NATS broke');
        for (const listener of [...disconnectListeners]) listener();
      } else if (status.type === 'reconnect') {
        connected = true;
        o.log.info({ connection: o.name }, 'connected to NATS again');
        const waiting = waiters;
        waiters = [];
        for (const waiter of waiting) waiter.resolve();
        for (const listener of [...reconnectListeners]) listener();
      } else if (status.type === 'error') {
        o.log.error({ connection: o.name, err: status.error }, 'NATS reported an error');
      }
    }
  };
  const following = follow();
  const closed = nats.closed().then(async (error) => {
    await following;
    connected = false;
    for (const waiter of waiters) waiter.reject(new WeirError('log.unavailable', 'the connection to NATS is closed'));
    waiters = [];
    for (const listener of [...disconnectListeners]) listener();
    return error instanceof Error ? error : undefined;
  });

  return {
    name: o.name,
    log: o.log,
    features,
    nats,
    jetstream: js,
    manager,
    closed,
    isConnected: () => connected,
    whenConnected() {
      if (nats.isClosed()) {
        return Promise.reject(new WeirError('log.unavailable', 'the connection to NATS is closed'));
      }
      if (connected) return Promise.resolve();
      return new Promise<void>((resolve, reject) => waiters.push({ resolve, reject }));
    },
    onDisconnect: (listener) => listen(disconnectListeners, listener),
    onReconnect: (listener) => listen(reconnectListeners, listener),
    request: (subject, bytes, timeoutMs) => ask(nats, subject, bytes, timeoutMs),
    publish(subject, bytes) {
      if (!connected) return false;
      nats.publish(subject, bytes);
      return true;
    },
    serve: (subject, handler, options = {}) => serve(nats, o.log, subject, handler, options),
    async close() {
      await nats.close();
      await closed;
    },
  };
}

function listen(listeners: Set<() => void>, listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

async function ask(nats: NatsConnection, subject: string, bytes: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
  let reply: Msg;
  try {
    reply = await nats.request(subject, bytes, { timeout: timeoutMs });
  } catch (error) {
    throw new WeirError('part.not_ready', `nobody answered at ${subject}: ${String(error)}`, { cause: error });
  }
  const code = reply.headers?.get(CODE_HEADER) ?? '';
  if (code === '') return reply.data;
  throw new WeirError(isErrorCode(code) ? code : 'internal', reply.headers?.get(MESSAGE_HEADER) ?? code);
}

function serve(
  nats: NatsConnection,
  log: Logger,
  subject: string,
  handler: RequestHandler,
  options: ServeOptions,
): { stop(): void } {
  const inFlightMax = options.inFlightMax ?? SERVE_IN_FLIGHT_MAX;
  let inFlight = 0;
  const answer = async (message: Msg): Promise<void> => {
    if (inFlight >= inFlightMax) {
      respondError(message, new WeirError('server.overloaded', `${inFlightMax} requests are being answered already`));
      return;
    }
    inFlight++;
    try {
      const reply = await handler(message.data, message.subject);
      if (reply !== undefined) message.respond(reply);
    } catch (error) {
      if (!(error instanceof WeirError)) log.error({ err: error, subject }, 'a request could not be answered');
      respondError(message, error);
    } finally {
      inFlight--;
    }
  };
  const subscription = nats.subscribe(subject, {
    ...(options.queue === undefined ? {} : { queue: options.queue }),
    callback: (error, message) => {
      if (error === null) void answer(message);
      else log.error({ err: error, subject }, 'a subscription failed');
    },
  });
  return { stop: () => subscription.unsubscribe() };
}

function respondError(message: Msg, error: unknown): void {
  const head = headers();
  head.set(CODE_HEADER, error instanceof WeirError ? error.code : 'internal');
  // Header values are one line of text.
  const text = error instanceof WeirError ? error.message : ERROR_TITLES.internal;
  head.set(MESSAGE_HEADER, text.replace(/[^\x20-\x7e]+/g, ' ').slice(0, 1_000));
  message.respond(new Uint8Array(0), { headers: head });
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERROR_TITLES, code);
}
