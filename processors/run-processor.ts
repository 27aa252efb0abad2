/**
 * The loop around the engine: newest checkpoint → replay → live. It reads EVENTS in order, publishes what the engine answers
 * to OUTCOMES, each answer once whatever crashes, and saves checkpoints behind what is acknowledged. It decides nothing.
 *
 *   starting ──▶ replaying (answers up to the last published one are suppressed) ──▶ live ──stop──▶ final checkpoint
 *                     └───────────────────── another writer, lost log ───────────────┴──▶ failed (`done` rejects)
 */
import { setImmediate as yieldToTimers } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { Clock } from '../core/clock.ts';
import type { Config } from '../core/config.ts';
import { WeirError } from '../core/errors.ts';
import { decodeOutcomeHead } from '../core/outcomes/outcome-codec.ts';
import { openCheckpointStore } from '../stream/checkpoint-store.ts';
import type { StreamConnection } from '../stream/connection.ts';
import { serveDecisions } from '../stream/decision-exchange.ts';
import { logState, readLog } from '../stream/log/log-reader.ts';
import { createOutcomePublisher } from '../stream/log/outcome-publisher.ts';
import { createQuarantinePublisher } from '../stream/log/quarantine.ts';
import { publishProgress } from '../stream/progress.ts';
import { startCheckpointer } from './checkpointer.ts';
import { createRecentDecisions } from './decisions/recent-decisions.ts';
import type { Engine } from './engine/engine.ts';
import { loadEngine } from './load-engine.ts';
import { createOutcomeGate } from './outcome-gate.ts';
import { createPreparation } from './prepare-rules.ts';
import { createProcessorMetrics } from './processor-metrics.ts';
import { quarantinePoison } from './quarantine-poison.ts';
import { serveCustomerQuery } from './serve-customer-query.ts';

const PROGRESS_INTERVAL_MS = 250;
/** Timers and requests get their turn at least this often, however much there is to replay. */
const TURN_MS = 10;
/** How long a clean stop waits for the last acknowledgements before it leaves the rest to replay. */
const STOP_TIMEOUT_MS = 15_000;

export interface ProcessorOptions {
  readonly connection: StreamConnection;
  readonly config: Pick<
    Config,
    'WEIR_CHECKPOINT_INTERVAL_MS' | 'WEIR_CHECKPOINTS_KEPT' | 'WEIR_OUTCOMES_IN_FLIGHT_MAX'
  >;
  readonly log: Logger;
  readonly metrics: Registry;
  readonly clock: Clock;
}

export interface RunningProcessor {
  /** Resolves after `stop`; rejects with `log.fenced` when another processor took over, `log.truncated` when a log lost data. */
  readonly done: Promise<void>;
  /** Newest position whose answers are acknowledged. */
  readonly position: number;
  /** Digest over every outcome so far, for comparing runs. */
  digest(): string;
  /** Finishes the frame at hand and saves a final checkpoint. */
  stop(): Promise<void>;
  /** Drops everything at once, as a crash would: no final checkpoint, nothing waited for. */
  abort(): Promise<void>;
}

/** Resolves when the engine is loaded and reads. Throws `log.unavailable`. */
export async function runProcessor(o: ProcessorOptions): Promise<RunningProcessor> {
  const { connection, config, log } = o;
  const publisher = createOutcomePublisher(connection, {
    inFlightMax: config.WEIR_OUTCOMES_IN_FLIGHT_MAX,
    log,
    metrics: o.metrics,
  });
  const last = await publisher.open();
  const answeredSeq = last === undefined ? 0 : decodeOutcomeHead(last.bytes).inputSeq;
  const store = openCheckpointStore(connection, { kept: config.WEIR_CHECKPOINTS_KEPT });
  const startedMs = o.clock.nowMs();
  const { engine, checkpointPosition, passedOver } = await loadEngine(store, answeredSeq, log);
  const metrics = createProcessorMetrics(o.metrics, () => engine.stats());
  metrics.checkpointsPassedOver.inc(passedOver);
  const reading = new AbortController();
  const onFailure = (): void => reading.abort();
  const gate = createOutcomeGate(publisher, last, engine.position, { log, metrics, onFailure });
  const quarantine = createQuarantinePublisher(connection);
  await warnOfLostHistory(connection, engine, log);

  const checkpointer = startCheckpointer({
    engine,
    gate,
    store,
    intervalMs: config.WEIR_CHECKPOINT_INTERVAL_MS,
    savedPosition: checkpointPosition,
    log,
    metrics,
  });
  const query = serveCustomerQuery(connection, engine);
  const recent = createRecentDecisions(gate);
  const questions = serveDecisions(connection, recent.answer);
  const tellProgress = (): void =>
    publishProgress(connection, 'processor', {
      inputSeq: gate.acknowledged,
      outcomeSeq: publisher.lastSeq,
      staged: engine.staged,
    });
  const progress = setInterval(tellProgress, PROGRESS_INTERVAL_MS);

  const preparation = createPreparation(engine, tellProgress);
  const work = async (): Promise<void> => {
    let turnMs = performance.now();
    for await (const message of readLog(connection, 'EVENTS', {
      fromSeq: engine.position + 1,
      signal: reading.signal,
    })) {
      const poisonedBefore = engine.poisoned;
      const stepMs = performance.now();
      const parts = engine.step(message.seq, message.bytes);
      metrics.stepSeconds.observe((performance.now() - stepMs) / 1_000);
      metrics.lagFrames.set(message.pending);
      if (engine.poisoned > poisonedBefore && !gate.isAnswered(message.seq))
        await quarantinePoison(message, parts, { quarantine, log, metrics });
      recent.add(message.seq, parts);
      await gate.pass(message.seq, parts);
      preparation.wake();
      if (performance.now() - turnMs > TURN_MS) {
        await yieldToTimers();
        turnMs = performance.now();
      }
      if (reading.signal.aborted) break;
    }
    gate.assertOpen();
  };

  let aborted = false;
  const end = async (failure: unknown): Promise<void> => {
    clearInterval(progress);
    preparation.stop();
    query.stop();
    questions.stop();
    if (failure === undefined && !aborted) await withDeadline(checkpointer.save(), STOP_TIMEOUT_MS);
    if (failure === undefined && !aborted) tellProgress();
    await publisher.close();
    quarantine.close();
    await checkpointer.stop();
    if (failure === undefined || aborted) return;
    log.fatal({ err: failure, position: engine.position }, failureMessage(failure));
    throw failure;
  };
  const done = work().then(
    () => end(undefined),
    (failure: unknown) => end(failure),
  );
  // Whoever awaits `done` gets the failure; until then it must not bring the process down.
  done.catch(() => undefined);
  log.info(
    { position: engine.position, answeredSeq, loadMs: o.clock.nowMs() - startedMs },
    'the processor reads the log',
  );

  return {
    done,
    get position() {
      return gate.acknowledged;
    },
    digest: () => engine.stats().digest,
    async stop() {
      reading.abort();
      await done;
    },
    async abort() {
      aborted = true;
      reading.abort();
      await publisher.close();
      await done.catch(() => undefined);
    },
  };
}

/** Without the log's beginning, and without a checkpoint behind its first position, windows begin with a gap. */
async function warnOfLostHistory(connection: StreamConnection, engine: Engine, log: Logger): Promise<void> {
  const { firstSeq, lastSeq } = await logState(connection, 'EVENTS');
  if (lastSeq > 0 && firstSeq > engine.position + 1)
    log.error(
      { position: engine.position, firstSeq },
      'the log begins after the checkpoint: what lies between is missing in state',
    );
}

function failureMessage(failure: unknown): string {
  if (failure instanceof WeirError && failure.code === 'log.fenced')
    return 'another processor writes to OUTCOMES: this one stops, so that nothing is answered twice';
  return 'the processor stops: it cannot go on';
}

async function withDeadline(work: Promise<void>, timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeoutMs);
  });
  await Promise.race([work, deadline]);
  clearTimeout(timer);
}
