/**
 * Checkpoints of the engine in JetStream's object store: a ring of slots, each replaced as a whole, so that the
 * newest ones are always there and a crash while saving spoils none of them. What is read is checked against its
 * digest; a damaged one is told, and the caller takes the one before it.
 */
import { type ObjectInfo, type ObjectStore, Objm, setSha256Backend } from '@nats-io/obj';
import { WeirError } from '../core/errors.ts';
import type { StreamConnection } from './connection.ts';
import { retryTransient } from './retry.ts';
import { CHECKPOINT_BUCKET } from './topology.ts';
import { withTimeout } from './with-timeout.ts';

const CHUNK_BYTES = 524_288;
const SAVE_TIMEOUT_MS = 120_000;
/** Of one chunk. */
const CHUNK_TIMEOUT_MS = 10_000;
const LIST_TIMEOUT_MS = 30_000;
/** Reading stops making sense when no whole checkpoint arrived in this time. */
const LOAD_TIMEOUT_MS = 120_000;
const STREAM = `OBJ_${CHECKPOINT_BUCKET}`;

export interface CheckpointInfo {
  /** Position in EVENTS that the state reflects. */
  readonly position: number;
  readonly name: string;
  readonly createdMs: number;
  readonly bytes: number;
}

export interface CheckpointStore {
  /** Replaces the oldest when `kept` are there. Throws `log.unavailable`. */
  save(position: number, bytes: Uint8Array): Promise<void>;
  /** Newest position first. */
  list(): Promise<CheckpointInfo[]>;
  /** Throws `checkpoint.damaged` when it is not there whole and unchanged. */
  load(name: string): Promise<Uint8Array>;
}

/** The bucket must exist (`topology.ts`). One process saves at a time. */
export function openCheckpointStore(c: StreamConnection, o: { readonly kept: number }): CheckpointStore {
  // The default computes SHA-256 in JavaScript, some fifty times slower.
  setSha256Backend('native');
  let opened: Promise<ObjectStore> | undefined;
  const bucket = (): Promise<ObjectStore> => {
    opened ??= new Objm(c.jetstream).open(CHECKPOINT_BUCKET, false);
    return opened;
  };
  let cleaned = false;

  const objects = (): Promise<ObjectInfo[]> =>
    retryTransient(c, 'listing checkpoints', LIST_TIMEOUT_MS, async () =>
      (await (await bucket()).list()).filter((object) => !object.deleted && positionOf(object) !== undefined),
    );

  /** Chunks that a crash left behind belong to no object. */
  const removeOrphans = async (present: readonly ObjectInfo[]): Promise<void> => {
    if (cleaned) return;
    const known = new Set(present.map(chunkSubject));
    const chunks = await chunkCounts(c, `$O.${CHECKPOINT_BUCKET}.C.>`);
    for (const subject of chunks.keys()) {
      if (!known.has(subject)) await c.manager.streams.purge(STREAM, { filter: subject });
    }
    cleaned = true;
  };

  return {
    async save(position, bytes) {
      const present = await objects();
      await retryTransient(c, 'cleaning up checkpoints', LIST_TIMEOUT_MS, () => removeOrphans(present));
      const name = freeSlot(present, o.kept);
      const meta = {
        name,
        metadata: { position: String(position) },
        options: { max_chunk_size: CHUNK_BYTES },
      };
      await retryTransient(c, 'saving a checkpoint', SAVE_TIMEOUT_MS, async () =>
        (await bucket()).putBlob(meta, bytes, { timeout: CHUNK_TIMEOUT_MS }),
      );
    },
    async list() {
      const infos = (await objects()).map((object) => ({
        position: positionOf(object) ?? 0,
        name: object.name,
        createdMs: Date.parse(object.mtime),
        bytes: object.size,
      }));
      return infos.sort((a, b) => b.position - a.position || b.createdMs - a.createdMs);
    },
    load: (name) =>
      retryTransient(c, 'loading a checkpoint', LOAD_TIMEOUT_MS, async () => {
        const store = await bucket();
        const info = await store.info(name);
        if (info === null || info.deleted) throw damaged(name, 'it is not there');
        // Waiting for a chunk that is gone would take for ever.
        const chunks = (await chunkCounts(c, chunkSubject(info))).get(chunkSubject(info)) ?? 0;
        if (chunks !== info.chunks) throw damaged(name, `${chunks} of ${info.chunks} chunks are there`);
        const bytes = await withTimeout(readBlob(store, name), LOAD_TIMEOUT_MS);
        if (bytes.length !== info.size) throw damaged(name, `${bytes.length} of ${info.size} bytes are there`);
        return bytes;
      }),
  };

  async function readBlob(store: ObjectStore, name: string): Promise<Uint8Array> {
    try {
      const bytes = await store.getBlob(name);
      if (bytes === null) throw damaged(name, 'it is not there');
      return bytes;
    } catch (error) {
      // The object store compares the digest that it took while saving.
      if (error instanceof Error && error.message.includes('digests do not match')) {
        throw damaged(name, 'its digest does not match');
      }
      throw error;
    }
  }
}

function damaged(name: string, why: string): WeirError {
  return new WeirError('checkpoint.damaged', `checkpoint ${name} cannot be read: ${why}`);
}

function chunkSubject(object: ObjectInfo): string {
  return `$O.${CHECKPOINT_BUCKET}.C.${object.nuid}`;
}

function positionOf(object: ObjectInfo): number | undefined {
  const position = Number(object.metadata?.position ?? Number.NaN);
  return Number.isSafeInteger(position) && position >= 0 ? position : undefined;
}

/** A slot of the ring that holds nothing, else the one with the lowest position: an object is replaced only when its successor is whole. */
function freeSlot(present: readonly ObjectInfo[], kept: number): string {
  const byName = new Map(present.map((object) => [object.name, positionOf(object) ?? 0]));
  let best = 'slot-0';
  let bestPosition = Number.POSITIVE_INFINITY;
  for (let i = 0; i < kept; i++) {
    const name = `slot-${i}`;
    const position = byName.get(name) ?? -1;
    if (position < bestPosition) {
      best = name;
      bestPosition = position;
    }
  }
  return best;
}

async function chunkCounts(c: StreamConnection, filter: string): Promise<Map<string, number>> {
  const { state } = await c.manager.streams.info(STREAM, { subjects_filter: filter });
  return new Map(Object.entries(state.subjects ?? {}));
}
