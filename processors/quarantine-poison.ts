/**
 * Puts the entries that the engine could not process into quarantine. It never blocks the log: OUTCOMES holds them as well.
 * Each says in which state the engine met it: the log position, and the digest over all outcomes up to it, by which a replay
 * knows that it has come to the same state.
 */
import type { Logger } from 'pino';
import { decodeEntry } from '../core/codec/entry.ts';
import { decodeOutcomeFrame } from '../core/outcomes/outcome-codec.ts';
import type { LogMessage } from '../stream/log/log-reader.ts';
import type { QuarantinePublisher } from '../stream/log/quarantine.ts';
import type { ProcessorMetrics } from './processor-metrics.ts';

export async function quarantinePoison(
  message: LogMessage,
  parts: readonly Uint8Array[],
  {
    quarantine,
    log,
    metrics,
    digest,
  }: {
    readonly quarantine: QuarantinePublisher;
    readonly log: Logger;
    readonly metrics: ProcessorMetrics;
    /** The engine's, after the frame. */
    readonly digest: string;
  },
): Promise<void> {
  for (const part of parts) {
    for (const outcome of decodeOutcomeFrame(part).outcomes) {
      if (outcome.kind !== 'poison') continue;
      log.warn({ position: message.seq, index: outcome.index, reason: outcome.message, digest }, 'an entry is poison');
      try {
        await quarantine.put({
          id: `engine:${message.seq}:${outcome.index}`,
          atMs: message.appendedMs,
          origin: 'engine',
          producer: sourceOf(outcome.entry),
          code: 'event.unprocessable',
          pointer: '',
          message: `${outcome.message} (entry ${outcome.index} at position ${message.seq}, digest ${digest})`,
          contentType: 'application/vnd.weir.entry',
          bytes: outcome.entry,
        });
      } catch (error) {
        metrics.quarantineFailures.inc();
        log.error({ position: message.seq, index: outcome.index, err: error }, 'the quarantine did not take an entry');
      }
    }
  }
}

function sourceOf(bytes: Uint8Array): string {
  try {
    const entry = decodeEntry(bytes);
    return entry.kind === 'event' ? entry.event.source : entry.kind;
  } catch {
    return 'unknown';
  }
}
