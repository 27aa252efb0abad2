/** The state that a replay begins with: the newest checkpoint before a position that can be used. */
import type { Logger } from 'pino';
import type { CheckpointStore } from '../../stream/checkpoint-store.ts';
import { type Engine, restoreEngine } from '../engine/engine.ts';

export interface SavedEngine {
  readonly engine: Engine;
  readonly snapshot: Uint8Array;
}

/** Undefined where there is none. `isUsable` may turn one down by its position. Throws `log.unavailable`. */
export async function engineBefore(
  store: Pick<CheckpointStore, 'list' | 'load'>,
  before: number,
  log: Pick<Logger, 'warn'>,
  isUsable: (position: number) => boolean = () => true,
): Promise<SavedEngine | undefined> {
  for (const { name, position } of await store.list()) {
    if (position >= before || !isUsable(position)) continue;
    try {
      const snapshot = await store.load(name);
      return { engine: restoreEngine(snapshot), snapshot };
    } catch (error) {
      log.warn({ position, err: error }, 'a checkpoint cannot be used; the one before it is tried');
    }
  }
  return undefined;
}
