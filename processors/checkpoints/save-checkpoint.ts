/**
 * One checkpoint, from its beginning at a position to its manifest in the store. The engine stands still for a slice at a time;
 * shards are stored while later ones are copied. Memory beside the state: the rooms of shards under way, and the undo log.
 */
import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';
import type { CheckpointSave, CheckpointStore } from '../../stream/checkpoints/checkpoint-store.ts';
import type { Engine } from '../engine/engine.ts';
import type { EngineSnapshot } from '../engine/snapshots/engine-snapshot.ts';
import { createShardRooms } from './shard-rooms.ts';

/** One mebibyte: copied and digested in well under a millisecond. */
const SLICE_PAGES = 64;
/** Copies go on while so many shards are being stored: at this pace more make puts no faster, and come in bursts that events wait for. */
const ROOMS = 2;
/** From this share of the undo log on, slices are larger by as much as is missing of it, at most so many times. */
const HURRY_FILL = 0.5;
const HURRY_FACTOR = 4;
/**
 * What is saved in a second, unless the undo log hurries: as fast as it goes, nats-server, the disk and the copy take both of two cores,
 * and events wait for them.
 */
const PACE_BYTES = 128 * 1_048_576;

export interface SavedCheckpoint {
  readonly position: number;
  readonly bytes: number;
  readonly written: number;
  readonly kept: number;
  readonly undoBytes: number;
  /** The longest time that the engine stood still. */
  readonly longestSliceMs: number;
}

/**
 * `whenSafe` resolves once a state of this position may be restored. Throws `log.unavailable`, and a `RangeError` where the
 * undo log was full.
 */
export async function saveCheckpoint(
  engine: Pick<Engine, 'beginSnapshot'>,
  store: Pick<CheckpointStore, 'begin'>,
  whenSafe: (position: number) => Promise<void>,
): Promise<SavedCheckpoint> {
  const save = await store.begin();
  const beganMs = performance.now();
  const snapshot = engine.beginSnapshot((shard) => save.holds(shard));
  try {
    const copied = await copyShards(snapshot, save, performance.now() - beganMs);
    await whenSafe(snapshot.position);
    const { position, bytes, shards, kept, undoBytes } = snapshot;
    await save.finish({ position, bytes, shards, manifest: snapshot.manifest() });
    return { position, bytes, kept, undoBytes, ...copied };
  } finally {
    snapshot.abandon();
  }
}

async function copyShards(
  snapshot: EngineSnapshot,
  save: CheckpointSave,
  beginMs: number,
): Promise<{ written: number; longestSliceMs: number }> {
  const rooms = createShardRooms(ROOMS, snapshot.roomBytes);
  const puts = new Set<Promise<void>>();
  let failure: unknown;
  const put = async (name: string, bytes: Uint8Array, room: Uint8Array): Promise<void> => {
    const isFree = await save.put(name, bytes).catch((error: unknown) => {
      failure ??= error;
      return false;
    });
    rooms.give(room, isFree);
  };
  let written = 0;
  let bytesCopied = 0;
  let longestSliceMs = beginMs;
  const startedMs = performance.now();
  for (let room = await rooms.take(); failure === undefined && snapshot.open(room); room = await rooms.take()) {
    for (let isMore = true; isMore; ) {
      const sliceMs = performance.now();
      isMore = snapshot.copy(slicePages(snapshot));
      longestSliceMs = Math.max(longestSliceMs, performance.now() - sliceMs);
      await nextTurn();
    }
    const { name, bytes } = snapshot.close();
    written++;
    const done = put(name, bytes, room).finally(() => puts.delete(done));
    puts.add(done);
    bytesCopied += bytes.length;
    const aheadMs = startedMs + (bytesCopied / PACE_BYTES) * 1_000 - performance.now();
    if (aheadMs >= 1 && snapshot.undoFill < HURRY_FILL) await wait(aheadMs);
  }
  await Promise.all(puts);
  if (failure !== undefined) throw failure;
  return { written, longestSliceMs };
}

/** The fuller the undo log, the sooner what it holds back has to be copied. */
function slicePages({ undoFill }: EngineSnapshot): number {
  const hurry = Math.max(0, undoFill - HURRY_FILL) / (1 - HURRY_FILL);
  return Math.ceil(SLICE_PAGES * (1 + hurry * (HURRY_FACTOR - 1)));
}
