/**
 * The engine's state as of one position, copied while the engine goes on: its small parts at once, the slab shard by shard
 * into rooms that the caller gives (`memory/undo-log.ts` keeps what changes meanwhile). A shard that is stored as it is now is
 * not copied again. Whoever takes it calls `open`, `copy` and `close` between frames until `open` finds no more.
 */
import { PAGE_SHIFT, PAGE_WORDS, type Slab } from '../memory/slab.ts';
import { PAGE_BYTES, UndoLog } from '../memory/undo-log.ts';
import { writeManifest } from './manifest.ts';
import type { SectionWriter } from './sections.ts';
import { type CopiedShard, ShardDigest, type ShardRef, shardName } from './shards.ts';

/** What is known of the shards as they were last copied: one of an engine, for all of its snapshots. */
export interface KnownShard {
  readonly ref: ShardRef;
  /** It is unchanged while the slab changed it in no round from this one on. */
  readonly round: number;
}

interface OpenShard {
  readonly index: number;
  readonly room: Uint8Array;
  readonly halves: Uint32Array;
  readonly byteLength: number;
  readonly digest: ShardDigest;
  /** Pages of it that are copied. */
  pages: number;
}

export class EngineSnapshot {
  /** The position that it reflects. */
  readonly position: number;
  /** A room for a shard has so many bytes: fewer than a shard where there is less than one. */
  readonly roomBytes: number;
  /** Shards that are not copied since they are stored already. */
  readonly kept: number;
  readonly #slab: Slab;
  readonly #shardBytes: number;
  readonly #top: number;
  readonly #sections: SectionWriter;
  readonly #known: (KnownShard | undefined)[];
  readonly #round: number;
  readonly #undo: UndoLog;
  readonly #refs: (ShardRef | undefined)[];
  readonly #waiting: Set<number>;
  #open: OpenShard | undefined;

  /** Begins it. `isStored` says of a shard's name whether it can be referred to. */
  constructor(
    position: number,
    slab: Slab,
    sections: SectionWriter,
    known: (KnownShard | undefined)[],
    isStored: (shard: string) => boolean,
  ) {
    const shards = Array.from({ length: slab.shards }, (_, index) => index);
    this.#refs = shards.map((index) => {
      const shard = known[index];
      if (shard === undefined || slab.changedIn(index) >= shard.round) return undefined;
      return isStored(shardName(shard.ref)) ? shard.ref : undefined;
    });
    this.#waiting = new Set(shards.filter((index) => this.#refs[index] === undefined));
    this.kept = shards.length - this.#waiting.size;
    this.#undo = new UndoLog(slab, (index) => this.#waiting.has(index));
    if (this.#waiting.size === 0) this.#undo.end();
    this.#round = slab.nextRound();
    this.position = position;
    this.#shardBytes = 2 ** slab.shardShift * 8;
    this.roomBytes = Math.min(this.#shardBytes, Math.ceil(slab.top / PAGE_WORDS) * PAGE_BYTES);
    this.#slab = slab;
    this.#top = slab.top;
    this.#sections = sections;
    this.#known = known;
  }

  /** Bytes of the state that it reflects, the slab's alone. */
  get bytes(): number {
    return this.#top * 8;
  }

  /** Shards that are not opened yet. */
  get left(): number {
    return this.#waiting.size;
  }

  /** Bytes that changes took which came before their copies, at most at once. */
  get undoBytes(): number {
    return this.#undo.bytesMax;
  }

  /** Share of the undo log that is in use: near 1, what is left should be copied soon. */
  get undoFill(): number {
    return this.#undo.fill;
  }

  /** Turns to the next shard, which goes to `room`, of `roomBytes` and aligned to words; false where there are no more. */
  open(room: Uint8Array): boolean {
    if (this.#open !== undefined) throw new RangeError('a shard is being copied already');
    if (room.length < this.roomBytes) throw new RangeError(`a shard does not fit ${room.length} bytes`);
    const index = this.#next();
    if (index === undefined) return false;
    this.#waiting.delete(index);
    const byteLength = Math.min(this.#shardBytes, this.bytes - index * this.#shardBytes);
    const halves = new Uint32Array(room.buffer, room.byteOffset, this.roomBytes / 4);
    this.#open = { index, room, halves, byteLength, digest: new ShardDigest(index, byteLength), pages: 0 };
    return true;
  }

  /**
   * Copies up to `pages` pages of 16 KiB; whether there are more in the shard. Throws a `RangeError` where more has changed
   * than is held: then the snapshot cannot be finished.
   */
  copy(pages: number): boolean {
    const shard = this.#opened();
    if (this.#undo.isFull) throw new RangeError('more of the state changed than is held until it is copied');
    const count = Math.ceil(shard.byteLength / PAGE_BYTES);
    const first = shard.index * 2 ** (this.#slab.shardShift - PAGE_SHIFT);
    const end = Math.min(shard.pages + pages, count);
    for (; shard.pages < end; shard.pages++) {
      const at = shard.pages * PAGE_BYTES;
      this.#undo.copy(first + shard.pages, shard.room, shard.halves, at);
      shard.digest.add(shard.halves, at / 4, Math.min(at + PAGE_BYTES, shard.byteLength) / 4);
    }
    return shard.pages < count;
  }

  /** The shard, all of which is copied. */
  close(): CopiedShard {
    const shard = this.#opened();
    if (shard.pages * PAGE_BYTES < shard.byteLength) throw new RangeError('the shard is not copied');
    const ref = { index: shard.index, position: this.position, digest: shard.digest.text() };
    this.#refs[shard.index] = ref;
    this.#known[shard.index] = { ref, round: this.#round };
    this.#open = undefined;
    if (this.#waiting.size === 0) this.#undo.end();
    return { name: shardName(ref), bytes: shard.room.subarray(0, shard.byteLength) };
  }

  /** Names of all shards, in the order of the slab, once there are no more to copy. Throws a `RangeError` before. */
  get shards(): readonly string[] {
    return this.#finished().map(shardName);
  }

  /** What `readManifest` reads. Once, when there are no more shards to copy; throws a `RangeError` before. */
  manifest(): Uint8Array {
    return writeManifest(this.#sections, this.#shardBytes, this.#finished());
  }

  /** It is not wanted any more. */
  abandon(): void {
    this.#undo.end();
    this.#waiting.clear();
  }

  /** The shard that changed most in the meantime: once it is copied, its changes need no longer be held. */
  #next(): number | undefined {
    let best: number | undefined;
    for (const index of this.#waiting)
      if (best === undefined || this.#undo.heldIn(index) > this.#undo.heldIn(best)) best = index;
    return best;
  }

  #opened(): OpenShard {
    if (this.#open === undefined) throw new RangeError('no shard is being copied');
    return this.#open;
  }

  #finished(): ShardRef[] {
    return this.#refs.map((ref) => {
      if (ref === undefined) throw new RangeError('the snapshot is not copied yet');
      return ref;
    });
  }
}
