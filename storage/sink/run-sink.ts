/**
 * Carries OUTCOMES into ClickHouse, exactly once. Per batch: an intent with its range, each table's block under the token
 * `<table>:<from>-<to>`, a completion. A new sink repeats the last intent that has no completion, with the same range and
 * tokens: what was in is recognised, what was not comes in. One loop reads and builds the next batch while the other
 * writes; at `rowsMax` reading stops, so that memory stays bounded however long the store is away.
 */
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { Clock } from '../../core/clock.ts';
import { WeirError } from '../../core/errors.ts';
import type { Store } from '../open-store.ts';
import { type SinkPosition, sinkPosition } from '../queries/sink-position.ts';
import { type Batch, BatchBuilder, type OutcomeMessage } from './batch-builder.ts';
import { createLinger } from './linger.ts';
import { nextOrStopped } from './next-message.ts';
import { retryForever, StoppedError } from './retry.ts';
import { createSinkMetrics, type SinkMetrics } from './sink-metrics.ts';
import { createWake } from './wake.ts';

export interface SinkProgress {
  /** Sequence in EVENTS up to which every row is in the store. */
  readonly inputSeq: number;
  /** The same in OUTCOMES. */
  readonly outcomeSeq: number;
}

export interface SinkOptions {
  readonly store: Pick<Store, 'query' | 'execute' | 'insertBlock'>;
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
  };
  readonly clock: Clock;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
  readonly metrics: Registry;
  readonly onProgress?: (progress: SinkProgress) => void;
}

export interface RunningSink {
  /** Settles when the sink has ended: after `stop`, or when `outcomes` ends. Rejects where reading the log fails. */
  readonly done: Promise<void>;
  /** Ends without waiting for the batch under way; the next sink finishes it. */
  stop(): Promise<void>;
}

const SINK = 'outcomes';
const BYTES_MAX = 64 * 1_048_576;
/** A block must stay one block on the server, or its token would stand for several. */
const ROWS_MAX = 500_000;

export function runSink(o: SinkOptions): RunningSink {
  const stopping = new AbortController();
  const done = runLoops(o, stopping).catch((error: unknown) => {
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

async function runLoops(o: SinkOptions, stopping: AbortController): Promise<void> {
  const { signal } = stopping;
  const metrics = createSinkMetrics(o.metrics);
  const retry = <T>(step: string, call: () => Promise<T>): Promise<T> =>
    retryForever(call, signal, (error, pauseMs) => {
      metrics.retries.inc({ step });
      o.log.warn(
        { part: 'sink', step, pauseMs, error: error instanceof Error ? error.message : String(error) },
        'retry',
      );
    });
  const start = await retry('position', () => sinkPosition(o.store, SINK));
  const builder = new BatchBuilder((what, seq, error) => {
    metrics.unreadable.inc({ what });
    o.log.error(
      { part: 'sink', what, seq, error: error instanceof Error ? error.message : String(error) },
      'unreadable',
    );
  });
  builder.inputSeq = start.inputSeq;
  report(o, metrics, { inputSeq: start.inputSeq, outcomeSeq: start.outcomeSeq });

  let completeSeq = start.outcomeSeq;
  const loops = createLoops(o, builder, metrics, start, signal);
  const end = () => loops.wakeAll();
  signal.addEventListener('abort', end, { once: true });
  try {
    const fail = (error: unknown) => {
      stopping.abort();
      throw error;
    };
    const writing = loops.write(async (batch) => {
      await writeBatch(o, metrics, retry, batch, completeSeq);
      completeSeq = batch.toSeq;
    });
    await Promise.all([loops.read().catch(fail), writing.catch(fail)]);
  } finally {
    signal.removeEventListener('abort', end);
  }
}

interface Loops {
  read(): Promise<void>;
  write(writeOne: (batch: Batch) => Promise<void>): Promise<void>;
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
  let redoTo = start.pending?.toSeq;
  let exhausted = false;
  let openedMs = 0;

  const isFull = () =>
    builder.atAnswerEnd &&
    (redoTo !== undefined ? builder.toSeq >= redoTo : builder.rows >= rowsMax || builder.byteLength >= bytesMax);

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
        const mustFill = redoTo !== undefined;
        if (!isFull() && !exhausted && (mustFill || leftMs > 0)) {
          await readable.wait(mustFill ? undefined : leftMs);
          continue;
        }
        const taken = builder.take();
        const batch = redoTo === undefined ? taken : asBegun(taken, start, metrics);
        redoTo = undefined;
        room.notify();
        const startedMs = performance.now();
        await writeOne(batch);
        linger.written(performance.now() - startedMs);
      }
      throw new StoppedError();
    },
  };
}

/** The tokens of a repeated batch are those of its intent, even where the log has since dropped its first frames. */
function asBegun(batch: Batch, start: SinkPosition, metrics: SinkMetrics): Batch {
  metrics.redone.inc();
  return { ...batch, fromSeq: start.pending?.fromSeq ?? batch.fromSeq };
}

async function writeBatch(
  o: SinkOptions,
  metrics: SinkMetrics,
  retry: <T>(step: string, call: () => Promise<T>) => Promise<T>,
  batch: Batch,
  completeSeq: number,
): Promise<void> {
  const startedMs = performance.now();
  // Twice: the mark of another sink would be overwritten by ours, and ours by another's that comes after.
  checkBefore(await retry('fence', () => sinkPosition(o.store, SINK)), batch, completeSeq);
  await retry('intent', () => recordBatch(o, batch, 'intent'));
  checkAlone(await retry('fence', () => sinkPosition(o.store, SINK)), batch, completeSeq);
  await Promise.all(
    batch.blocks.map(async (block) => {
      const token = `${block.table}:${batch.fromSeq}-${batch.toSeq}`;
      await retry(block.table, () => o.store.insertBlock(block.table, block.bytes, token));
      metrics.rows.inc({ table: block.table }, block.rows);
    }),
  );
  await retry('complete', () => recordBatch(o, batch, 'complete'));
  metrics.batches.inc();
  metrics.batchSeconds.observe((performance.now() - startedMs) / 1_000);
  report(o, metrics, { inputSeq: batch.inputSeq, outcomeSeq: batch.toSeq });
}

/**
 * A sink that was believed dead may wake up. Its ranges would not be ours and its tokens would not meet ours, so whoever
 * finds the other's mark stops before writing rows.
 */
function checkBefore(found: SinkPosition, batch: Batch, completeSeq: number): void {
  const isOurs = found.pending === undefined || found.pending.toSeq === batch.toSeq;
  if (found.outcomeSeq === completeSeq && isOurs) return;
  throw fenced(found, completeSeq);
}

function checkAlone(found: SinkPosition, batch: Batch, completeSeq: number): void {
  if (found.outcomeSeq === completeSeq && found.pending?.toSeq === batch.toSeq) return;
  throw fenced(found, completeSeq);
}

function fenced(found: SinkPosition, completeSeq: number): WeirError {
  const upTo = found.pending?.toSeq ?? found.outcomeSeq;
  return new WeirError('store.fenced', `another sink has written up to ${upTo}, this one was at ${completeSeq}`);
}

async function recordBatch(o: SinkOptions, batch: Batch, state: 'intent' | 'complete'): Promise<void> {
  await o.store.execute(
    `INSERT INTO sink_batches (sink, state, from_seq, to_seq, input_seq, row_count, at)
SELECT {sink:String}, {state:String}, {from:UInt64}, {to:UInt64}, {input:UInt64}, {rows:UInt64}, fromUnixTimestamp64Milli({at:Int64}, 'UTC')`,
    {
      sink: SINK,
      state,
      from: batch.fromSeq,
      to: batch.toSeq,
      input: batch.inputSeq,
      rows: batch.rows,
      at: o.clock.nowMs(),
    },
  );
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
