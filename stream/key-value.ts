/**
 * Small shared state with revisions: leases, pointers to the version in force. A write that expects a revision is
 * refused when another came first, so that two writers never overwrite each other unseen.
 */
import { JetStreamApiCodes, JetStreamApiError } from '@nats-io/jetstream';
import { type KV, Kvm } from '@nats-io/kv';
import type { StreamConnection } from './connection.ts';
import { retryTransient } from './retry.ts';

const TIMEOUT_MS = 15_000;

export interface KeyValue {
  get(key: string): Promise<{ value: Uint8Array; revision: number } | undefined>;
  /** The new revision, or `undefined` when the key exists. */
  create(key: string, value: Uint8Array): Promise<number | undefined>;
  /** The new revision, or `undefined` when the key is no longer at `revision`. */
  update(key: string, value: Uint8Array, revision: number): Promise<number | undefined>;
  /** Writes whatever is there; the new revision. */
  put(key: string, value: Uint8Array): Promise<number>;
}

/**
 * The bucket must exist (`topology.ts`). All methods throw `log.unavailable` when the server does not answer in time.
 * An answer lost on its way is repeated: `create` and `update` then compare what they find with what they wrote.
 */
export function openKeyValue(c: StreamConnection, bucket: string): KeyValue {
  let opened: Promise<KV> | undefined;
  const run = <T>(what: string, operation: (kv: KV) => Promise<T>): Promise<T> =>
    retryTransient(c, `${what} in ${bucket}`, TIMEOUT_MS, async () => {
      opened ??= new Kvm(c.jetstream).open(bucket, { allow_direct: false });
      return operation(await opened);
    });

  const get: KeyValue['get'] = (key) =>
    run(`reading ${key}`, async (kv) => {
      const entry = await kv.get(key);
      return entry === null || entry.operation !== 'PUT' ? undefined : { value: entry.value, revision: entry.revision };
    });

  /** One conditional write; after an interrupted attempt the refusal may be our own earlier success. */
  const writeIf = async (
    what: string,
    key: string,
    value: Uint8Array,
    revisionBefore: number,
    write: (kv: KV) => Promise<number>,
  ): Promise<number | undefined> => {
    let attempts = 0;
    try {
      return await run(what, (kv) => {
        attempts++;
        return write(kv);
      });
    } catch (error) {
      if (!isWrongRevision(error)) throw error;
      if (attempts < 2) return undefined;
    }
    const present = await get(key);
    const ours =
      present !== undefined && present.revision > revisionBefore && Buffer.compare(present.value, value) === 0;
    return ours ? present.revision : undefined;
  };

  return {
    get,
    create: (key, value) => writeIf(`creating ${key}`, key, value, 0, (kv) => kv.create(key, value)),
    update: (key, value, revision) =>
      writeIf(`updating ${key}`, key, value, revision, (kv) => kv.update(key, value, revision)),
    put: (key, value) => run(`writing ${key}`, (kv) => kv.put(key, value)),
  };
}

function isWrongRevision(error: unknown): boolean {
  return (
    error instanceof JetStreamApiError &&
    (error.code === JetStreamApiCodes.StreamWrongLastSequence ||
      error.code === JetStreamApiCodes.StreamWrongLastSequenceUnknown)
  );
}
