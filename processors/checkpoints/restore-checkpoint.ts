/** An engine from a stored checkpoint: its shards are read several at a time, each straight to its place in the state. */
import type { StoredCheckpoint } from '../../stream/checkpoints/checkpoint-store.ts';
import { beginRestore, type Engine } from '../engine/engine.ts';

/** What the reading of one takes in turns: the network, the digest and the engine's own check. */
const READS_IN_FLIGHT = 4;

/** Throws `checkpoint.damaged` where it is not whole or was written by a version that is not read, and `log.unavailable`. */
export async function restoreCheckpoint(stored: StoredCheckpoint): Promise<Engine> {
  const restore = beginRestore(stored.manifest);
  const shards = restore.shards.values();
  let isFailed = false;
  const readOn = async (): Promise<void> => {
    for (const { name, room, accept } of shards) {
      if (isFailed) return;
      await stored.read(name, room, accept);
    }
  };
  const readers = Array.from({ length: READS_IN_FLIGHT }, () =>
    readOn().catch((error: unknown) => {
      isFailed = true;
      throw error;
    }),
  );
  // Nothing may still be read to the memory of an engine that is given up, or the next one would have less of it.
  const failed = (await Promise.allSettled(readers)).find((reader) => reader.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return restore.finish();
}
