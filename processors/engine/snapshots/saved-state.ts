/** A snapshot in memory, whole: of small states, and of tests. */
import { WeirError } from '../../../core/errors.ts';
import type { EngineRestore } from './engine-restore.ts';
import type { EngineSnapshot } from './engine-snapshot.ts';

export interface SavedState {
  readonly manifest: Uint8Array;
  /** By their names. */
  readonly shards: ReadonlyMap<string, Uint8Array>;
}

/** All of a snapshot at once. */
export function copyAll(snapshot: EngineSnapshot): SavedState {
  const shards = new Map<string, Uint8Array>();
  const room = new Uint8Array(snapshot.roomBytes);
  while (snapshot.open(room)) {
    while (snapshot.copy(Number.POSITIVE_INFINITY));
    const { name, bytes } = snapshot.close();
    shards.set(name, bytes.slice());
  }
  return { manifest: snapshot.manifest(), shards };
}

/** Throws a `WeirError` `checkpoint.damaged` where a shard is missing or altered. */
export function fillFrom<E>(restore: EngineRestore<E>, shards: SavedState['shards']): E {
  for (const { name, room, accept } of restore.shards) {
    const bytes = shards.get(name);
    if (bytes?.length !== room.length) throw new WeirError('checkpoint.damaged', `shard ${name} is not there whole`);
    room.set(bytes);
    accept();
  }
  return restore.finish();
}
