/**
 * The sending half of one socket. What waits for a slow client is bounded: past the limit the socket is cut off with
 * 4408, and nobody else notices. Nothing here throws.
 */
import type { WebSocket } from 'ws';
import type { SocketMetrics } from '../hub/hub-metrics.ts';
import { CLOSE_CODES, type ServerMessage } from '../messages.ts';
import { CLOSE_GRACE_MS } from './socket-limits.ts';

/** How often a backlog looks whether its socket has room again. */
const DRAIN_STEP_MS = 20;
/** A close reason of RFC 6455 has at most 123 bytes. */
const REASON_LENGTH_MAX = 100;

export interface SocketOutput {
  send(message: ServerMessage): void;
  /** Sends JSON that was made already. */
  sendText(type: ServerMessage['type'], text: string): void;
  close(code: number, reason: string): void;
  /** Resolves when half of the buffer is free. Rejects when the socket has closed. */
  drained(): Promise<void>;
  readonly closing: boolean;
}

export function createSocketOutput(
  socket: WebSocket,
  options: { readonly bufferBytesMax: number; readonly metrics: SocketMetrics },
): SocketOutput {
  const { bufferBytesMax, metrics } = options;
  let closing = false;

  function close(code: number, reason: string): void {
    if (closing) return;
    closing = true;
    metrics.closed.labels(String(code)).inc();
    socket.close(code, reason.slice(0, REASON_LENGTH_MAX));
    // A peer that does not read cannot answer the close frame.
    setTimeout(() => socket.terminate(), CLOSE_GRACE_MS).unref();
  }

  function sendText(type: ServerMessage['type'], text: string): void {
    if (closing || socket.readyState !== socket.OPEN) return;
    if (socket.bufferedAmount + text.length > bufferBytesMax) {
      metrics.slowClients.inc();
      close(CLOSE_CODES.tooSlow, 'the client reads too slowly');
      return;
    }
    metrics.sent.labels(type).inc();
    socket.send(text);
  }

  return {
    send: (message) => sendText(message.type, JSON.stringify(message)),
    sendText,
    close,
    drained() {
      return new Promise((resolve, reject) => {
        const look = (): void => {
          if (closing || socket.readyState !== socket.OPEN) reject(new Error('the socket has closed'));
          else if (socket.bufferedAmount <= bufferBytesMax / 2) resolve();
          else setTimeout(look, DRAIN_STEP_MS);
        };
        look();
      });
    },
    get closing() {
      return closing;
    },
  };
}
