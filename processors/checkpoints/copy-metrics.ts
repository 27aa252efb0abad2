/** Figures of the copy of the newest checkpoint on local disk. */
import { Counter, Gauge, type Registry } from 'prom-client';

/**
 * `write`, `read` and `remove` are the disk's; `altered` is a file that is there and not as it was written; `full` met the bound, and
 * `busy` a disk that was still at earlier files.
 */
export type CopyFailure = 'write' | 'read' | 'remove' | 'altered' | 'full' | 'busy';

export interface CopyMetrics {
  readonly bytes: Gauge;
  readonly shardsRead: Counter<'from'>;
  readonly failures: Counter<'reason'>;
}

export function createCopyMetrics(registry: Registry): CopyMetrics {
  const registers = [registry];
  return {
    bytes: new Gauge({
      name: 'weir_processor_checkpoint_copy_bytes',
      help: 'Bytes of the copy of the newest checkpoint on local disk',
      registers,
    }),
    shardsRead: new Counter({
      name: 'weir_processor_checkpoint_shards_read_total',
      help: 'Shards read at start: from the copy on local disk, or from the store',
      labelNames: ['from'],
      registers,
    }),
    failures: new Counter({
      name: 'weir_processor_checkpoint_copy_failures_total',
      help: 'Shards whose file could not be written, read or removed, by reason; the store has them all',
      labelNames: ['reason'],
      registers,
    }),
  };
}
