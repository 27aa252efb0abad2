/**
 * Memory for checkpoints, kept from one to the next: all of it is written to once, a little at a time, before the first
 * snapshot lies in it. Pages of a snapshot are copied in the order in which they change, so that its first frame would
 * otherwise wait for the operating system to clear nearly all of it (360 ms for 180 MB).
 */
import { setImmediate as nextTurn } from 'node:timers/promises';

/** Room beyond what is needed now, so that a growing state does not need new room each time. */
const SPARE_SHARE = 1.15;
const SPARE_BYTES = 2 * 1_048_576;
/** The longest typed array of Node.js 20. */
const ROOM_BYTES_MAX = 2 ** 32;
/** Cleared in well under a millisecond. */
const SLICE_BYTES = 1_048_576;

export interface SnapshotRoom {
  /** Room for at least so many bytes, and some more; resolves when all of it is there. */
  reserve(bytes: number): Promise<Uint8Array>;
}

export function createSnapshotRoom(): SnapshotRoom {
  let room = new Uint8Array(0);
  return {
    async reserve(bytes) {
      if (room.length >= Math.min(bytes + SPARE_BYTES, ROOM_BYTES_MAX)) return room;
      // The one before is let go first: both at once would be a third image of the state.
      room = new Uint8Array(0);
      const grown = new Uint8Array(Math.min(ROOM_BYTES_MAX, Math.ceil(bytes * SPARE_SHARE) + 2 * SPARE_BYTES));
      for (let at = 0; at < grown.length; at += SLICE_BYTES) {
        grown.fill(0, at, at + SLICE_BYTES);
        await nextTurn();
      }
      room = grown;
      return room;
    },
  };
}
