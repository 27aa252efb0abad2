/**
 * An outcome log in memory with a store that lags behind it, for tests of the live part: frames are appended, the store
 * is moved forward at will, and a real HTTP server with the real hub and sockets stands on top.
 */

import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import pino from 'pino';
import { Registry } from 'prom-client';
import { WebSocket } from 'ws';
import { createHttpServer } from '../../../api/http-server.ts';
import { compareCursors } from '../../../api/live/cursor.ts';
import { createHubMetrics } from '../../../api/live/hub/hub-metrics.ts';
import type { At, HubSources, OfferEvent } from '../../../api/live/hub/hub-sources.ts';
import { type KpiGain, minutesFrom } from '../../../api/live/hub/kpi-board.ts';
import { createLiveHub, HUB_LIMITS, type LiveHub } from '../../../api/live/hub/live-hub.ts';
import type { ServerMessage } from '../../../api/live/messages.ts';
import { registerLiveSocket } from '../../../api/live/socket/register-live-socket.ts';
import type { SocketTimes } from '../../../api/live/socket/socket-limits.ts';
import type { FeedbackEvent } from '../../../api/live/socket/socket-session.ts';
import { createTokenAuthority, type Role } from '../../../api/token-authority.ts';
import { parseConfig } from '../../../core/config.ts';
import type { AlertOutcome, KpiDelta, Outcome } from '../../../core/outcomes/outcome.ts';
import { decodeOutcomeFrame } from '../../../core/outcomes/outcome-codec.ts';
import { outcomeFrame } from '../storage/outcome-frames.ts';

export const LIVE_SECRET = 'a-secret-of-at-least-32-characters-for-tests';
export const liveAuth = createTokenAuthority(LIVE_SECRET);

interface Logged {
  readonly seq: number;
  readonly bytes: Uint8Array;
}

export interface MemoryOutcomes extends HubSources {
  /** Appends a frame; the input position is the sequence unless told. Returns the sequence. */
  append(outcomes: readonly Outcome[], o?: { part?: number; final?: boolean; inputSeq?: number }): number;
  /** The store now has everything up to here (the newest frame unless told). */
  store(seq?: number): void;
  readonly lastSeq: number;
  readonly storedSeq: number;
  /** How often the store was asked for offers. */
  readonly offerQueries: number;
  /** Makes the log reader fail, as a broken log does. */
  breakReaders(error: Error): void;
  /** Every offer or withdrawal of a customer, in log order. */
  eventsOf(customer: string): At<OfferEvent>[];
  gains(upTo: number): KpiGain[];
}

export function createMemoryOutcomes(): MemoryOutcomes {
  const frames: Logged[] = [];
  let storedSeq = 0;
  let wakes: (() => void)[] = [];
  let failure: Error | undefined;
  let offerQueries = 0;
  const sinkListeners = new Set<(seq: number) => void>();

  function* derived(upTo: number): Generator<At<Outcome>> {
    for (const { seq, bytes } of frames) {
      if (seq > upTo) return;
      for (const [item, value] of decodeOutcomeFrame(bytes).outcomes.entries()) yield { seq, item, value };
    }
  }
  const isOfferEvent = (at: At<Outcome>): at is At<OfferEvent> =>
    at.value.kind === 'offer' || at.value.kind === 'withdrawn';
  const wakeAll = (): void => {
    const waiting = wakes;
    wakes = [];
    for (const wake of waiting) wake();
  };

  return {
    append(outcomes, o = {}) {
      const seq = frames.length + 1;
      const { inputSeq = seq, ...rest } = o;
      frames.push({ seq, bytes: outcomeFrame(inputSeq, outcomes, rest) });
      wakeAll();
      return seq;
    },
    store(seq = frames.length) {
      storedSeq = seq;
      for (const listener of sinkListeners) listener(seq);
    },
    get lastSeq() {
      return frames.length;
    },
    get storedSeq() {
      return storedSeq;
    },
    get offerQueries() {
      return offerQueries;
    },
    breakReaders(error) {
      failure = error;
      wakeAll();
    },
    eventsOf: (customer) =>
      [...derived(frames.length)].filter(isOfferEvent).filter(({ value }) => value.customer === customer),
    gains: (upTo) =>
      [...derived(upTo)].map(({ value }) => value).filter((value): value is KpiDelta => value.kind === 'kpi'),
    async loadKpis(nowMs) {
      const cells = (stepMs: number, fromMs: number) =>
        this.gains(storedSeq)
          .map((gain) => ({ ...gain, timeMs: Math.floor(gain.secondMs / stepMs) * stepMs }))
          .filter(({ timeMs }) => timeMs >= fromMs);
      return {
        seconds: cells(1_000, Math.floor(nowMs / 1_000) * 1_000 - 119_000),
        minutes: cells(60_000, minutesFrom(nowMs)),
        position: storedSeq,
        outcomeSeq: storedSeq,
      };
    },
    async loadOffers(customer, after, limit, nowMs) {
      offerQueries++;
      const completeSeq = storedSeq;
      await new Promise((resolve) => setImmediate(resolve));
      const all = [...derived(completeSeq)].filter(isOfferEvent).filter(({ value }) => value.customer === customer);
      const withdrawn = new Set(
        all.filter(({ value }) => value.kind === 'withdrawn').map(({ value }) => value.offerId),
      );
      const wanted = all
        .filter((at) => compareCursors(at, after) > 0)
        .filter(
          ({ value }) => value.kind === 'withdrawn' || (value.validUntilMs > nowMs && !withdrawn.has(value.offerId)),
        );
      return { items: wanted.slice(0, limit), completeSeq, more: wanted.length > limit };
    },
    async loadAlerts(after, limit) {
      const completeSeq = storedSeq;
      await new Promise((resolve) => setImmediate(resolve));
      const wanted = [...derived(completeSeq)]
        .filter((at): at is At<AlertOutcome> => at.value.kind === 'alert')
        .filter((at) => compareCursors(at, after) > 0);
      return { items: wanted.slice(0, limit), completeSeq, more: wanted.length > limit };
    },
    async *readOutcomes(fromSeq, signal) {
      signal.addEventListener('abort', wakeAll, { once: true });
      for (let next = fromSeq; !signal.aborted; ) {
        if (failure !== undefined) {
          const error = failure;
          failure = undefined;
          throw error;
        }
        const frame = frames[next - 1];
        if (frame === undefined) {
          await new Promise<void>((resolve) => wakes.push(resolve));
          continue;
        }
        next++;
        yield { ...frame, pending: frames.length - frame.seq };
      }
    },
    watchSink(listener) {
      sinkListeners.add(listener);
      return () => sinkListeners.delete(listener);
    },
  };
}

export interface LiveWorld {
  readonly url: string;
  readonly hub: LiveHub;
  readonly metrics: Registry;
  readonly feedback: FeedbackEvent[];
  token(role: Role, sub?: string, ttlSeconds?: number): string;
  /** Opens a socket; with a role, the token goes with the request. */
  connect(role?: Role, sub?: string): Promise<LiveClient>;
  close(): Promise<void>;
}

export async function startLiveWorld(
  sources: HubSources,
  o: {
    env?: Record<string, string>;
    nowMs?: () => number;
    limits?:
      | typeof HUB_LIMITS
      | { offers: { itemsKept: number; itemsMax: number }; alerts: { itemsKept: number; itemsMax: number } };
    submitEvent?: (event: FeedbackEvent) => Promise<void>;
    times?: SocketTimes;
  } = {},
): Promise<LiveWorld> {
  const config = parseConfig({ NODE_ENV: 'test', ...o.env });
  const clock = { nowMs: o.nowMs ?? Date.now };
  const log = pino({ level: process.env.TEST_LOG ?? 'silent' });
  const metrics = new Registry();
  const feedback: FeedbackEvent[] = [];
  const hub = createLiveHub({
    sources,
    clock,
    log,
    metrics: createHubMetrics(metrics),
    limits: o.limits ?? HUB_LIMITS,
  });
  await hub.start();
  const app = await createHttpServer({ config, log, metrics, auth: liveAuth });
  registerLiveSocket(app, {
    hub,
    sources,
    auth: liveAuth,
    submitEvent: o.submitEvent ?? (async (event) => void feedback.push(event)),
    config,
    clock,
    metrics,
    ...(o.times !== undefined && { times: o.times }),
  });
  await app.listen({ port: 0, host: '127.0.0.1' });
  const url = `ws://127.0.0.1:${(app.server.address() as AddressInfo).port}/v1/live`;
  const token = (role: Role, sub = `test-${role}`, ttlSeconds = 600): string =>
    liveAuth.sign({ role, sub, ttlSeconds });
  return {
    url,
    hub,
    metrics,
    feedback,
    token,
    connect: (role, sub) => connectLive(url, role === undefined ? undefined : token(role, sub)),
    async close() {
      await app.close();
      await hub.stop();
    },
  };
}

export interface LiveClient {
  readonly socket: WebSocket;
  readonly messages: ServerMessage[];
  readonly closed: Promise<{ code: number; reason: string }>;
  send(message: unknown): void;
  end(): Promise<void>;
}

export async function connectLive(url: string, token?: string, o: { autoPong?: boolean } = {}): Promise<LiveClient> {
  const socket = new WebSocket(url, {
    ...o,
    perMessageDeflate: false,
    ...(token !== undefined && { headers: { authorization: `Bearer ${token}` } }),
  });
  const messages: ServerMessage[] = [];
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() }));
  });
  socket.on('message', (data) => messages.push(JSON.parse(data.toString()) as ServerMessage));
  socket.on('error', () => undefined);
  await Promise.race([once(socket, 'open'), closed]);
  return {
    socket,
    messages,
    closed,
    send: (message) => socket.send(typeof message === 'string' ? message : JSON.stringify(message)),
    async end() {
      socket.terminate();
      await closed;
    },
  };
}

/** The cursors of the offers and withdrawals that a client got. */
export function cursorsOf(messages: readonly ServerMessage[]): string[] {
  return messages.flatMap((message) =>
    message.type === 'offer' || message.type === 'withdrawn' ? [message.cursor] : [],
  );
}
