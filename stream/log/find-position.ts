/** Where a time lies in a log: the server stamps messages in the order in which it takes them, so halving finds it. */
import type { StreamConnection } from '../connection.ts';
import type { StreamName } from '../topology.ts';
import { logState, readAt } from './log-reader.ts';

/**
 * Position of the first message that the log took at `timeMs` or later, one past the last where there is none. Throws
 * `log.unavailable`.
 */
export async function findPosition(c: StreamConnection, stream: StreamName, timeMs: number): Promise<number> {
  const { firstSeq, lastSeq } = await logState(c, stream);
  let low = firstSeq;
  let high = lastSeq + 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const message = await readAt(c, stream, middle);
    // One that has left the log meanwhile was older than any that is there.
    if (message === undefined || message.appendedMs < timeMs) low = middle + 1;
    else high = middle;
  }
  return low;
}
