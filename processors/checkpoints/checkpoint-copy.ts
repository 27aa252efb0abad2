/**
 * The shards of a processor's newest checkpoint on its own disk, a file each. The object store holds the checkpoints; this is what a
 * start need not fetch from there. A shard's name carries its digest, and whoever reads compares: a file may be missing, torn, or left
 * by another Weir, and whatever goes wrong here is counted and disturbs neither a checkpoint nor a start.
 *
 * A directory belongs to one processor. Two that share one, as when one that slept meets its successor, take files from each other
 * at worst: what one has removed, the other reads from the store.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { WeirError } from '../../core/errors.ts';
import { isShardName, parseShardName } from '../engine/snapshots/shards.ts';
import type { CopyFailure, CopyMetrics } from './copy-metrics.ts';
import { readShardFile, writeShardFile } from './shard-file.ts';

/** A disk that does not keep up with so many is left behind, instead of holding up the checkpoint or taking more memory. */
const WRITES_IN_FLIGHT_MAX = 4;
const TEMPORARY = '.part';

export interface CheckpointCopyOptions {
  /** Made where it is not there. */
  readonly directory: string;
  readonly bytesMax: number;
  readonly log: Pick<Logger, 'warn'>;
  readonly metrics: CopyMetrics;
}

/** Never rejects: a directory that cannot be read or made is an empty one that takes nothing. */
export async function openCheckpointCopy(o: CheckpointCopyOptions): Promise<CheckpointCopy> {
  const copy = new CheckpointCopy(o);
  await copy.look();
  return copy;
}

export class CheckpointCopy {
  readonly #o: CheckpointCopyOptions;
  /** Bytes by shard, of the files that are there and those that are being written. */
  readonly #files = new Map<string, number>();
  readonly #writing = new Set<Promise<void>>();
  readonly #temporary = `.${randomBytes(6).toString('hex')}${TEMPORARY}`;
  /** What a person was told of; of writing again once it went well. */
  readonly #told = new Set<CopyFailure>();
  #bytes = 0;

  constructor(o: CheckpointCopyOptions) {
    this.#o = o;
  }

  /** Takes up what an earlier process has left, and removes what it did not finish. */
  async look(): Promise<void> {
    const { directory } = this.#o;
    try {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      for (const name of await readdir(directory)) {
        if (name.endsWith(TEMPORARY)) await rm(join(directory, name), { force: true });
        else if (isShardName(name)) this.#add(name, (await stat(join(directory, name))).size);
      }
    } catch (error) {
      this.#failed('read', error);
    }
  }

  /** Resolves when nothing reads `bytes` any more, written or not. Where the bound is met, what shards were before gives way. */
  write(shard: string, bytes: Uint8Array): Promise<void> {
    return this.#begin(shard, bytes, false);
  }

  /** The same, in place of what this shard was before in any case. */
  replace(shard: string, bytes: Uint8Array): Promise<void> {
    return this.#begin(shard, bytes, true);
  }

  /** Whether the shard is in `room`, by `check`, which throws `checkpoint.damaged` where it is not. */
  async read(shard: string, room: Uint8Array, check: () => void): Promise<boolean> {
    if (!this.#files.has(shard)) return false;
    try {
      if (!(await readShardFile(this.#pathOf(shard), room)))
        throw new WeirError('checkpoint.damaged', `the file of shard ${shard} has not ${room.length} bytes`);
      check();
      return true;
    } catch (error) {
      this.#failed(error instanceof WeirError ? 'altered' : 'read', error);
      await this.#remove(shard);
      return false;
    }
  }

  /** Removes all that is there but these, once what is being written is. */
  async keep(shards: readonly string[]): Promise<void> {
    const named = new Set(shards);
    const rest = [...this.#files.keys()].filter((shard) => !named.has(shard));
    await Promise.all(this.#writing);
    await Promise.all(rest.map((shard) => this.#remove(shard)));
  }

  #begin(shard: string, bytes: Uint8Array, replaces: boolean): Promise<void> {
    if (this.#files.has(shard)) return Promise.resolve();
    if (this.#writing.size >= WRITES_IN_FLIGHT_MAX) {
      this.#failed('busy');
      return Promise.resolve();
    }
    const writing = this.#write(shard, bytes, replaces).finally(() => this.#writing.delete(writing));
    this.#writing.add(writing);
    return writing;
  }

  async #write(shard: string, bytes: Uint8Array, replaces: boolean): Promise<void> {
    const fits = (): boolean => this.#bytes + bytes.length <= this.#o.bytesMax;
    if (replaces) await this.#removeEarlier(shard, (index) => index === parseShardName(shard).index);
    if (!fits()) await this.#removeEarlier(shard, () => true);
    if (!fits()) return this.#failed('full');
    this.#add(shard, bytes.length);
    const path = this.#pathOf(shard);
    try {
      await writeShardFile(path, path + this.#temporary, bytes);
      this.#told.delete('write');
    } catch (error) {
      this.#forget(shard);
      this.#failed('write', error);
    }
  }

  /** Files of what shards were before the newest one, `coming` included. Only once they are gone is their room given. */
  async #removeEarlier(coming: string, isMeant: (index: number) => boolean): Promise<void> {
    const newest = new Map([...this.#files.keys(), coming].map((shard) => [parseShardName(shard).index, shard]));
    for (const shard of [...this.#files.keys()]) {
      const { index } = parseShardName(shard);
      if (isMeant(index) && newest.get(index) !== shard) await this.#remove(shard);
    }
  }

  async #remove(shard: string): Promise<void> {
    try {
      await rm(this.#pathOf(shard), { force: true });
      this.#forget(shard);
    } catch (error) {
      this.#failed('remove', error);
    }
  }

  #add(shard: string, bytes: number): void {
    this.#files.set(shard, bytes);
    this.#count(bytes);
  }

  #forget(shard: string): void {
    this.#count(-(this.#files.get(shard) ?? 0));
    this.#files.delete(shard);
  }

  #count(bytes: number): void {
    this.#bytes += bytes;
    this.#o.metrics.bytes.set(this.#bytes);
  }

  #failed(reason: CopyFailure, error?: unknown): void {
    this.#o.metrics.failures.inc({ reason });
    if (this.#told.has(reason)) return;
    this.#told.add(reason);
    this.#o.log.warn(
      { reason, directory: this.#o.directory, err: error },
      'a shard is not in the copy of the checkpoint: a start reads it from the store',
    );
  }

  #pathOf(shard: string): string {
    return join(this.#o.directory, shard);
  }
}
