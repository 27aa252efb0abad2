/**
 * Proves what the engine did: replays a range of EVENTS from the newest checkpoint before it, and compares every outcome
 * part with the one in OUTCOMES, byte for byte (G4). Reads only; a running processor is not disturbed.
 */
import type { Logger } from 'pino';
import { WeirError } from '../../core/errors.ts';
import { hashBytes } from '../../core/hash.ts';
import type { CheckpointStore } from '../../stream/checkpoints/checkpoint-store.ts';
import type { StreamConnection } from '../../stream/connection.ts';
import { logState, readLog } from '../../stream/log/log-reader.ts';
import { engineBefore } from '../checkpoints/engine-before.ts';
import { createEngine } from '../engine/engine.ts';
import { openStoredAnswers, type StoredPart } from './stored-answers.ts';

export interface VerifyOptions {
  readonly connection: StreamConnection;
  readonly store: Pick<CheckpointStore, 'list' | 'open'>;
  /** Positions in EVENTS, both included; `to` ends at what OUTCOMES answers. */
  readonly from: number;
  readonly to: number;
  readonly log: Pick<Logger, 'warn'>;
  readonly onProgress?: (position: number) => void;
}

export interface VerifyReport {
  readonly from: number;
  readonly to: number;
  /** Where the replay began: the position of the checkpoint, 0 without one. */
  readonly checkpoint: number;
  readonly frames: number;
  readonly parts: number;
  /** Over the bytes of all compared parts, for comparing runs. */
  readonly digest: string;
  /** The first position where replay and log differ. */
  readonly difference?: { readonly position: number; readonly part: number; readonly message: string };
}

/** Throws `log.truncated` where the log no longer holds what the replay needs, `log.unavailable` where it does not answer. */
export async function verifyRange(o: VerifyOptions): Promise<VerifyReport> {
  const { connection } = o;
  const answers = await openStoredAnswers(connection);
  const to = Math.min(o.to, answers.answered);
  const saved = await engineBefore(o.store, o.from, o.log);
  const engine = saved?.engine ?? createEngine();
  const checkpoint = engine.position;
  const events = await logState(connection, 'EVENTS');
  if (to >= o.from && events.firstSeq > engine.position + 1)
    throw new WeirError('log.truncated', `EVENTS begins at ${events.firstSeq}, the replay at ${engine.position + 1}`);
  const progress = { frames: 0, parts: 0, digest: 0 };
  const report = (difference?: VerifyReport['difference']): VerifyReport => ({
    from: o.from,
    to,
    checkpoint,
    frames: progress.frames,
    parts: progress.parts,
    digest: (progress.digest >>> 0).toString(16).padStart(8, '0'),
    ...(difference && { difference }),
  });
  if (to < o.from) return report();

  const reading = new AbortController();
  const stored = answers.read(o.from, reading.signal);
  try {
    for await (const { seq, bytes } of readLog(connection, 'EVENTS', {
      fromSeq: engine.position + 1,
      signal: reading.signal,
    })) {
      if (seq > to) break;
      const parts = engine.step(seq, bytes);
      o.onProgress?.(seq);
      if (seq >= o.from) {
        progress.frames++;
        for (const [part, replayed] of parts.entries()) {
          const message = difference((await stored.next()).value, seq, part, replayed);
          if (message !== undefined) return report({ position: seq, part, message });
          progress.parts++;
          progress.digest = hashBytes(replayed, progress.digest);
        }
      }
      if (seq === to) break;
    }
    return report();
  } finally {
    reading.abort();
  }
}

function difference(
  stored: StoredPart | undefined,
  seq: number,
  part: number,
  replayed: Uint8Array,
): string | undefined {
  if (stored === undefined) return 'OUTCOMES ends before this answer';
  const { head } = stored;
  if (head.inputSeq !== seq || head.part !== part)
    return `OUTCOMES answers position ${head.inputSeq} part ${head.part} here`;
  if (Buffer.compare(stored.bytes, replayed) === 0) return undefined;
  let at = 0;
  while (stored.bytes[at] === replayed[at]) at++;
  return `the replay gives other bytes from offset ${at} of message ${stored.seq} on`;
}
