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
import type { Store } from '../../storage/open-store.ts';
import { acceptedBounds, acceptedEvents } from '../../storage/queries/accepted-events.ts';
import { sinkPosition } from '../../storage/queries/sink-position.ts';
import type { StreamConnection } from '../../stream/connection.ts';
import { findPosition } from '../../stream/log/find-position.ts';
import { logState, readAt, readLog } from '../../stream/log/log-reader.ts';
import type { ColdRules } from '../../stream/rules/activate-rules.ts';
import { PAST_TYPES, PastWindows } from './past-windows.ts';

/** Clocks of producers that are ahead of the log's. */
const CLOCK_SPARE_MS = HOUR_MS;

export interface History {
  readonly connection: StreamConnection;
  /** Opens the store, which holds what the log does not any more; it is asked only where that is wanted. */
  readonly openStore: () => Promise<Store>;
  /** Told once a message, and once a batch of the store: events that have been read. */
  readonly onProgress?: (events: number) => void;
}

/**
 * Throws `log.truncated` where messages leave OUTCOMES while they are read, `log.unavailable`, `store.unavailable`, and what
 * `append` rejects with.
 */
export async function fillFromHistory(
  { connection, openStore, onProgress = () => undefined }: History,
  { version, documents, settings, position, windows, append }: ColdRules,
): Promise<void> {
  const past = new PastWindows(documents, settings, windows);
  const fromMs = (await takenAt(connection, position)) - reachMs(windows, settings);
  const { firstSeq } = await logState(connection, 'OUTCOMES');
  const fromSeq = Math.max(firstSeq, await findPosition(connection, 'OUTCOMES', fromMs));
  const inLog = await startIn(connection, fromSeq, firstSeq, fromMs);
  const isCut = !inLog.sinceBeginning && fromSeq === firstSeq;
  const inStore = isCut ? await addFromStore(past, openStore, fromMs, fromSeq, onProgress) : undefined;
  const reading = new AbortController();
  try {
    for await (const { bytes } of readLog(connection, 'OUTCOMES', { fromSeq, signal: reading.signal })) {
      const { inputSeq, final } = decodeOutcomeHead(bytes);
      if (inputSeq > position) break;
      past.addPart(bytes);
      onProgress(past.events);
      // It is answered: the windows were told in the answer.
      if (inputSeq === position && final) break;
    }
  } finally {
    reading.abort();
  }
  for (const part of past.parts(version, inStore ?? inLog)) await append(part);
}

/** What the store holds from before message `beforeSeq` of OUTCOMES; undefined where that is nothing, or has gaps. */
async function addFromStore(
  past: PastWindows,
  openStore: () => Promise<Store>,
  fromMs: number,
  beforeSeq: number,
  onProgress: (events: number) => void,
): Promise<HistoryStart | undefined> {
  const store = await openStore();
  const range = { types: PAST_TYPES, fromMs: Math.max(0, fromMs), beforeSeq };
  const [bounds, stored] = await Promise.all([acceptedBounds(store, range), sinkPosition(store)]);
  if (bounds === undefined || stored.outcomeSeq < beforeSeq - 1) return undefined;
  let position: number | undefined;
  for await (const events of acceptedEvents(store, range, bounds.firstSeq)) {
    position ??= events[0]?.position.inputSeq;
    past.addStored(events);
    onProgress(past.events);
  }
  // Older ones are there and do not matter: nothing is missing from `fromMs` on.
  const timeMs = Math.max(fromMs, bounds.oldestMs);
  return position === undefined ? undefined : { position, timeMs, sinceBeginning: false };
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
async function startIn(
  connection: StreamConnection,
  fromSeq: number,
  firstSeq: number,
  fromMs: number,
): Promise<HistoryStart> {
  // The first message that there ever was; otherwise those before it were too old to matter, or have left the log.
  if (fromSeq <= 1) return { position: 1, timeMs: 0, sinceBeginning: true };
  const first = await readAt(connection, 'OUTCOMES', fromSeq);
  if (first === undefined) throw new WeirError('log.truncated', `OUTCOMES no longer holds message ${fromSeq}`);
  const position = decodeOutcomeHead(first.bytes).inputSeq;
  return { position, timeMs: firstSeq < fromSeq ? fromMs : first.appendedMs, sinceBeginning: false };
}
