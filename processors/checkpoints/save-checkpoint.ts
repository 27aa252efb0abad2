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
 * A checkpoint is spread over so long, within these bounds of what is saved in a second: as fast as it goes, nats-server, the disk and
 * the copy take both of two cores, and events wait for them.
 */
const SPREAD_SECONDS = 10;
const PACE_BYTES_MIN = 16 * 1_048_576;
const PACE_BYTES_MAX = 64 * 1_048_576;
/** How often it is looked whether there is a reason to hurry. */
const PACE_LOOK_MS = 50;

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
 * `whenSafe` resolves once a state of this position may be restored; while `isUrgent`, the checkpoint is not spread over time. Throws
 * `log.unavailable`, and a `RangeError` where the undo log was full.
 */
export async function saveCheckpoint(
  engine: Pick<Engine, 'beginSnapshot'>,
  store: Pick<CheckpointStore, 'begin'>,
  whenSafe: (position: number) => Promise<void>,
  isUrgent: () => boolean = () => false,
): Promise<SavedCheckpoint> {
  const save = await store.begin();
  const beganMs = performance.now();
  const snapshot = engine.beginSnapshot((shard) => save.holds(shard));
  try {
    const copied = await copyShards(snapshot, save, performance.now() - beganMs, isUrgent);
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
  isUrgent: () => boolean,
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
  let longestSliceMs = beginMs;
  const whenPaced = createPace(snapshot, isUrgent);
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
    await whenPaced(bytes.length);
  }
  await Promise.all(puts);
  if (failure !== undefined) throw failure;
  return { written, longestSliceMs };
}

/** Resolves when the next shard is due that follows one of so many bytes; at once where none is left, or there is reason to hurry. */
function createPace(snapshot: EngineSnapshot, isUrgent: () => boolean): (bytes: number) => Promise<void> {
  const pace = Math.min(PACE_BYTES_MAX, Math.max(PACE_BYTES_MIN, snapshot.bytes / SPREAD_SECONDS));
  let dueMs = performance.now();
  return async (bytes) => {
    dueMs += (bytes / pace) * 1_000;
    while (snapshot.left > 0 && snapshot.undoFill < HURRY_FILL && !isUrgent()) {
      const aheadMs = dueMs - performance.now();
      if (aheadMs < 1) return;
      await wait(Math.min(aheadMs, PACE_LOOK_MS));
    }
  };
}

/** The fuller the undo log, the sooner what it holds back has to be copied. */
function slicePages({ undoFill }: EngineSnapshot): number {
  const hurry = Math.max(0, undoFill - HURRY_FILL) / (1 - HURRY_FILL);
  return Math.ceil(SLICE_PAGES * (1 + hurry * (HURRY_FACTOR - 1)));
}
