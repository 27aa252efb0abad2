/** Snapshots as tests compare and keep them. */
import type { Engine } from '../../../processors/engine/engine.ts';
import type { EngineSnapshot } from '../../../processors/engine/snapshots/engine-snapshot.ts';
import type { SavedState } from '../../../processors/engine/snapshots/saved-state.ts';
import { parseShardName } from '../../../processors/engine/snapshots/shards.ts';

/** The manifest's sections and all words of the state: what may differ between two saves of one state are shards' names. */
export function wordsOf({ shards }: SavedState): Buffer {
  const inOrder = [...shards].sort(([a], [b]) => parseShardName(a).index - parseShardName(b).index);
  return Buffer.concat(inOrder.map(([, bytes]) => bytes));
}

/** Everything of it, for comparison with a snapshot of the same position that was written whole as well. */
export function bytesOf(saved: SavedState): Buffer {
  return Buffer.concat([saved.manifest, wordsOf(saved)]);
}

/** Shards by name, as a store keeps them: a shard that is there is not written again. */
export class ShardStore {
  readonly shards = new Map<string, Uint8Array>();
  readonly holds = (shard: string): boolean => this.shards.has(shard);

  /** Begins a snapshot of what is not here yet. */
  begin(engine: Engine): EngineSnapshot {
    return engine.beginSnapshot(this.holds);
  }

  /** Copies on, a few pages at a time, with `between` each; how many shards were written. */
  write(snapshot: EngineSnapshot, pages: number, between: () => void = () => undefined): number {
    const room = new Uint8Array(snapshot.roomBytes);
    let written = 0;
    between();
    for (; snapshot.open(room); written++) {
      while (snapshot.copy(pages)) between();
      const { name, bytes } = snapshot.close();
      this.shards.set(name, bytes.slice());
      between();
    }
    return written;
  }

  /** The finished snapshot, with the shards that it refers to. */
  take(snapshot: EngineSnapshot): SavedState {
    const shards = new Map(snapshot.shards.map((name) => [name, this.shards.get(name) ?? new Uint8Array(0)]));
    return { manifest: snapshot.manifest(), shards };
  }
}
