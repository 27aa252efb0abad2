/**
 * Fills the windows of a rule set that is to go live with what they would hold: accepted events are read again, as far back
 * as the windows look, and what comes of them goes into the log in parts. Runs in the process of whoever activates the rules:
 * it takes nothing from the processor but what the parts cost it. Where it dies, the rule set waits, and gives way to the next.
 */
import { HOUR_MS } from '../../core/clock.ts';
import type { EngineSettings, HistoryStart } from '../../core/codec/entry.ts';
import { WeirError } from '../../core/errors.ts';
import type { ColdWindow } from '../../core/outcomes/outcome.ts';
import { decodeOutcomeHead } from '../../core/outcomes/outcome-codec.ts';
import type { StreamConnection } from '../../stream/connection.ts';
import { findPosition } from '../../stream/log/find-position.ts';
import { logState, readAt, readLog } from '../../stream/log/log-reader.ts';
import type { ColdRules } from '../../stream/rules/activate-rules.ts';
import { PastWindows } from './past-windows.ts';

/** Clocks of producers that are ahead of the log's. */
const CLOCK_SPARE_MS = HOUR_MS;

/** Told once a frame: the position of EVENTS that has been reached. */
export type OnFillProgress = (position: number, events: number) => void;

/** Throws `log.truncated` where messages leave OUTCOMES while they are read, `log.unavailable`, and what `append` rejects with. */
export async function fillFromHistory(
  connection: StreamConnection,
  { version, documents, settings, position, windows, append }: ColdRules,
  onProgress: OnFillProgress = () => undefined,
): Promise<void> {
  const past = new PastWindows(documents, settings, windows);
  const fromMs = (await takenAt(connection, position)) - reachMs(windows, settings);
  const { firstSeq } = await logState(connection, 'OUTCOMES');
  const fromSeq = Math.max(firstSeq, await findPosition(connection, 'OUTCOMES', fromMs));
  const history = await startIn(connection, fromSeq, fromMs);
  const reading = new AbortController();
  try {
    for await (const { bytes } of readLog(connection, 'OUTCOMES', { fromSeq, signal: reading.signal })) {
      const { inputSeq, final } = decodeOutcomeHead(bytes);
      // It is answered: the windows were told in the answer.
      if (inputSeq > position) break;
      past.addPart(bytes);
      onProgress(inputSeq, past.events);
      if (inputSeq === position && final) break;
    }
  } finally {
    reading.abort();
  }
  for (const part of past.parts(version, history)) await append(part);
}

/** How far back to read, in milliseconds before the windows are followed. */
function reachMs(windows: readonly ColdWindow[], { allowedLatenessMs }: EngineSettings): number {
  // A label counts for the keys of its transaction, however long ago that was.
  if (windows.some(({ type, isKeyed }) => type === 'label' && isKeyed)) return Number.POSITIVE_INFINITY;
  return Math.max(...windows.map((window) => window.reachMs)) + allowedLatenessMs + CLOCK_SPARE_MS;
}

async function takenAt(connection: StreamConnection, position: number): Promise<number> {
  const message = await readAt(connection, 'EVENTS', position);
  if (message === undefined) throw new WeirError('log.truncated', `EVENTS no longer holds position ${position}`);
  return message.appendedMs;
}

/** What is read from message `fromSeq` of OUTCOMES on covers the log from here. */
async function startIn(connection: StreamConnection, fromSeq: number, fromMs: number): Promise<HistoryStart> {
  const first = await readAt(connection, 'OUTCOMES', fromSeq);
  if (first === undefined) throw new WeirError('log.truncated', `OUTCOMES no longer holds message ${fromSeq}`);
  const position = decodeOutcomeHead(first.bytes).inputSeq;
  // The first message that there ever was; otherwise those before it were too old to matter, or have left the log.
  if (fromSeq <= 1) return { position: 1, timeMs: 0, sinceBeginning: true };
  const { firstSeq } = await logState(connection, 'OUTCOMES');
  return { position, timeMs: firstSeq < fromSeq ? fromMs : first.appendedMs, sinceBeginning: false };
}
