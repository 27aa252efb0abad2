/**
 * The loop around the engine: newest checkpoint → what is published → live. It reads EVENTS in order; as a standby it
 * steps only over what is answered in OUTCOMES and compares, as the leader it publishes what is missing there, each answer
 * once whatever crashes. Who leads is settled by a lease; that nobody else's answers are overwritten, by OUTCOMES itself.
 *
 *   loading ──▶ standby ──lease free, or its holder silent──▶ leading ──stop──▶ lease given back, final checkpoint
 *                  └──────────lost log──────────────┴──lease lost, another writer──▶ failed (`done` rejects)
 */
import { setImmediate as yieldToTimers } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { Clock } from '../core/clock.ts';
import type { Config } from '../core/config.ts';
import { WeirError } from '../core/errors.ts';
import { type CheckpointStore, openCheckpointStore } from '../stream/checkpoints/checkpoint-store.ts';
import type { StreamConnection } from '../stream/connection.ts';
import { startLease } from '../stream/lease.ts';
import { lastAnswered } from '../stream/log/find-answer.ts';
import { logState, readLog } from '../stream/log/log-reader.ts';
import { type Progress, publishProgress } from '../stream/progress.ts';
import { openCheckpointCopy } from './checkpoints/checkpoint-copy.ts';
import { createCopyMetrics } from './checkpoints/copy-metrics.ts';
import { loadEngine } from './checkpoints/load-engine.ts';
import { storeWithCopy } from './checkpoints/store-with-copy.ts';
import { createRecentDecisions } from './decisions/recent-decisions.ts';
import { createEndedProcesses } from './ended-processes.ts';
import type { Engine } from './engine/engine.ts';
import { followOutcomes } from './follow-outcomes.ts';
import { type Leading, takeLead } from './lead.ts';
import { createPreparation } from './prepare-rules.ts';
import { createProcessorMetrics } from './processor-metrics.ts';

const PROGRESS_INTERVAL_MS = 250;
/** Timers and requests get their turn at least this often, however much there is to replay. */
export const TURN_MS = 10;
/** A processor that still replays leaves a silent holder's lease to one that is ready, for this share of its length. */
const COLD_SHARE = 1 / 2;
const LEASE_KEY = 'lease.processor';

export interface ProcessorOptions {
  readonly connection: StreamConnection;
  readonly config: Pick<
    Config,
    | 'WEIR_CHECKPOINT_INTERVAL_MS'
    | 'WEIR_CHECKPOINT_EVENTS_MAX'
    | 'WEIR_CHECKPOINTS_KEPT'
    | 'WEIR_CHECKPOINT_COPY_BYTES_MAX'
    | 'WEIR_OUTCOMES_IN_FLIGHT_MAX'
    | 'WEIR_LEASE_MS'
  >;
  /** Names this process to people who read the lease, */
  readonly name: string;
  /** and to those who learn of its end (`markEnded`): never used again, and without a slash. */
  readonly id: string;
  /** Its own, for a copy of its newest checkpoint; absent where it keeps none. */
  readonly copyDirectory?: string | undefined;
  readonly log: Logger;
  readonly metrics: Registry;
  readonly clock: Clock;
}

export interface RunningProcessor {
  /**
   * Resolves after `stop`; rejects with `lease.lost` or `log.fenced` when another processor took over, `log.truncated`
   * when a log lost data.
   */
  readonly done: Promise<void>;
  /** Newest position whose answers are acknowledged. */
  readonly position: number;
  readonly isLeading: boolean;
  /** Resolves when it leads; never where it does not come to that. */
  readonly whenLeading: Promise<void>;
  /** These processes are known to have ended: a lease that one of them holds is taken without waiting for its end. */
  markEnded(ids: readonly string[]): void;
  /** Digest over every outcome so far, for comparing runs. */
  digest(): string;
  /** Finishes the frame at hand; a leader hands over and saves a final checkpoint. */
  stop(): Promise<void>;
  /** Drops everything at once, as a crash would: no final checkpoint, the lease left to end, nothing waited for. */
  abort(): Promise<void>;
}

/** Resolves when the engine is loaded and follows. Throws `log.unavailable`. */
export async function runProcessor(o: ProcessorOptions): Promise<RunningProcessor> {
  const { connection, config, log } = o;
  const startedMs = o.clock.nowMs();
  const store = await openCheckpoints(o);
  const { engine, saved, passedOver } = await loadEngine(store, () => lastAnswered(connection), log);
  const metrics = createProcessorMetrics(o.metrics, () => engine.stats());
  metrics.checkpointsPassedOver.inc(passedOver);
  await warnOfLostHistory(connection, engine, log);

  const reading = new AbortController();
  let failure: unknown;
  let leading: Leading | undefined;
  const fail = (error: unknown): void => {
    failure ??= error;
    reading.abort();
    follower.wake();
    // What waits for an acknowledgement would wait for as long as the log is away.
    void leading?.close();
  };
  const follower = await followOutcomes(connection, engine.position, { log, metrics, onFailure: (e) => fail(e) });
  const recent = createRecentDecisions();
  const progressNow = (): Progress =>
    leading?.progress ?? { inputSeq: engine.position, outcomeSeq: follower.outcomeSeq };
  let tellLeading: () => void = () => undefined;
  const whenLeading = new Promise<void>((resolve) => {
    tellLeading = resolve;
  });

  const lead = async (epoch: number): Promise<void> => {
    const sinceMs = performance.now();
    await follower.stop();
    if (reading.signal.aborted) return;
    leading = await takeLead({
      connection,
      engine,
      recent,
      store,
      saved,
      lease,
      config,
      log,
      registry: o.metrics,
      metrics,
      onFailure: fail,
    });
    if (reading.signal.aborted) return leading.close();
    metrics.leading.set(1);
    const { answeredSeq } = leading;
    const tookMs = Math.round(performance.now() - sinceMs);
    log.info({ epoch, position: engine.position, answeredSeq, tookMs }, 'this processor leads');
    follower.wake();
    tellLeading();
  };
  const ended = createEndedProcesses();
  const lease = startLease(connection, {
    key: LEASE_KEY,
    holder: `${o.name}/${o.id}`,
    lengthMs: config.WEIR_LEASE_MS,
    progress: progressNow,
    hasEnded: (holder) => ended.has(holder.slice(holder.lastIndexOf('/') + 1)),
    wants: (overdueMs) => follower.isHot() || overdueMs >= config.WEIR_LEASE_MS * COLD_SHARE,
    onSeen: (record) => {
      metrics.leaseEpoch.set(record.epoch);
      metrics.standbyLag.set(Math.max(0, record.inputSeq - engine.position));
      follower.hear(record);
    },
    onHeld: (epoch) => {
      metrics.leaseEpoch.set(epoch);
      metrics.standbyLag.set(0);
      lead(epoch).catch(fail);
    },
    onLost: fail,
  });
  void follower.whenHot.then(() => lease.hurry());
  const progress = setInterval(() => {
    if (leading === undefined) publishProgress(connection, 'standby', progressNow());
  }, PROGRESS_INTERVAL_MS);

  const preparation = createPreparation(engine, () => leading?.tellProgress());
  const work = async (): Promise<void> => {
    let turnMs = performance.now();
    for await (const message of readLog(connection, 'EVENTS', {
      fromSeq: engine.position + 1,
      signal: reading.signal,
    })) {
      while (leading === undefined && !reading.signal.aborted && !follower.isAnswered(message.seq))
        await follower.news();
      if (reading.signal.aborted) break;
      const poisonedBefore = engine.poisoned;
      const stepMs = performance.now();
      const parts = engine.step(message.seq, message.bytes);
      metrics.stepSeconds.observe((performance.now() - stepMs) / 1_000);
      metrics.lagFrames.set(message.pending);
      recent.add(message.seq, parts);
      // Without an await between a step and this, `lead` finds the engine behind a frame that is wholly dealt with.
      if (leading === undefined) follower.compare(message.seq, parts);
      else await leading.pass(message, parts, engine.poisoned > poisonedBefore);
      preparation.wake();
      if (performance.now() - turnMs > TURN_MS) {
        await yieldToTimers();
        turnMs = performance.now();
      }
      if (reading.signal.aborted) break;
    }
    if (failure !== undefined) throw failure;
  };

  let aborted = false;
  const end = async (failed: boolean): Promise<void> => {
    clearInterval(progress);
    preparation.stop();
    await follower.stop();
    if (aborted) lease.stop();
    else if (failed || leading === undefined) await lease.release();
    else await leading.handOver();
    await leading?.close();
    if (!failed || aborted) return;
    log.fatal({ err: failure, position: engine.position }, failureMessage(failure));
    throw failure;
  };
  const done = work().then(
    () => end(false),
    (error: unknown) => {
      failure ??= error;
      return end(true);
    },
  );
  // Whoever awaits `done` gets the failure; until then it must not bring the process down.
  done.catch(() => undefined);
  log.info({ position: engine.position, loadMs: o.clock.nowMs() - startedMs }, 'the processor follows the log');

  return {
    done,
    get position() {
      return leading?.gate.acknowledged ?? engine.position;
    },
    get isLeading() {
      return leading !== undefined && lease.isHeld();
    },
    whenLeading,
    markEnded(ids) {
      ended.add(ids);
      lease.hurry();
    },
    digest: () => engine.stats().digest,
    async stop() {
      reading.abort();
      follower.wake();
      await done;
    },
    async abort() {
      aborted = true;
      reading.abort();
      // What waits to be held again must not keep this from ending.
      lease.stop();
      follower.wake();
      await leading?.close();
      await done.catch(() => undefined);
    },
  };
}

async function openCheckpoints(o: ProcessorOptions): Promise<CheckpointStore> {
  const store = openCheckpointStore(o.connection, { kept: o.config.WEIR_CHECKPOINTS_KEPT });
  const bytesMax = o.config.WEIR_CHECKPOINT_COPY_BYTES_MAX;
  if (o.copyDirectory === undefined || bytesMax === 0) return store;
  const metrics = createCopyMetrics(o.metrics);
  return storeWithCopy(
    store,
    await openCheckpointCopy({ directory: o.copyDirectory, bytesMax, log: o.log, metrics }),
    metrics,
  );
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
  if (failure instanceof WeirError && (failure.code === 'log.fenced' || failure.code === 'lease.lost'))
    return 'another processor has taken over: this one stops, so that nothing is answered twice, and may start again as a standby';
  return 'the processor stops: it cannot go on';
}
