/**
 * An engine on its way back from a snapshot: its memory is there, and whoever reads the shards writes them to where they
 * belong, in any order and several at a time, so that the state is never there twice.
 */
import type { Slab } from '../memory/slab.ts';
import type { Manifest } from './manifest.ts';
import { damaged } from './sections.ts';
import { digestShard, type ShardRef, shardName } from './shards.ts';

/** A shard that is to be read. */
export interface AwaitedShard {
  readonly name: string;
  /** Where its bytes go, all of it. */
  readonly room: Uint8Array;
  /** To be called when they are there. Throws a `WeirError` `checkpoint.damaged` where they are others than were saved. */
  accept(): void;
}

export class EngineRestore<E> {
  readonly shards: readonly AwaitedShard[];
  readonly #awaited: Set<AwaitedShard>;
  readonly #finish: () => E;

  /** `finish` makes the engine once all words are in place. Throws a `WeirError` `checkpoint.damaged`. */
  constructor(manifest: Manifest, slab: Slab, finish: () => E) {
    slab.restore(manifest.slab);
    const { words, shards, shardBytes } = manifest;
    const byteLength = manifest.slab.top * 8;
    if (words !== undefined) {
      if (words.length !== byteLength) throw damaged(`${words.length} of ${byteLength} bytes of its words are there`);
      slab.bytes.set(words);
    } else if (shards.length !== Math.ceil(byteLength / shardBytes)) {
      throw damaged(`${shards.length} shards do not hold ${byteLength} bytes`);
    }
    this.shards = shards.map((ref, index) => {
      const room = slab.bytes.subarray(index * shardBytes, Math.min((index + 1) * shardBytes, byteLength));
      return this.#await(ref, index, room);
    });
    this.#awaited = new Set(this.shards);
    this.#finish = finish;
  }

  /** Throws a `RangeError` while shards are missing, and what compiling the saved rule set throws. */
  finish(): E {
    if (this.#awaited.size > 0) throw new RangeError(`${this.#awaited.size} shards are not there yet`);
    return this.#finish();
  }

  #await(ref: ShardRef, index: number, room: Uint8Array): AwaitedShard {
    const name = shardName(ref);
    const shard: AwaitedShard = {
      name,
      room,
      accept: () => {
        if (ref.index !== index || digestShard(index, room) !== ref.digest) throw damaged(`shard ${name} is altered`);
        this.#awaited.delete(shard);
      },
    };
    return shard;
  }
}
