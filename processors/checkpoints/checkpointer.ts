/**
 * Saves the engine's state when a restart would have much to play again, or after a time; never a position whose answers are
 * not acknowledged: whoever restores it has nothing to publish again. One checkpoint at a time; a failed one is counted and
 * the next one tries again.
 */
import type { Logger } from 'pino';
import type { CheckpointStore } from '../../stream/checkpoints/checkpoint-store.ts';
import type { Engine } from '../engine/engine.ts';
import type { OutcomeGate } from '../outcome-gate.ts';
import type { ProcessorMetrics } from '../processor-metrics.ts';
import { saveCheckpoint } from './save-checkpoint.ts';

/** A large state takes long to save: two thirds of the time belong to events alone, whatever the interval. */
const RESTS_PER_SAVE = 2;

/** How often it is looked whether one is due. */
const LOOK_MS = 250;

/** What a checkpoint reflects. */
export interface Saved {
  readonly position: number;
  /** Events accepted up to there. */
  readonly accepted: number;
}

export interface Checkpointer {
  /** Saves the present state, as fast as it goes, unless it is saved already; resolves when done, also when it failed. */
  save(): Promise<void>;
  /** Stops the timer and waits for a checkpoint under way, which hurries. */
  stop(): Promise<void>;
}

export function startCheckpointer(o: {
  readonly engine: Pick<Engine, 'position' | 'accepted' | 'beginSnapshot'>;
  readonly gate: Pick<OutcomeGate, 'whenAcknowledged'>;
  readonly store: Pick<CheckpointStore, 'begin'>;
  /** The longest time between two, */
  readonly intervalMs: number;
  /** and how many events may come before. */
  readonly eventsMax: number;
  readonly saved: Saved;
  readonly log: Logger;
  readonly metrics: ProcessorMetrics;
}): Checkpointer {
  const { engine, gate, store, log, metrics } = o;
  let savedPosition = o.saved.position;
  /** When the last one began, saved or not. */
  let begunMs = performance.now();
  let begunAccepted = o.saved.accepted;
  let underWay: Promise<void> | undefined;
  let restUntilMs = 0;
  let isUrgent = false;

  const saveNow = async (): Promise<void> => {
    if (engine.position <= savedPosition) return;
    const startedMs = performance.now();
    begunMs = startedMs;
    begunAccepted = engine.accepted;
    try {
      const saved = await saveCheckpoint(
        engine,
        store,
        (position) => gate.whenAcknowledged(position),
        () => isUrgent,
      );
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
  const begin = async (): Promise<void> => {
    underWay = saveNow();
    await underWay;
    underWay = undefined;
  };
  const isDue = (nowMs: number): boolean =>
    nowMs >= restUntilMs && (nowMs - begunMs >= o.intervalMs || engine.accepted - begunAccepted >= o.eventsMax);
  const timer = setInterval(
    () => {
      if (underWay === undefined && isDue(performance.now())) void begin();
    },
    Math.min(o.intervalMs, LOOK_MS),
  );

  return {
    async save() {
      isUrgent = true;
      await underWay;
      await begin();
      isUrgent = false;
    },
    async stop() {
      isUrgent = true;
      clearInterval(timer);
      await underWay;
    },
  };
}
