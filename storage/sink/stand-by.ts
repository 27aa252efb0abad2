/** How a sink waits while another writes. It takes over nothing by force: it begins again, and both agree on each range. */
import { setTimeout as wait } from 'node:timers/promises';
import type { SinkPosition } from '../queries/sink-position.ts';

/** Returns when no sink has come further for `standbyMs`, or `signal` says to stop. */
export async function standBy(
  readPosition: () => Promise<SinkPosition>,
  standbyMs: number,
  signal: AbortSignal,
): Promise<void> {
  let seen = await readPosition();
  while (!signal.aborted) {
    await wait(standbyMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    const now = await readPosition();
    if (now.outcomeSeq === seen.outcomeSeq && now.pending?.toSeq === seen.pending?.toSeq) return;
    seen = now;
  }
}
