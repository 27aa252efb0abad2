/**
 * What a processor does only while it leads: it publishes what OUTCOMES lacks, saves checkpoints, answers questions and
 * tells its progress. Two that both believe to lead do no harm: OUTCOMES takes what one of them publishes, and whoever is
 * late finds itself fenced.
 */
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { Config } from '../core/config.ts';
import { WeirError } from '../core/errors.ts';
import { decodeOutcomeHead } from '../core/outcomes/outcome-codec.ts';
import type { CheckpointStore } from '../stream/checkpoints/checkpoint-store.ts';
import type { StreamConnection } from '../stream/connection.ts';
import { serveDecisions } from '../stream/decision-exchange.ts';
import type { Lease } from '../stream/lease.ts';
import type { LogMessage } from '../stream/log/log-reader.ts';
import { createOutcomePublisher, type OutcomePublisher } from '../stream/log/outcome-publisher.ts';
import { createQuarantinePublisher } from '../stream/log/quarantine.ts';
import { backOffMs, pause } from '../stream/pause.ts';
import { type Progress, publishProgress } from '../stream/progress.ts';
import { withTimeout } from '../stream/with-timeout.ts';
import { type Saved, startCheckpointer } from './checkpoints/checkpointer.ts';
import type { RecentDecisions } from './decisions/recent-decisions.ts';
import type { Engine } from './engine/engine.ts';
import { createOutcomeGate, type OutcomeGate } from './outcome-gate.ts';
import type { ProcessorMetrics } from './processor-metrics.ts';
import { quarantinePoison } from './quarantine-poison.ts';
import { serveCustomerQuery } from './serve-customer-query.ts';

const PROGRESS_INTERVAL_MS = 250;
/** How often the end of OUTCOMES is looked for while a predecessor's last frames still arrive. */
const OPEN_ATTEMPTS_MAX = 20;
/** How long a clean stop waits for the last acknowledgements before it leaves the rest to the next leader, */
const LAST_ACKS_TIMEOUT_MS = 3_000;
/** and then for its checkpoint. */
const LAST_CHECKPOINT_TIMEOUT_MS = 11_000;

export interface LeadOptions {
  readonly connection: StreamConnection;
  readonly engine: Engine;
  readonly recent: RecentDecisions;
  readonly store: CheckpointStore;
  /** What the checkpoint reflects that the engine came from. */
  readonly saved: Saved;
  readonly lease: Lease;
  readonly config: Pick<
    Config,
    'WEIR_CHECKPOINT_INTERVAL_MS' | 'WEIR_CHECKPOINT_EVENTS_MAX' | 'WEIR_OUTCOMES_IN_FLIGHT_MAX'
  >;
  readonly log: Logger;
  readonly registry: Registry;
  readonly metrics: ProcessorMetrics;
  readonly onFailure: (error: unknown) => void;
}

export interface Leading {
  readonly gate: OutcomeGate;
  /** Newest position of EVENTS that OUTCOMES answered when the lead was taken. */
  readonly answeredSeq: number;
  readonly progress: Progress;
  /** Also told by itself, a few times a second. */
  tellProgress(): void;
  /** The engine's answers to a frame. Rejects with `log.fenced`, `lease.lost` and the like. */
  pass(message: LogMessage, parts: readonly Uint8Array[], hasPoison: boolean): Promise<void>;
  /** Waits for the last acknowledgements, gives the lease back, and saves a final checkpoint. */
  handOver(): Promise<void>;
  /** Stops at once; what is not acknowledged is left to whoever leads next. */
  close(): Promise<void>;
}

/**
 * Takes up the end of OUTCOMES: the engine must have stepped over nothing that it does not answer, and must not step
 * meanwhile. Throws `log.truncated` where it has, and `log.unavailable`.
 */
export async function takeLead(o: LeadOptions): Promise<Leading> {
  const { connection, engine, lease, log, metrics } = o;
  const publisher = createOutcomePublisher(connection, {
    inFlightMax: o.config.WEIR_OUTCOMES_IN_FLIGHT_MAX,
    log,
    metrics: o.registry,
  });
  const last = await openAtEnd(publisher);
  const answeredSeq = last === undefined ? 0 : decodeOutcomeHead(last.bytes).inputSeq;
  const { answered } = engine.stats();
  if (answered > answeredSeq)
    throw new WeirError('log.truncated', `OUTCOMES answers up to ${answeredSeq}, the state knows of ${answered}`);

  const gate = createOutcomeGate(publisher, last, engine.position, { log, metrics, lease, onFailure: o.onFailure });
  const quarantine = createQuarantinePublisher(connection);
  const checkpointer = startCheckpointer({
    engine,
    gate,
    store: o.store,
    intervalMs: o.config.WEIR_CHECKPOINT_INTERVAL_MS,
    eventsMax: o.config.WEIR_CHECKPOINT_EVENTS_MAX,
    saved: o.saved,
    log,
    metrics,
  });
  const query = serveCustomerQuery(connection, engine, lease.isHeld);
  const questions = serveDecisions(connection, (asked) => o.recent.answer(asked, gate));
  const progressNow = (): Progress => ({ inputSeq: gate.acknowledged, outcomeSeq: publisher.lastSeq });
  const tellProgress = (): void => {
    if (lease.isHeld()) publishProgress(connection, 'processor', { ...progressNow(), staged: engine.staged });
  };
  const progress = setInterval(tellProgress, PROGRESS_INTERVAL_MS);
  let isServing = true;
  const stopServing = (): void => {
    if (!isServing) return;
    isServing = false;
    clearInterval(progress);
    query.stop();
    questions.stop();
  };

  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    stopServing();
    await publisher.close();
    gate.close();
    quarantine.close();
    await checkpointer.stop();
  };

  return {
    gate,
    answeredSeq,
    get progress() {
      return progressNow();
    },
    tellProgress,
    async pass(message, parts, hasPoison) {
      if (hasPoison && !gate.isAnswered(message.seq))
        await quarantinePoison(message, parts, { quarantine, log, metrics, digest: engine.stats().digest });
      await gate.pass(message.seq, parts);
    },
    async handOver() {
      await withTimeout(gate.whenAcknowledged(engine.position), LAST_ACKS_TIMEOUT_MS).catch(() => undefined);
      tellProgress();
      stopServing();
      // Whoever waits for the lease need not wait for the checkpoint: what it reflects is acknowledged, whoever leads.
      await lease.release();
      await withTimeout(checkpointer.save(), LAST_CHECKPOINT_TIMEOUT_MS).catch(() => undefined);
    },
    close() {
      closing ??= close();
      return closing;
    },
  };
}

/** What a predecessor had under way may still arrive between two looks at the end. */
async function openAtEnd(publisher: OutcomePublisher): Promise<LogMessage | undefined> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await publisher.open();
    } catch (error) {
      if (!(error instanceof WeirError && error.code === 'log.fenced') || attempt >= OPEN_ATTEMPTS_MAX) throw error;
    }
    await pause(backOffMs(attempt));
  }
}
