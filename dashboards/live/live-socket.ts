/**
 * The one place that speaks to `/v1/live`. Authenticates with the first message, subscribes, resumes by cursor after
 * each reconnect and repeats feedback until the server confirms it. Nothing is queued while the line is down: a
 * subscription says where to go on from, and feedback waits in a bounded map.
 *
 * States: connecting → live ⇄ reconnecting, paused as `stopped`; refused (4401, 4403) is final.
 */
import ReconnectingWebSocket from 'partysocket/ws';
import type { KpiDimension, LiveChannel, ServerMessage } from '../../api/live/messages.ts';
import type { FEEDBACK_ACTIONS } from '../../core/events/data-schemas.ts';
import { readMessage } from './read-message.ts';

export type FeedbackAction = (typeof FEEDBACK_ACTIONS)[number];

export const FEEDBACK_WAITING_MAX = 64;
const NO_TOKEN = 4401;
const NOT_ALLOWED = 4403;
const TOO_SLOW = 4408;

export type ConnectionPhase = 'connecting' | 'live' | 'reconnecting' | 'refused' | 'stopped';
export interface ConnectionState {
  readonly phase: ConnectionPhase;
  /** Why the line is down, where known: `signed-out` (4401), `forbidden` (4403), `too-slow` (4408), `offline`. */
  readonly cause?: 'signed-out' | 'forbidden' | 'too-slow' | 'offline' | undefined;
  /** When this phase began, milliseconds since the Unix epoch. */
  readonly sinceMs: number;
  readonly attempts: number;
}

export interface Subscription {
  readonly channel: LiveChannel;
  readonly by?: KpiDimension;
  /** Asked at each (re)connect. */
  readonly cursor?: () => string | undefined;
}

export interface LiveSocketOptions {
  readonly url: string;
  readonly token: string;
  readonly subscriptions: readonly Subscription[];
  onMessage(message: ServerMessage): void;
  onState(state: ConnectionState): void;
}

export interface LiveSocket {
  /** Holds the line closed until `reconnect`. */
  pause(): void;
  sendFeedback(offerId: string, action: FeedbackAction): void;
  reconnect(): void;
  stop(): void;
}

/** The address of the socket on the host that served the page. */
export function liveSocketUrl(location: { readonly protocol: string; readonly host: string }): string {
  return `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/v1/live`;
}

export function openLiveSocket(options: LiveSocketOptions): LiveSocket {
  const waitingFeedback = new Map<string, { offerId: string; action: FeedbackAction }>();
  let paused = false;
  let disposed = false;
  let state: ConnectionState = { phase: 'connecting', sinceMs: Date.now(), attempts: 0 };

  const socket = new ReconnectingWebSocket(options.url, [], {
    minReconnectionDelay: 500,
    maxReconnectionDelay: 8_000,
    reconnectionDelayGrowFactor: 1.6,
    connectionTimeout: 5_000,
    maxEnqueuedMessages: 0,
    shouldReconnectOnClose: (event) => event.code !== NO_TOKEN && event.code !== NOT_ALLOWED,
  });

  const enter = (phase: ConnectionPhase, cause?: ConnectionState['cause']): void => {
    if (disposed || (state.phase === 'refused' && phase !== 'stopped')) return;
    const sinceMs = state.phase === phase ? state.sinceMs : Date.now();
    const attempts = phase === 'live' ? 0 : socket.retryCount;
    state = { phase, cause, sinceMs, attempts };
    options.onState(state);
  };

  const send = (message: unknown): void => {
    if (socket.readyState === ReconnectingWebSocket.OPEN) socket.send(JSON.stringify(message));
  };

  socket.addEventListener('open', () => {
    send({ type: 'auth', token: options.token });
    for (const { channel, by, cursor } of options.subscriptions) {
      send({ type: 'subscribe', channel, by, cursor: cursor?.() });
    }
    for (const { offerId, action } of waitingFeedback.values()) send({ type: 'feedback', offerId, action });
  });

  socket.addEventListener('message', (event) => {
    const message = readMessage(event.data);
    if (message === undefined) return;
    // The server confirms a subscription only after it took the token: this is when the line is really up.
    if (message.type === 'subscribed') enter('live');
    if (message.type === 'ok' && message.offerId !== undefined) confirmFeedback(message.offerId);
    options.onMessage(message);
  });

  socket.addEventListener('close', (event) => {
    if (paused) enter('stopped');
    else if (event.code === NO_TOKEN) enter('refused', 'signed-out');
    else if (event.code === NOT_ALLOWED) enter('refused', 'forbidden');
    else enter('reconnecting', event.code === TOO_SLOW ? 'too-slow' : navigator.onLine ? undefined : 'offline');
  });

  /** Confirmations come in the order of the feedback, so the oldest waiting one of this offer is meant. */
  const confirmFeedback = (offerId: string): void => {
    for (const [name, waiting] of waitingFeedback) {
      if (waiting.offerId !== offerId) continue;
      waitingFeedback.delete(name);
      return;
    }
  };

  // A half-open line shows no close for minutes; the browser knows sooner.
  const onOffline = (): void => enter('reconnecting', 'offline');
  const onOnline = (): void => {
    if (!paused) socket.reconnect();
  };
  window.addEventListener('offline', onOffline);
  window.addEventListener('online', onOnline);

  return {
    sendFeedback(offerId, action) {
      const name = `${offerId} ${action}`;
      if (waitingFeedback.has(name)) return;
      if (waitingFeedback.size >= FEEDBACK_WAITING_MAX) {
        const oldest = waitingFeedback.keys().next().value;
        if (oldest !== undefined) waitingFeedback.delete(oldest);
      }
      waitingFeedback.set(name, { offerId, action });
      send({ type: 'feedback', offerId, action });
    },
    pause() {
      paused = true;
      socket.close(1000);
    },
    reconnect() {
      paused = false;
      enter('reconnecting');
      socket.reconnect();
    },
    stop() {
      enter('stopped');
      disposed = true;
      window.removeEventListener('offline', onOffline);
      window.removeEventListener('online', onOnline);
      socket.close(1000);
    },
  };
}
