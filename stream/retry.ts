/**
 * Repeats a call to the server for as long as its failure is one that passes by itself: no connection, no answer, an
 * election. A call in flight when the connection breaks is given up at once, since its answer went with it.
 */
import { JetStreamApiError } from '@nats-io/jetstream';
import { WeirError } from '../core/errors.ts';
import type { StreamConnection } from './connection.ts';
import { backOffMs, pause } from './pause.ts';

/** JetStream's own answers are final, but for 503 (an election, or JetStream still starting). */
export function isTransient(error: unknown): boolean {
  if (error instanceof WeirError) return false;
  if (error instanceof JetStreamApiError) return error.status === 503;
  return error instanceof Error && !(error instanceof TypeError) && !(error instanceof RangeError);
}

/**
 * Gives up after `timeoutMs` with `log.unavailable`; `operation` must be safe to repeat. `Infinity` never gives up
 * unless the connection is closed.
 */
export async function retryTransient<T>(
  c: StreamConnection,
  what: string,
  timeoutMs: number,
  operation: () => Promise<T>,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (let attempt = 0; ; attempt++) {
    try {
      return await untilDisconnect(c, operation);
    } catch (error) {
      if (!isTransient(error)) throw error;
      if (c.nats.isClosed() || performance.now() >= deadline) {
        throw new WeirError('log.unavailable', `${what} failed: ${String(error)}`, { cause: error });
      }
    }
    await pause(backOffMs(attempt));
  }
}

/** Runs the operation while connected; fails as soon as the connection breaks. */
async function untilDisconnect<T>(c: StreamConnection, operation: () => Promise<T>): Promise<T> {
  if (!c.isConnected()) throw new Error('the connection to NATS is down');
  let remove = (): void => {};
  const broken = new Promise<never>((_, reject) => {
    remove = c.onDisconnect(() => reject(new Error('the connection to NATS broke')));
  });
  try {
    return await Promise.race([operation(), broken]);
  } finally {
    remove();
  }
}
