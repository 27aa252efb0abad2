/** The state that a replay begins with: the newest checkpoint before a position that can be used. */
import type { Logger } from 'pino';
import type { CheckpointStore } from '../../stream/checkpoints/checkpoint-store.ts';
import type { Engine } from '../engine/engine.ts';
import { restoreCheckpoint } from './restore-checkpoint.ts';

export interface SavedEngine {
  readonly engine: Engine;
  readonly manifest: Uint8Array;
}

/** Undefined where there is none. `isUsable` may turn one down by its position. Throws `log.unavailable`. */
export async function engineBefore(
  store: Pick<CheckpointStore, 'list' | 'open'>,
  before: number,
  log: Pick<Logger, 'warn'>,
  isUsable: (position: number) => boolean = () => true,
): Promise<SavedEngine | undefined> {
  for (const { name, position } of await store.list()) {
    if (position >= before || !isUsable(position)) continue;
    try {
      const stored = await store.open(name);
      return { engine: await restoreCheckpoint(stored), manifest: stored.manifest };
    } catch (error) {
      log.warn({ position, err: error }, 'a checkpoint cannot be used; the one before it is tried');
    }
  }
  return undefined;
}
