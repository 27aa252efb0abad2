/**
 * Saves the engine's state on a timer, never a position whose answers are not acknowledged: whoever restores it has nothing to
 * publish again. One checkpoint at a time; a failed one is counted and the next one tries again.
 */
import type { Logger } from 'pino';
import type { CheckpointStore } from '../../stream/checkpoints/checkpoint-store.ts';
import type { Engine } from '../engine/engine.ts';
import type { OutcomeGate } from '../outcome-gate.ts';
import type { ProcessorMetrics } from '../processor-metrics.ts';
import { saveCheckpoint } from './save-checkpoint.ts';

/** A large state takes long to save: three quarters of the time belong to events alone, whatever the interval. */
const RESTS_PER_SAVE = 3;

export interface Checkpointer {
  /** Saves the present state unless it is saved already; resolves when done, also when it failed. */
  save(): Promise<void>;
  /** Stops the timer and waits for a checkpoint under way. */
  stop(): Promise<void>;
}

export function startCheckpointer(o: {
  readonly engine: Pick<Engine, 'position' | 'beginSnapshot'>;
  readonly gate: Pick<OutcomeGate, 'whenAcknowledged'>;
  readonly store: Pick<CheckpointStore, 'begin'>;
  readonly intervalMs: number;
  readonly savedPosition: number;
  readonly log: Logger;
  readonly metrics: ProcessorMetrics;
}): Checkpointer {
  const { engine, gate, store, log, metrics } = o;
  let savedPosition = o.savedPosition;
  let underWay: Promise<void> | undefined;
  let restUntilMs = 0;

  const saveNow = async (): Promise<void> => {
    if (engine.position <= savedPosition) return;
    const startedMs = performance.now();
    try {
      const saved = await saveCheckpoint(engine, store, (position) => gate.whenAcknowledged(position));
      savedPosition = saved.position;
      metrics.checkpoints.inc({ result: 'saved' });
      metrics.checkpointBytes.set(saved.bytes);
      metrics.checkpointShards.inc({ result: 'written' }, saved.written);
      metrics.checkpointShards.inc({ result: 'kept' }, saved.kept);
      metrics.undoBytes.set(saved.undoBytes);
      metrics.snapshotSeconds.observe(saved.longestSliceMs / 1_000);
      metrics.checkpointSeconds.observe((performance.now() - startedMs) / 1_000);
      log.debug({ ...saved }, 'checkpoint saved');
    } catch (error) {
      // The undo log was full; everything else is the store's.
      metrics.checkpoints.inc({ result: error instanceof RangeError ? 'overrun' : 'failed' });
      log.warn({ position: engine.position, err: error }, 'a checkpoint could not be saved');
    }
    const nowMs = performance.now();
    restUntilMs = nowMs + (nowMs - startedMs) * RESTS_PER_SAVE;
  };
  const save = async (): Promise<void> => {
    if (underWay !== undefined) await underWay;
    underWay = saveNow();
    await underWay;
    underWay = undefined;
  };
  const timer = setInterval(() => {
    if (underWay === undefined && performance.now() >= restUntilMs) void save();
  }, o.intervalMs);

  return {
    save,
    async stop() {
      clearInterval(timer);
      await underWay;
    },
  };
}
