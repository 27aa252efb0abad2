/**
 * Feeds a file to Weir over HTTP: strictly in order, one request in flight, the same batch again until the log has it,
 * ids that the file determines. A crash anywhere therefore neither loses, repeats nor reorders, and replaying a file
 * again adds nothing. Event time stays the file's; `speed` only paces the sending.
 */
import { basename } from 'node:path';
import { DAY_MS } from '../../core/clock.ts';
import { type BatchResult, createEventSender, delay } from '../send/event-sender.ts';
import { createPacer } from './pacer.ts';
import { type FileEvent, readEvents } from './read-events.ts';
import { openLineFile } from './read-lines.ts';
import {
  PROBLEMS_LISTED_MAX,
  parseSpeed,
  type ReplayOptions,
  type ReplayProblem,
  type ReplayResult,
} from './replay-options.ts';
import { createTokenizer } from './tokenize.ts';

const BATCH_EVENTS = 2_000;
/** Half of what ingest takes by default. */
const BATCH_CHARS_MAX = 4 * 1_048_576;
const PROGRESS_INTERVAL_MS = 200;
/** The handbook's own delay of labels. */
const LABEL_DELAY_MS = 7 * DAY_MS;
const TOKEN_KEY = 'weir replay';

/**
 * Rejects with the system's error if the file cannot be read, `WeirError` `request.invalid` if its format is not
 * known, `auth.*` if the token is not good, or the signal's reason. Bad rows do not reject: see the result.
 */
export async function replayFile(o: ReplayOptions): Promise<ReplayResult> {
  const factor = parseSpeed(o.speed ?? 'max');
  const file = await openLineFile(o.file);
  const sender = createEventSender({ baseUrl: o.baseUrl, token: o.token, log: o.log });
  const pacer = factor === undefined ? undefined : createPacer(factor, () => performance.now());
  const startedMs = performance.now();
  const counts = { format: '', rows: 0, rounded: 0 };
  const totals = { sent: 0, accepted: 0, rejected: 0, unreadable: 0, retries: 0 };
  const problems: ReplayProblem[] = [];
  let newestMs: number | undefined;
  let progressMs = Number.NEGATIVE_INFINITY;

  function report(force: boolean): void {
    const nowMs = performance.now();
    if (o.onProgress === undefined || (!force && nowMs - progressMs < PROGRESS_INTERVAL_MS)) return;
    progressMs = nowMs;
    const seconds = (nowMs - startedMs) / 1_000;
    const done = file.bytesTotal === 0 ? 1 : file.bytesRead() / file.bytesTotal;
    const events = totals.accepted;
    o.onProgress({
      format: counts.format,
      bytesRead: file.bytesRead(),
      bytesTotal: file.bytesTotal,
      rows: counts.rows,
      events,
      rejected: totals.rejected,
      unreadable: totals.unreadable,
      eventsPerSecond: seconds > 0 ? events / seconds : 0,
      etaSeconds: events > 0 && done > 0 ? (seconds * (1 - done)) / done : undefined,
      timeMs: newestMs,
    });
  }

  function list(problem: ReplayProblem): void {
    if (problems.length < PROBLEMS_LISTED_MAX) problems.push(problem);
  }

  function count(batch: readonly FileEvent[], result: BatchResult): void {
    totals.sent += batch.length;
    totals.accepted += result.accepted;
    totals.rejected += result.rejected;
    totals.retries += result.retries;
    newestMs = batch.at(-1)?.timeMs;
    for (const error of result.errors) {
      const reason = `refused: ${error.code} ${error.pointer} ${error.message}`;
      list({ line: batch[error.index]?.line ?? 0, reason });
    }
    report(false);
  }

  // One request is in flight while the next batch is read; it is sent only when that one is acknowledged.
  let inFlight: Promise<void> = Promise.resolve();
  async function send(batch: readonly FileEvent[]): Promise<void> {
    await inFlight;
    if (batch.length === 0) return;
    inFlight = sender
      .send(
        batch.map((event) => event.json),
        o.signal,
      )
      .then((result) => count(batch, result));
    // The failure is taken up by the next await; until then it must not count as unhandled.
    inFlight.catch(() => undefined);
  }

  const options = {
    labels: o.labels ?? false,
    labelDelayMs: o.labelDelayMs ?? LABEL_DELAY_MS,
    profiles: o.profiles ?? false,
    consents: o.consents ?? { marketing: true, location: true },
    place: o.place ?? {},
    fileName: basename(o.file).replace(/(\.(csv|tsv|ndjson|jsonl|gz))+$/i, ''),
    tokenize: createTokenizer(o.tokenKey ?? TOKEN_KEY),
  };
  const batchEvents = o.batchEvents ?? BATCH_EVENTS;
  try {
    let batch: FileEvent[] = [];
    let chars = 0;
    const onProblem = (problem: ReplayProblem): void => {
      totals.unreadable++;
      list(problem);
    };
    for await (const events of readEvents(file, options, counts, onProblem)) {
      for (const event of events) {
        const waitMs = pacer?.waitMs(event.timeMs) ?? 0;
        if (waitMs > 0 || batch.length >= batchEvents || chars + event.json.length > BATCH_CHARS_MAX) {
          await send(batch);
          batch = [];
          chars = 0;
        }
        if (waitMs > 0) {
          await inFlight;
          await delay(waitMs, o.signal);
        }
        batch.push(event);
        chars += event.json.length;
      }
      o.signal?.throwIfAborted();
    }
    await send(batch);
    await inFlight;
    report(true);
  } finally {
    sender.close();
  }
  const seconds = (performance.now() - startedMs) / 1_000;
  return {
    ...counts,
    ...totals,
    seconds,
    eventsPerSecond: seconds > 0 ? totals.accepted / seconds : 0,
    problems,
  };
}
