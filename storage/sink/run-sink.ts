/**
 * Carries OUTCOMES into ClickHouse, exactly once (`write-batch.ts`). A new sink repeats the last intent that has no completion,
 * with the same range and tokens: what was in is recognised, what was not comes in. One loop reads and builds the next batch
 * while the other writes; at `rowsMax` reading stops, so that memory stays bounded however long the store is away. Of several
 * sinks one writes; whoever finds itself overtaken stands by until nobody goes on any more.
 */
import { setMaxListeners } from 'node:events';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { Clock } from '../../core/clock.ts';
import { type SinkPosition, sinkPosition } from '../queries/sink-position.ts';
import { type Batch, BatchBuilder, type OutcomeMessage } from './batch-builder.ts';
import { createLinger } from './linger.ts';
import { nextOrStopped } from './next-message.ts';
import { OvertakenError, retryForever, StoppedError } from './retry.ts';
import { createSinkMetrics, type SinkMetrics } from './sink-metrics.ts';
import { standBy } from './stand-by.ts';
import { createWake } from './wake.ts';
import { type BatchContext, SINK, type SinkStore, writeBatch } from './write-batch.ts';

export interface SinkProgress {
  /** Sequence in EVENTS up to which every row is in the store. */
  readonly inputSeq: number;
  /** The same in OUTCOMES. */
  readonly outcomeSeq: number;
}

export interface SinkOptions {
  readonly store: SinkStore;
  /** OUTCOMES from a sequence on, in order and without end; `signal` says when nobody reads on. */
  readonly outcomes: (fromSeq: number, signal: AbortSignal) => AsyncIterable<OutcomeMessage>;
  readonly limits: {
    /** A batch is closed at the first answer that reaches this many rows. */
    readonly rowsMax: number;
    /** How long an unfull batch waits for more, at least; at most where the store is slow, the same when absent. */
    readonly lingerMs: number;
    readonly lingerMaxMs?: number;
    /** A batch is closed at the first answer that reaches this many bytes; 64 MiB when absent. */
    readonly bytesMax?: number;
    /** A sink that was overtaken begins again when no other has come further for this long; five seconds when absent. */
    readonly standbyMs?: number;
  };
  readonly clock: Clock;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
  readonly metrics: Registry;
  readonly onProgress?: (progress: SinkProgress) => void;
  /** Another sink writes now; its progress is the one that counts. */
  readonly onStandby?: () => void;
}

export interface RunningSink {
  /** Settles when the sink has ended: after `stop`, or when `outcomes` ends. Rejects where reading the log fails. */
  readonly done: Promise<void>;
  /** Ends without waiting for the batch under way; the next sink finishes it. */
  stop(): Promise<void>;
}

const BYTES_MAX = 64 * 1_048_576;
/** A block must stay one block on the server, or its token would stand for several. */
const ROWS_MAX = 500_000;
const STANDBY_MS = 5_000;
/** Each table's block waits by itself while the store does not answer. Node.js warns of a leak beyond ten. */
const WAITING_MAX = 64;

export function runSink(o: SinkOptions): RunningSink {
  const stopping = new AbortController();
  const done = runLives(o, stopping.signal).catch((error: unknown) => {
    if (!(error instanceof StoppedError)) throw error;
  });
  return {
    done,
    async stop() {
      stopping.abort();
      await done.catch(() => undefined);
    },
  };
}

async function runLives(o: SinkOptions, stopped: AbortSignal): Promise<void> {
  const metrics = createSinkMetrics(o.metrics);
  while (!stopped.aborted) {
    const life = new AbortController();
    const signal = AbortSignal.any([stopped, life.signal]);
    setMaxListeners(WAITING_MAX, signal);
    const retry = <T>(step: string, call: () => Promise<T>): Promise<T> =>
      retryForever(call, signal, (error, pauseMs) => {
        metrics.retries.inc({ step });
        o.log.warn({ part: 'sink', step, pauseMs, error: messageOf(error) }, 'retry');
      });
    try {
      await runLoops(o, { store: o.store, clock: o.clock, metrics, retry }, signal, () => life.abort());
      return;
    } catch (error) {
      if (!(error instanceof OvertakenError)) throw error;
      metrics.overtaken.inc();
      o.onStandby?.();
      o.log.info({ part: 'sink', why: error.message }, 'standing by');
    }
    const readPosition = () =>
      retryForever(
        () => sinkPosition(o.store, SINK),
        stopped,
        () => undefined,
      );
    await standBy(readPosition, o.limits.standbyMs ?? STANDBY_MS, stopped);
  }
}

/** From the store's position until the log ends, the sink is stopped, or another overtakes it. */
async function runLoops(o: SinkOptions, c: BatchContext, signal: AbortSignal, abort: () => void): Promise<void> {
  const { metrics, retry } = c;
  const start = await retry('position', () => sinkPosition(o.store, SINK));
  const builder = new BatchBuilder((what, seq, error) => {
    metrics.unreadable.inc({ what });
    o.log.error({ part: 'sink', what, seq, error: messageOf(error) }, 'unreadable');
  });
  builder.inputSeq = start.inputSeq;
  report(o, metrics, { inputSeq: start.inputSeq, outcomeSeq: start.outcomeSeq });

  let completeSeq = start.outcomeSeq;
  const loops = createLoops(o, builder, metrics, start, signal);
  const end = () => loops.wakeAll();
  signal.addEventListener('abort', end, { once: true });
  const fail = (error: unknown) => {
    abort();
    throw error;
  };
  const writing = loops.write(async (batch, isRedone) => {
    // The tokens of a repeated batch are those of its intent.
    const fromSeq = isRedone ? (start.pending?.fromSeq ?? completeSeq + 1) : completeSeq + 1;
    await writeBatch(c, { ...batch, completeSeq, fromSeq });
    completeSeq = batch.toSeq;
    report(o, metrics, { inputSeq: batch.inputSeq, outcomeSeq: batch.toSeq });
  });
  try {
    await Promise.all([loops.read().catch(fail), writing.catch(fail)]);
  } finally {
    signal.removeEventListener('abort', end);
  }
}

interface Loops {
  read(): Promise<void>;
  write(writeOne: (batch: Batch, isRedone: boolean) => Promise<void>): Promise<void>;
  wakeAll(): void;
}

function createLoops(
  o: SinkOptions,
  builder: BatchBuilder,
  metrics: SinkMetrics,
  start: SinkPosition,
  signal: AbortSignal,
): Loops {
  const readable = createWake();
  const room = createWake();
  const rowsMax = Math.min(o.limits.rowsMax, ROWS_MAX);
  const bytesMax = o.limits.bytesMax ?? BYTES_MAX;
  const { lingerMs, lingerMaxMs = lingerMs } = o.limits;
  const linger = createLinger(lingerMs, lingerMaxMs);
  let redo = start.pending;
  let exhausted = false;
  let openedMs = 0;

  const isFull = () =>
    builder.atAnswerEnd &&
    (redo !== undefined ? builder.toSeq >= redo.toSeq : builder.rows >= rowsMax || builder.byteLength >= bytesMax);

  return {
    wakeAll() {
      readable.notify();
      room.notify();
    },

    async read() {
      let expected = start.outcomeSeq + 1;
      const messages = o.outcomes(expected, signal)[Symbol.asyncIterator]();
      try {
        while (!signal.aborted) {
          while (!builder.isEmpty && isFull() && !signal.aborted) await room.wait();
          const next = await nextOrStopped(messages, signal);
          if (next === undefined) break;
          if (next.seq !== expected) reportGap(o, metrics, expected, next.seq);
          expected = next.seq + 1;
          if (redo !== undefined && next.seq > redo.toSeq) {
            builder.passTo(redo.toSeq, redo.inputSeq);
            readable.notify();
            while (redo !== undefined && !signal.aborted) await room.wait();
          }
          if (builder.isEmpty) openedMs = performance.now();
          builder.add(next);
          if (builder.atAnswerEnd) readable.notify();
        }
      } finally {
        exhausted = true;
        readable.notify();
        // A generator that waits for its next message cannot be asked to return before it comes.
        void Promise.resolve(messages.return?.()).catch(() => undefined);
      }
    },

    async write(writeOne) {
      while (!signal.aborted) {
        if (builder.isEmpty || !builder.atAnswerEnd) {
          if (exhausted) return;
          await readable.wait();
          continue;
        }
        const leftMs = openedMs + linger.ms - performance.now();
        const mustFill = redo !== undefined;
        if (!isFull() && !exhausted && (mustFill || leftMs > 0)) {
          await readable.wait(mustFill ? undefined : leftMs);
          continue;
        }
        const batch = builder.take();
        const isRedone = redo !== undefined;
        if (isRedone) metrics.redone.inc();
        redo = undefined;
        room.notify();
        const startedMs = performance.now();
        await writeOne(batch, isRedone);
        linger.written(performance.now() - startedMs);
      }
      throw new StoppedError();
    },
  };
}

function report(o: SinkOptions, metrics: SinkMetrics, progress: SinkProgress): void {
  metrics.inputSeq.set(progress.inputSeq);
  metrics.outcomeSeq.set(progress.outcomeSeq);
  o.onProgress?.(progress);
}

function reportGap(o: SinkOptions, metrics: SinkMetrics, expected: number, found: number): void {
  if (found < expected) throw new RangeError(`the log gave sequence ${found} after ${expected - 1}`);
  metrics.missingFrames.inc(found - expected);
  o.log.error({ part: 'sink', expected, found }, 'the log no longer has these outcome frames');
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
