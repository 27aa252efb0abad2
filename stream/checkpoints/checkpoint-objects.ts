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
const STREAM = `OBJ_${CHECKPOINT_BUCKET}`;
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
  /** Names of shards, and when each was stored. */
  readonly shards: ReadonlyMap<string, number>;
}

export class CheckpointObjects {
  readonly #c: StreamConnection;
  #opened: Promise<ObjectStore> | undefined;

  constructor(c: StreamConnection) {
    // The default computes SHA-256 in JavaScript, some fifty times slower.
    setSha256Backend('native');
    this.#c = c;
  }

  /** Throws `log.unavailable`. */
  async contents(): Promise<CheckpointContents> {
    const present = await this.#present();
    const shards = present.filter(({ name }) => name.startsWith(SHARD));
    return {
      manifests: present.filter(isManifest).map(toManifest),
      shards: new Map(shards.map(({ name, storedMs }) => [name.slice(SHARD.length), storedMs])),
    };
  }

  /** The same without asking for what hundreds of shards are. Throws `log.unavailable`. */
  async manifests(): Promise<StoredManifest[]> {
    return (await this.#present((name) => SLOT.test(name))).filter(isManifest).map(toManifest);
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

  /** Chunks that belong to no object, once their newest is `ageMs` old. Whether there are younger ones. */
  async removeChunks(ageMs: number): Promise<boolean> {
    const known = new Set((await this.#present()).map(chunkSubject));
    let isDone = true;
    const chunks = await this.#retry('cleaning up checkpoints', () =>
      messageCounts(this.#c, `$O.${CHECKPOINT_BUCKET}.C.>`),
    );
    for (const subject of chunks.keys()) {
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

  /** Its description first: chunks without one are found by whoever saves next. */
  async #remove(names: readonly string[]): Promise<void> {
    if (names.length === 0) return;
    const wanted = new Set(names);
    for (const object of await this.#present()) {
      if (!wanted.has(object.name)) continue;
      await this.#purge(metaSubject(object.name));
      await this.#purge(chunkSubject(object));
    }
  }

  #purge(filter: string): Promise<unknown> {
    return this.#retry('cleaning up checkpoints', () => this.#c.manager.streams.purge(STREAM, { filter }));
  }

  /**
   * Asked for one by one: the client's own list waits for as many objects as there were when it began, which is for ever where
   * another process removes one meanwhile.
   */
  #present(isWanted: (name: string) => boolean = () => true): Promise<PresentObject[]> {
    return this.#retry('listing checkpoints', async () => {
      const counts = await messageCounts(this.#c, `$O.${CHECKPOINT_BUCKET}.M.>`);
      const subjects = [...counts.keys()].filter((subject) => isWanted(nameIn(subject)));
      const present: PresentObject[] = [];
      const ask = async (): Promise<void> => {
        for (let subject = subjects.pop(); subject !== undefined; subject = subjects.pop()) {
          const object = await this.#describe(subject);
          if (object !== undefined) present.push(object);
        }
      };
      await Promise.all(Array.from({ length: LIST_IN_FLIGHT_MAX }, ask));
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

function chunkSubject(object: { readonly nuid: string }): string {
  return `$O.${CHECKPOINT_BUCKET}.C.${object.nuid}`;
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

/** Where the object store keeps what it knows of an object. */
function metaSubject(name: string): string {
  return `$O.${CHECKPOINT_BUCKET}.M.${Buffer.from(name)
    .toString('base64url')
    .padEnd(Math.ceil(name.length / 3) * 4, '=')}`;
}

function nameIn(subject: string): string {
  return Buffer.from(subject.slice(subject.lastIndexOf('.') + 1), 'base64url').toString();
}

/** Of each subject that fits a filter with wildcards. */
async function messageCounts(c: StreamConnection, filter: string): Promise<Map<string, number>> {
  const { state } = await c.manager.streams.info(STREAM, { subjects_filter: filter });
  return new Map(Object.entries(state.subjects ?? {}));
}
