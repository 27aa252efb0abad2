/**
 * The engine as the newest good checkpoint left it. A checkpoint that is damaged, or that claims answers which OUTCOMES
 * does not hold, is passed over with its reason; without any, the engine begins empty and the whole log is replayed.
 */
import type { Logger } from 'pino';
import { WeirError } from '../../core/errors.ts';
import type { CheckpointStore } from '../../stream/checkpoints/checkpoint-store.ts';
import { createEngine, type Engine } from '../engine/engine.ts';
import { warmSnapshot } from '../engine/snapshots/warm-snapshot.ts';
import type { Saved } from './checkpointer.ts';
import { restoreCheckpoint } from './restore-checkpoint.ts';

export interface LoadedEngine {
  readonly engine: Engine;
  /** What the checkpoint reflects; nothing where there was none. */
  readonly saved: Saved;
  readonly passedOver: number;
}

/**
 * `answeredUpTo` gives the newest input position that OUTCOMES answers; it is asked after a checkpoint is read, since the
 * processor that leads goes on saving and publishing meanwhile. Throws `log.unavailable`.
 */
export async function loadEngine(
  store: Pick<CheckpointStore, 'list' | 'open'>,
  answeredUpTo: () => Promise<number>,
  log: Logger,
): Promise<LoadedEngine> {
  warmSnapshot();
  let passedOver = 0;
  for (const { name, position, bytes } of await store.list()) {
    try {
      const engine = await restoreCheckpoint(await store.open(name));
      const { answered } = engine.stats();
      const answeredSeq = await answeredUpTo();
      if (answered > answeredSeq) {
        throw new WeirError(
          'checkpoint.damaged',
          `it knows of answers up to ${answered}, OUTCOMES up to ${answeredSeq}`,
        );
      }
      log.info({ position, bytes }, 'continuing from a checkpoint');
      return { engine, saved: { position: engine.position, accepted: engine.accepted }, passedOver };
    } catch (error) {
      if (error instanceof WeirError && error.code === 'log.unavailable') throw error;
      passedOver++;
      log.warn({ position, name, err: error }, 'a checkpoint cannot be used; the one before it is tried');
    }
  }
  log.info({ passedOver }, 'no checkpoint: replaying the log from its beginning');
  return { engine: createEngine(), saved: { position: 0, accepted: 0 }, passedOver };
}
