/**
 * Checkpoints of the engine in JetStream's object store: each is a manifest in one of a ring of slots, and the shards that it
 * refers to, which several may share. Shards are stored first, the manifest then replaces the oldest, and what nothing refers
 * to any more goes last: a crash at any point spoils none of those that are there. A manifest is checked against its digest, a
 * shard by whoever reads it; a damaged one is told, and the caller takes the one before it.
 */
import type { StreamConnection } from '../connection.ts';
import { CheckpointObjects, type StoredManifest } from './checkpoint-objects.ts';

/** Longer than a leader that gave its lease back saves on: what is younger may be about to be referred to. */
const ORPHAN_AGE_MS = 120_000;

export interface CheckpointInfo {
  /** Position in EVENTS that the state reflects. */
  readonly position: number;
  readonly name: string;
  readonly createdMs: number;
  /** Of the whole state, what it shares with others included. */
  readonly bytes: number;
}

export interface FinishedCheckpoint {
  readonly position: number;
  readonly manifest: Uint8Array;
  /** Names of all its shards, the ones that were there already included. */
  readonly shards: readonly string[];
  readonly bytes: number;
}

export interface CheckpointSave {
  /** Whether a shard of this name is stored and will stay: it need not be put again. */
  holds(shard: string): boolean;
  /**
   * Stores a shard; any number at a time. Resolves to whether `bytes` may be written to again: an attempt that was given up may
   * still read them. Throws `log.unavailable`.
   */
  put(shard: string, bytes: Uint8Array): Promise<boolean>;
  /** Stores the manifest in place of the oldest when `kept` are there. Throws `log.unavailable`. */
  finish(checkpoint: FinishedCheckpoint): Promise<void>;
}

export interface StoredCheckpoint {
  readonly manifest: Uint8Array;
  /**
   * Reads a shard, all of it, to `room`; any number at a time. `check` is called when it is there and throws where it is not what was
   * saved. Throws what that throws, `checkpoint.damaged` and `log.unavailable`.
   */
  read(shard: string, room: Uint8Array, check: () => void): Promise<void>;
}

export interface CheckpointStore {
  /** Begins to save one. Throws `log.unavailable`. */
  begin(): Promise<CheckpointSave>;
  /** Newest position first. */
  list(): Promise<CheckpointInfo[]>;
  /** Throws `checkpoint.damaged` when its manifest is not there whole and unchanged. */
  open(name: string): Promise<StoredCheckpoint>;
}

/** The bucket must exist (`topology.ts`). One process saves at a time, but for one that has just given its lease back. */
export function openCheckpointStore(
  c: StreamConnection,
  o: { readonly kept: number; readonly orphanAgeMs?: number },
): CheckpointStore {
  const objects = new CheckpointObjects(c);
  const orphanAgeMs = o.orphanAgeMs ?? ORPHAN_AGE_MS;
  let isCleaned = false;

  return {
    async begin() {
      const { manifests, shards } = await objects.contents();
      const referred = new Set(manifests.flatMap((manifest) => manifest.shards));
      const unreferred = [...shards].filter((shard) => !referred.has(shard));
      const orphans = await objects.shardsOlderThan(orphanAgeMs, unreferred);
      await objects.removeShards(orphans);
      // Chunks without an object come of a crash only: looked for until there are none.
      if (!isCleaned) isCleaned = await objects.removeChunks(orphanAgeMs);
      const stored = new Set(shards);
      for (const orphan of orphans) stored.delete(orphan);

      return {
        holds: (shard) => stored.has(shard),
        put: (shard, bytes) => objects.putShard(shard, bytes),
        async finish(checkpoint) {
          const { slot, replaced } = chooseSlot(manifests, o.kept);
          await objects.putManifest({ name: slot, ...checkpoint }, checkpoint.manifest);
          const remaining = manifests.filter((manifest) => !replaced.includes(manifest));
          const needed = new Set([...checkpoint.shards, ...remaining.flatMap((manifest) => manifest.shards)]);
          const rest = replaced.flatMap((manifest) => manifest.shards).filter((shard) => !needed.has(shard));
          // The checkpoint is there. What cannot be removed now is an orphan, and goes with those.
          const remove = async (): Promise<void> => {
            for (const { name } of replaced) if (name !== slot) await objects.removeManifest(name);
            await objects.removeShards([...new Set(rest)]);
          };
          await remove().catch(() => undefined);
        },
      };
    },
    async list() {
      const { manifests } = await objects.contents();
      return manifests
        .map(({ position, name, createdMs, bytes }) => ({ position, name, createdMs, bytes }))
        .sort((a, b) => b.position - a.position || b.createdMs - a.createdMs);
    },
    async open(name) {
      const manifest = await objects.readManifest(name);
      return {
        manifest,
        async read(shard, room, check) {
          await objects.readShard(shard, room);
          check();
        },
      };
    },
  };
}

/**
 * A slot of the ring that holds nothing, else the one with the lowest position: a manifest is replaced only when its successor
 * is whole. Manifests beyond the ring, which was longer once, go with it.
 */
function chooseSlot(
  manifests: readonly StoredManifest[],
  kept: number,
): { readonly slot: string; readonly replaced: readonly StoredManifest[] } {
  const bySlot = new Map(manifests.map((manifest) => [manifest.name, manifest]));
  const ring = Array.from({ length: kept }, (_, i) => `slot-${i}`);
  const slot = ring.reduce((best, name) =>
    (bySlot.get(name)?.position ?? -1) < (bySlot.get(best)?.position ?? -1) ? name : best,
  );
  return { slot, replaced: manifests.filter(({ name }) => name === slot || !ring.includes(name)) };
}
