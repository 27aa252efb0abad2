/**
 * Appends a clock tick to the log once a second: the only time the engine knows. A tick that the log does not take is
 * left out; the next one carries the time all the same. Several ingest processes may tick: the engine keeps the newest.
 */
import type { Logger } from 'pino';
import { type Clock, SECOND_MS } from '../core/clock.ts';
import { ByteWriter } from '../core/codec/byte-writer.ts';
import { encodeEntry } from '../core/codec/entry.ts';

const TICK_BYTES = 256;

export interface TickOptions {
  readonly append: (entries: readonly Uint8Array[]) => Promise<unknown>;
  readonly clock: Clock;
  readonly log: Pick<Logger, 'debug'>;
}

/** Returns a function that ends it. */
export function startTicks({ append, clock, log }: TickOptions): () => void {
  const writer = new ByteWriter(TICK_BYTES);
  let waiting = false;
  const timer = setInterval(() => {
    if (waiting) return;
    waiting = true;
    writer.reset();
    encodeEntry(writer, { kind: 'tick', timeMs: clock.nowMs() });
    append([writer.take()])
      .catch((error: unknown) => log.debug({ err: error }, 'the log took no tick'))
      .finally(() => {
        waiting = false;
      });
  }, SECOND_MS);
  return () => clearInterval(timer);
}
