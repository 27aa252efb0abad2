/**
 * A checkpoint store beside which a processor keeps a copy of its newest checkpoint: what is saved goes to both, what is read comes from
 * the copy where it is there as it was saved. The store decides what a checkpoint is; the copy never does.
 */
import type { CheckpointStore } from '../../stream/checkpoints/checkpoint-store.ts';
import { withTimeout } from '../../stream/with-timeout.ts';
import type { CheckpointCopy } from './checkpoint-copy.ts';
import type { CopyMetrics } from './copy-metrics.ts';

/** How long a disk that hangs holds up a start, or the end of a checkpoint, at most, */
const DISK_TIMEOUT_MS = 1_000;
/** and each of the first few shards of a checkpoint. One takes some 10 ms, less than the store does. */
const PUT_TIMEOUT_MS = 100;

export function storeWithCopy(
  store: CheckpointStore,
  copy: Pick<CheckpointCopy, 'write' | 'replace' | 'read' | 'keep'>,
  metrics: Pick<CopyMetrics, 'shardsRead'>,
): CheckpointStore {
  return {
    async begin() {
      const save = await store.begin();
      return {
        holds: (shard) => save.holds(shard),
        async put(shard, bytes) {
          const copying = copy.write(shard, bytes);
          const isFree = await save.put(shard, bytes);
          const isCopied = await withTimeout(copying, PUT_TIMEOUT_MS).then(
            () => true,
            () => false,
          );
          return isFree && isCopied;
        },
        async finish(checkpoint) {
          await save.finish(checkpoint);
          await withTimeout(copy.keep(checkpoint.shards), DISK_TIMEOUT_MS).catch(() => undefined);
        },
      };
    },
    list: () => store.list(),
    async open(name) {
      const stored = await store.open(name);
      return {
        manifest: stored.manifest,
        async read(shard, room, check) {
          if (await copy.read(shard, room, check)) return metrics.shardsRead.inc({ from: 'copy' });
          await stored.read(shard, room, check);
          metrics.shardsRead.inc({ from: 'store' });
          // Before the engine changes what is in `room`: what is written later than this would be a file that no digest fits.
          await withTimeout(copy.replace(shard, room), DISK_TIMEOUT_MS).catch(() => undefined);
        },
      };
    },
  };
}
