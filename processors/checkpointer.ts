/**
 * Saves the engine's state on a timer, in slices between frames, never a position whose answers are not acknowledged: whoever restores it has
 * nothing to publish again. One checkpoint at a time; a failed one is counted and the next one tries again.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { CheckpointStore } from '../stream/checkpoint-store.ts';
import type { Engine } from './engine/engine.ts';
import type { OutcomeGate } from './outcome-gate.ts';
import type { ProcessorMetrics } from './processor-metrics.ts';
import { createSnapshotRoom } from './snapshot-room.ts';

/** One mebibyte: copied and digested in about a millisecond. */
const SLICE_PAGES = 64;
/** A large state takes long to save: nine tenths of the time belong to events, whatever the interval. */
const RESTS_PER_SAVE = 9;

export interface Checkpointer {
  /** Saves the present state unless it is saved already; resolves when done, also when it failed. */
  save(): Promise<void>;
  /** Stops the timer and waits for a checkpoint under way. */
  stop(): Promise<void>;
}

export function startCheckpointer(o: {
  readonly engine: Pick<Engine, 'position' | 'beginSnapshot' | 'snapshotBytes'>;
  readonly gate: Pick<OutcomeGate, 'whenAcknowledged'>;
  readonly store: Pick<CheckpointStore, 'save'>;
  readonly intervalMs: number;
  readonly savedPosition: number;
  readonly log: Logger;
  readonly metrics: ProcessorMetrics;
}): Checkpointer {
  const { engine, gate, store, log, metrics } = o;
  const rooms = createSnapshotRoom();
  let savedPosition = o.savedPosition;
  let underWay: Promise<void> | undefined;
  let restUntilMs = 0;

  /** The state as it is now, copied in slices between frames: the engine stands still for one slice at a time. */
  const takeSnapshot = async (room: Uint8Array): Promise<Uint8Array> => {
    let sliceMs = performance.now();
    const snapshot = engine.beginSnapshot(room);
    let longestMs = 0;
    try {
      for (let isMore = true; isMore; ) {
        isMore = snapshot.copy(SLICE_PAGES);
        longestMs = Math.max(longestMs, performance.now() - sliceMs);
        if (isMore) await nextTurn();
        sliceMs = performance.now();
      }
      metrics.snapshotSeconds.observe(longestMs / 1_000);
      return snapshot.take();
    } finally {
      snapshot.abandon();
    }
  };

  const saveNow = async (): Promise<void> => {
    if (engine.position <= savedPosition) return;
    const startedMs = performance.now();
    let { position } = engine;
    try {
      const room = await rooms.reserve(engine.snapshotBytes);
      // What the snapshot reflects: from here to its beginning no frame comes between.
      position = engine.position;
      const bytes = await takeSnapshot(room);
      await gate.whenAcknowledged(position);
      await store.save(position, bytes);
      savedPosition = position;
      metrics.checkpoints.inc({ result: 'saved' });
      metrics.checkpointBytes.set(bytes.length);
      metrics.checkpointSeconds.observe((performance.now() - startedMs) / 1_000);
      log.debug({ position, bytes: bytes.length }, 'checkpoint saved');
    } catch (error) {
      metrics.checkpoints.inc({ result: 'failed' });
      log.warn({ position, err: error }, 'a checkpoint could not be saved');
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
