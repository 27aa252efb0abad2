/** A shard as a file: written and read whole, by the threads that Node.js keeps for files. */
import { open, rename, rm } from 'node:fs/promises';

/**
 * Under a temporary name first: whoever finds the file under its own finds it whole, but for a machine that lost power. It is not
 * flushed, since whoever reads it compares a digest.
 */
export async function writeShardFile(path: string, temporary: string, bytes: Uint8Array): Promise<void> {
  try {
    const file = await open(temporary, 'w', 0o600);
    try {
      for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at, bytes.length - at, at)).bytesWritten;
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
}

/**
 * Straight into `room`: the thread that reads also takes the faults of pages that were never touched. Whether the file is as long as
 * `room`. Rejects with the system's error; nothing is written to `room` afterwards.
 */
export async function readShardFile(path: string, room: Uint8Array): Promise<boolean> {
  const file = await open(path, 'r');
  try {
    if ((await file.stat()).size !== room.length) return false;
    for (let at = 0; at < room.length; ) {
      const { bytesRead } = await file.read(room, at, room.length - at, at);
      if (bytesRead === 0) return false;
      at += bytesRead;
    }
    return true;
  } finally {
    await file.close();
  }
}
