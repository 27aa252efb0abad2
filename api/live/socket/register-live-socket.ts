/**
 * The WebSocket `/v1/live`: takes upgrades on the server that also answers HTTP, and looks after each socket's life:
 * a token in time, pings, idle and expired ones closed, a limit on how many. Messages are never compressed: it costs
 * three quarters of the throughput at a thousand sockets.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import type { Registry } from 'prom-client';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import type { Clock } from '../../../core/clock.ts';
import type { Config } from '../../../core/config.ts';
import { describeProblem, PROBLEM_TYPE } from '../../problem.ts';
import { bearerToken, type TokenAuthority } from '../../token-authority.ts';
import { createSocketMetrics } from '../hub/hub-metrics.ts';
import type { HubSources } from '../hub/hub-sources.ts';
import type { LiveHub } from '../hub/live-hub.ts';
import { CLOSE_CODES } from '../messages.ts';
import { MESSAGE_BYTES_MAX, RESUMES_IN_FLIGHT_MAX, SOCKET_TIMES, type SocketTimes } from './socket-limits.ts';
import { createSocketOutput, type SocketOutput } from './socket-output.ts';
import { createSocketSession, type SessionContext, type SocketSession, type SubmitEvent } from './socket-session.ts';
import { createTurnstile } from './turnstile.ts';

const LIVE_PATH = '/v1/live';
/** Codes of RFC 6455 that the server uses beside its own. */
const GOING_AWAY = 1001;
const UNSUPPORTED_DATA = 1003;
const SERVICE_RESTART = 1012;
const TRY_AGAIN_LATER = 1013;

export interface LiveSocketOptions {
  readonly hub: LiveHub;
  readonly sources: HubSources;
  readonly auth: TokenAuthority;
  readonly submitEvent: SubmitEvent;
  readonly config: Pick<Config, 'WEIR_SOCKETS_MAX' | 'WEIR_SOCKET_BUFFER_BYTES_MAX' | 'WEIR_RESUME_OFFERS_MAX'>;
  readonly clock: Clock;
  readonly metrics: Registry;
  readonly times?: SocketTimes;
}

interface OpenSocket {
  readonly socket: WebSocket;
  readonly output: SocketOutput;
  readonly session: SocketSession;
  answered: boolean;
  idleSinceMs: number;
}

export function registerLiveSocket(app: FastifyInstance, options: LiveSocketOptions): void {
  const { hub, config, clock, times = SOCKET_TIMES } = options;
  const metrics = createSocketMetrics(options.metrics);
  const server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    clientTracking: false,
    maxPayload: MESSAGE_BYTES_MAX,
  });
  const sockets = new Set<OpenSocket>();
  const context: SessionContext = {
    ...options,
    metrics,
    turnstile: createTurnstile(RESUMES_IN_FLIGHT_MAX),
    resumeItemsMax: config.WEIR_RESUME_OFFERS_MAX,
    createId: randomUUID,
  };

  app.server.on('upgrade', (request, stream, head) => {
    stream.on('error', () => stream.destroy());
    const path = (request.url ?? '').split('?', 1)[0];
    if (path === LIVE_PATH) server.handleUpgrade(request, stream, head, (socket) => accept(socket, request));
    else refuseUpgrade(stream, path ?? '');
  });

  function accept(socket: WebSocket, request: IncomingMessage): void {
    const output = createSocketOutput(socket, { bufferBytesMax: config.WEIR_SOCKET_BUFFER_BYTES_MAX, metrics });
    socket.on('error', () => socket.terminate());
    if (sockets.size >= config.WEIR_SOCKETS_MAX) {
      output.close(TRY_AGAIN_LATER, 'too many sockets');
      return;
    }
    // A hub that is beginning anew has a gap: whoever joined now would not be told what lies in it.
    if (!hub.following) {
      output.close(TRY_AGAIN_LATER, 'the live part is starting');
      return;
    }
    const session = createSocketSession(output, context);
    const open: OpenSocket = { socket, output, session, answered: true, idleSinceMs: clock.nowMs() };
    sockets.add(open);
    metrics.open.set(sockets.size);
    const authTimer = setTimeout(() => {
      if (session.identity === undefined) output.close(CLOSE_CODES.noToken, 'no token came in time');
    }, times.authTimeoutMs);
    socket.on('pong', () => {
      open.answered = true;
    });
    socket.on('message', (data: RawData, isBinary: boolean) => {
      if (output.closing) return;
      if (isBinary) output.close(UNSUPPORTED_DATA, 'messages are JSON text');
      else session.receive(data.toString());
    });
    socket.on('close', () => {
      clearTimeout(authTimer);
      session.end();
      sockets.delete(open);
      metrics.open.set(sockets.size);
    });
    const { authorization } = request.headers;
    if (authorization !== undefined) session.authenticate(bearerToken(authorization) ?? '');
  }

  const heartbeat = setInterval(() => {
    const nowMs = clock.nowMs();
    for (const open of sockets) lookAfter(open, nowMs, times.idleTimeoutMs);
  }, times.pingIntervalMs);

  const leaveHub = hub.onReset(() => {
    // Cursors make the next socket go on where this one ended.
    for (const { output } of sockets) output.close(SERVICE_RESTART, 'the live part begins anew');
  });

  app.addHook('preClose', async () => {
    clearInterval(heartbeat);
    leaveHub();
    for (const { output } of sockets) output.close(GOING_AWAY, 'the server is shutting down');
  });
}

function lookAfter(open: OpenSocket, nowMs: number, idleTimeoutMs: number): void {
  const { socket, output, session } = open;
  if (!open.answered) {
    socket.terminate();
    return;
  }
  if (session.identity !== undefined && session.identity.expiresMs <= nowMs) {
    output.close(CLOSE_CODES.noToken, 'the token has expired');
    return;
  }
  if (session.subscriptions > 0) open.idleSinceMs = nowMs;
  else if (nowMs - open.idleSinceMs > idleTimeoutMs) {
    output.close(GOING_AWAY, 'nothing was subscribed to');
    return;
  }
  open.answered = false;
  if (socket.readyState === socket.OPEN) socket.ping();
}

function refuseUpgrade(stream: Duplex, path: string): void {
  const body = JSON.stringify(describeProblem('request.not_found', `there is no socket at ${path}`, ''));
  stream.end(
    `HTTP/1.1 404 Not Found\r\ncontent-type: ${PROBLEM_TYPE}\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}
