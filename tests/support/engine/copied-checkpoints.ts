/** Checkpoints in a real nats-server with their copies on disk, of engines whose shards are small: even a short log makes dozens. */
import { readdir } from 'node:fs/promises';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { type CheckpointCopy, openCheckpointCopy } from '../../../processors/checkpoints/checkpoint-copy.ts';
import { createCopyMetrics } from '../../../processors/checkpoints/copy-metrics.ts';
import { restoreCheckpoint } from '../../../processors/checkpoints/restore-checkpoint.ts';
import { saveCheckpoint } from '../../../processors/checkpoints/save-checkpoint.ts';
import { storeWithCopy } from '../../../processors/checkpoints/store-with-copy.ts';
import { createEngine, type Engine } from '../../../processors/engine/engine.ts';
import { PAGE_SHIFT } from '../../../processors/engine/memory/slab.ts';
import { readManifest } from '../../../processors/engine/snapshots/manifest.ts';
import { shardName } from '../../../processors/engine/snapshots/shards.ts';
import { type CheckpointStore, openCheckpointStore } from '../../../stream/checkpoints/checkpoint-store.ts';
import type { StreamConnection } from '../../../stream/connection.ts';
import { engineLog } from './engine-log.ts';

export const FRAMES = 260;

/** An engine that has worked off the first frames of a log. */
export function engineAt(position: number, seed = 7): Engine {
  const engine = createEngine({ shardShift: PAGE_SHIFT + 1 });
  stepTo(engine, position, seed);
  return engine;
}

export function stepTo(engine: Engine, position: number, seed = 7): void {
  for (const frame of engineLog(FRAMES, seed).slice(engine.position, position)) engine.step(engine.position + 1, frame);
}

export interface CopiedStore {
  readonly store: CheckpointStore;
  readonly copy: CheckpointCopy;
  /** Warnings so far. */
  readonly warnings: readonly string[];
  /** By its name and labels as Prometheus writes them, 0 where there is none. */
  figure(name: string): Promise<number>;
  save(engine: Engine): Promise<void>;
  /** Names of the shards of the newest checkpoint, in order. */
  shards(): Promise<string[]>;
  /** The engine as the newest checkpoint left it. */
  restore(): Promise<Engine>;
}

/** As a processor that starts opens it. */
export async function openCopied(
  connection: StreamConnection,
  directory: string,
  bytesMax = Number.POSITIVE_INFINITY,
): Promise<CopiedStore> {
  const registry = new Registry();
  const metrics = createCopyMetrics(registry);
  const warnings: string[] = [];
  const log = pino({ level: 'warn' }, { write: (line: string) => void warnings.push(line) });
  const copy = await openCheckpointCopy({ directory, bytesMax, log, metrics });
  const store = storeWithCopy(openCheckpointStore(connection, { kept: 3 }), copy, metrics);
  const openNewest = async () => store.open((await store.list())[0]?.name ?? '');
  return {
    store,
    copy,
    warnings,
    async figure(name) {
      const line = (await registry.metrics()).split('\n').find((text) => text.startsWith(`weir_processor_${name} `));
      return Number(line?.split(' ')[1] ?? 0);
    },
    async save(engine) {
      await saveCheckpoint(engine, store, async () => undefined);
    },
    async shards() {
      return readManifest((await openNewest()).manifest)
        .shards.map(shardName)
        .sort();
    },
    restore: async () => restoreCheckpoint(await openNewest()),
  };
}

/** How many shards a start read from where, and how many files it could not use. */
export async function readsOf({ figure }: CopiedStore): Promise<{ copy: number; store: number; failed: number }> {
  const failures = ['altered', 'read', 'write'].map((reason) =>
    figure(`checkpoint_copy_failures_total{reason="${reason}"}`),
  );
  return {
    copy: await figure('checkpoint_shards_read_total{from="copy"}'),
    store: await figure('checkpoint_shards_read_total{from="store"}'),
    failed: (await Promise.all(failures)).reduce((sum, count) => sum + count, 0),
  };
}

/** Names of what is there, in order. */
export async function filesIn(directory: string): Promise<string[]> {
  return (await readdir(directory)).sort();
}
