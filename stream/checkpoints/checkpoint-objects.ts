/**
 * The objects of the checkpoint bucket: manifests in a ring of slots, and the shards that they refer to. What a crash left
 * behind, objects that nothing refers to and chunks of no object, is known by its age, since another process may be about to
 * refer to it.
 */
import { createHash } from 'node:crypto';
import { JetStreamApiCodes, JetStreamApiError, type StoredMsg } from '@nats-io/jetstream';
import { type ObjectInfo, type ObjectStore, Objm, setSha256Backend } from '@nats-io/obj';
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { WeirError } from '../../core/errors.ts';
import type { StreamConnection } from '../connection.ts';
import { retryTransient } from '../retry.ts';
import { CHECKPOINT_BUCKET } from '../topology.ts';
import { withTimeout } from '../with-timeout.ts';
import {
  CHUNK_SUBJECTS,
  chunkSubject,
  META_SUBJECTS,
  metaSubject,
  nameIn,
  STREAM,
  subjectsOf,
} from './object-subjects.ts';

/** Puts of 8 MiB, four at a time, went at 480 MB/s with it, at 240 with 128 KiB. */
const CHUNK_BYTES = 524_288;
const PUT_TIMEOUT_MS = 120_000;
/** Of one chunk. */
const CHUNK_TIMEOUT_MS = 10_000;
const LIST_TIMEOUT_MS = 30_000;
/** Descriptions that are asked for at the same time. */
const LIST_IN_FLIGHT_MAX = 32;
/** Reading stops making sense when an object did not arrive in this time. */
const READ_TIMEOUT_MS = 120_000;
const SLOT = /^slot-\d+$/;
const SHARD = 'shard-';

/** The client's description of an object, as far as it is of interest here. */
const Description = Type.Object({
  name: Type.String(),
  nuid: Type.String(),
  size: Type.Integer(),
  deleted: Type.Optional(Type.Boolean()),
  metadata: Type.Optional(Type.Record(Type.String(), Type.String())),
});
const description = Compile(Description);
type PresentObject = Static<typeof Description> & { readonly storedMs: number };

/** A manifest in its slot. */
export interface StoredManifest {
  readonly name: string;
  readonly position: number;
  /** Of the whole state, in bytes. */
  readonly bytes: number;
  readonly createdMs: number;
  readonly shards: readonly string[];
}

export interface CheckpointContents {
  readonly manifests: readonly StoredManifest[];
  /** Names of all shards. */
  readonly shards: ReadonlySet<string>;
}

export class CheckpointObjects {
  readonly #c: StreamConnection;
  #opened: Promise<ObjectStore> | undefined;

  constructor(c: StreamConnection) {
    // The default computes SHA-256 in JavaScript, some fifty times slower.
    setSha256Backend('native');
    this.#c = c;
  }

  /**
   * Of shards the names alone: what is behind each of hundreds, nats-server knows only by reading the eight megabytes around it.
   * Throws `log.unavailable`.
   */
  async contents(): Promise<CheckpointContents> {
    const names = await this.#names();
    const manifests = (await this.#present(names.filter((name) => SLOT.test(name)))).filter(isManifest).map(toManifest);
    return {
      manifests,
      shards: new Set(names.filter((name) => name.startsWith(SHARD)).map((name) => name.slice(SHARD.length))),
    };
  }

  /** Those of the shards that were stored `ageMs` ago or earlier. Throws `log.unavailable`. */
  async shardsOlderThan(ageMs: number, shards: readonly string[]): Promise<string[]> {
    const present = await this.#present(shards.map((shard) => SHARD + shard));
    return present.filter(({ storedMs }) => Date.now() - storedMs >= ageMs).map(({ name }) => name.slice(SHARD.length));
  }

  async putManifest(manifest: Omit<StoredManifest, 'createdMs'>, bytes: Uint8Array): Promise<void> {
    const { name, position, shards } = manifest;
    const metadata = { position: String(position), bytes: String(manifest.bytes), shards: shards.join(' ') };
    await this.#put('saving a checkpoint', { name, metadata }, bytes);
  }

  /** Whether nothing reads `bytes` any more: an attempt that was given up may go on for a while. */
  async putShard(shard: string, bytes: Uint8Array): Promise<boolean> {
    return (await this.#put('saving a shard', { name: SHARD + shard }, bytes)) === 1;
  }

  /** Throws `checkpoint.damaged` when it is not there whole and unchanged. */
  readManifest(name: string): Promise<Uint8Array> {
    return this.#read(name, async (info) => {
      const bytes = new Uint8Array(info.size);
      await this.#fill(info, bytes);
      const digest = createHash('sha256').update(bytes).digest('base64url');
      if (info.digest.replace(/=+$/, '') !== `SHA-256=${digest}`) throw damaged(name, 'its digest does not match');
      return bytes;
    });
  }

  /**
   * Into memory that is as long as the shard. Whether the bytes are those that were put is the caller's to see, by the digest in the
   * shard's name. Throws `checkpoint.damaged` where they are not all there; after a failure nothing is written any more.
   */
  readShard(shard: string, room: Uint8Array): Promise<void> {
    const name = SHARD + shard;
    let attempts = 0;
    return this.#read(name, async (info) => {
      const attempt = ++attempts;
      if (info.size !== room.length) throw damaged(name, `it has ${info.size} bytes, not ${room.length}`);
      await this.#fill(info, room, () => attempt === attempts);
    }).catch((error: unknown) => {
      attempts = Number.POSITIVE_INFINITY;
      throw error;
    });
  }

  async removeManifest(name: string): Promise<void> {
    await this.#remove([name]);
  }

  async removeShards(shards: readonly string[]): Promise<void> {
    await this.#remove(shards.map((shard) => SHARD + shard));
  }

  /** Chunks that belong to no object, once their newest is `ageMs` old. Whether no younger ones are left. */
  async removeChunks(ageMs: number): Promise<boolean> {
    const chunks = await this.#retry('cleaning up checkpoints', () => subjectsOf(this.#c, CHUNK_SUBJECTS));
    const names = await this.#names();
    // Each object has one subject of chunks, but for an empty one, which no checkpoint has.
    if (chunks.length === names.length) return true;
    const known = new Set((await this.#present(names)).map(chunkSubject));
    let isDone = true;
    for (const subject of chunks) {
      if (known.has(subject)) continue;
      const newest = await this.#c.manager.streams.getMessage(STREAM, { last_by_subj: subject });
      if (newest !== null && Date.now() - newest.time.getTime() < ageMs) isDone = false;
      else await this.#purge(subject);
    }
    return isDone;
  }

  async #put(
    what: string,
    meta: { readonly name: string; readonly metadata?: Record<string, string> },
    bytes: Uint8Array,
  ): Promise<number> {
    let attempts = 0;
    await retryTransient(this.#c, what, PUT_TIMEOUT_MS, async () => {
      attempts++;
      const options = { max_chunk_size: CHUNK_BYTES };
      await (await this.#bucket()).putBlob({ ...meta, options }, bytes, { timeout: CHUNK_TIMEOUT_MS });
    });
    return attempts;
  }

  #read<T>(name: string, read: (info: ObjectInfo) => Promise<T>): Promise<T> {
    return retryTransient(this.#c, 'loading a checkpoint', READ_TIMEOUT_MS, async () => {
      const info = await (await this.#bucket()).info(name);
      if (info === null || info.deleted) throw damaged(name, 'it is not there');
      return withTimeout(read(info), READ_TIMEOUT_MS);
    });
  }

  /**
   * Chunk by chunk, each asked for behind the one before, for as long as that is wanted. The client's own way is a consumer for each
   * object; and how many chunks there are, nats-server 2.9 counts wrongly once it was started again, where they lie in its ninth and tenth block.
   */
  async #fill({ name, nuid, chunks, size }: ObjectInfo, room: Uint8Array, isWanted = () => true): Promise<void> {
    let at = 0;
    let seq = 1;
    for (let chunk = 0; chunk < chunks; chunk++) {
      const message = await this.#next(chunkSubject({ nuid }), seq);
      if (!isWanted()) return;
      if (message === null) throw damaged(name, `${chunk} of ${chunks} chunks are there`);
      if (at + message.data.length > size) throw damaged(name, `it has more than ${size} bytes`);
      room.set(message.data, at);
      at += message.data.length;
      seq = message.seq + 1;
    }
    if (at !== size) throw damaged(name, `${at} of ${size} bytes are there`);
  }

  /** Any server of a cluster answers; one that is behind may not have it yet, and then the leader is asked. */
  async #next(subject: string, seq: number): Promise<StoredMsg | null> {
    const { direct, streams } = this.#c.manager;
    const query = { seq, next_by_subj: subject };
    return (await direct.getMessage(STREAM, query)) ?? (await streams.getMessage(STREAM, query));
  }

  /** Each one's description first: chunks without one are found by whoever starts next. */
  async #remove(names: readonly string[]): Promise<void> {
    for (const name of names) {
      for (const object of await this.#present([name])) {
        await this.#purge(metaSubject(name));
        await this.#purge(chunkSubject(object));
      }
    }
  }

  #purge(filter: string): Promise<unknown> {
    return this.#retry('cleaning up checkpoints', () => this.#c.manager.streams.purge(STREAM, { filter }));
  }

  #names(): Promise<string[]> {
    return this.#retry('listing checkpoints', async () => (await subjectsOf(this.#c, META_SUBJECTS)).map(nameIn));
  }

  /**
   * What is there of these, asked for one by one: the client's own list waits for as many objects as there were when it began,
   * which is for ever where another process removes one meanwhile.
   */
  #present(names: readonly string[]): Promise<PresentObject[]> {
    return this.#retry('listing checkpoints', async () => {
      const left = [...names];
      const present: PresentObject[] = [];
      const ask = async (): Promise<void> => {
        for (let name = left.pop(); name !== undefined; name = left.pop()) {
          const object = await this.#describe(metaSubject(name));
          if (object !== undefined) present.push(object);
        }
      };
      await Promise.all(Array.from({ length: Math.min(names.length, LIST_IN_FLIGHT_MAX) }, ask));
      return present;
    });
  }

  /** Undefined where it has been removed, or no Weir has written it. */
  async #describe(subject: string): Promise<PresentObject | undefined> {
    try {
      const stored = await this.#c.manager.streams.getMessage(STREAM, { last_by_subj: subject });
      const object: unknown = stored === null ? undefined : JSON.parse(new TextDecoder().decode(stored.data));
      if (stored === null || !description.Check(object) || object.deleted === true) return undefined;
      return { ...object, storedMs: stored.time.getTime() };
    } catch (error) {
      if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.NoMessageFound) return undefined;
      throw error;
    }
  }

  #retry<T>(what: string, operation: () => Promise<T>): Promise<T> {
    return retryTransient(this.#c, what, LIST_TIMEOUT_MS, operation);
  }

  #bucket(): Promise<ObjectStore> {
    this.#opened ??= new Objm(this.#c.jetstream).open(CHECKPOINT_BUCKET, false);
    return this.#opened;
  }
}

function damaged(name: string, why: string): WeirError {
  return new WeirError('checkpoint.damaged', `checkpoint ${name} cannot be read: ${why}`);
}

function isManifest(object: PresentObject): boolean {
  return SLOT.test(object.name) && positionOf(object) !== undefined;
}

function positionOf(object: PresentObject): number | undefined {
  const position = Number(object.metadata?.position ?? Number.NaN);
  return Number.isSafeInteger(position) && position >= 0 ? position : undefined;
}

function toManifest(object: PresentObject): StoredManifest {
  return {
    name: object.name,
    position: positionOf(object) ?? 0,
    // What an earlier version saved is all in one object.
    bytes: Number(object.metadata?.bytes ?? object.size),
    createdMs: object.storedMs,
    shards: (object.metadata?.shards ?? '').split(' ').filter((shard) => shard !== ''),
  };
}
