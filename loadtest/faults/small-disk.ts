/**
 * A disk of its own for the log, small enough to be filled: a tmpfs, where the operating system lets us mount one (Linux,
 * root). Elsewhere the log stays on the machine's disk, and nothing is filled.
 */
import { execFile } from 'node:child_process';
import { mkdir, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const SIZE_MIB = 768;
const FILLER_CHUNK_BYTES = 8 * 1_048_576;

export interface SmallDisk {
  readonly isMounted: boolean;
  /** Leaves no byte. */
  fill(): Promise<void>;
  free(): Promise<void>;
  unmount(): Promise<void>;
}

export async function mountSmallDisk(path: string): Promise<SmallDisk> {
  await mkdir(path, { recursive: true });
  const isMounted = await run('mount', ['-t', 'tmpfs', '-o', `size=${SIZE_MIB}m`, 'tmpfs', path]).then(
    () => true,
    () => false,
  );
  const filler = join(path, 'filler');
  return {
    isMounted,
    async fill() {
      if (!isMounted) return;
      const { bavail, bsize } = await statfs(path);
      const chunk = Buffer.alloc(FILLER_CHUNK_BYTES, 1);
      for (let left = bavail * bsize; left > 0; left -= chunk.length) {
        const part = left < chunk.length ? chunk.subarray(0, left) : chunk;
        // The log writes meanwhile; whoever comes last finds the disk full, which is the aim.
        await writeFile(filler, part, { flag: 'a' }).catch(() => undefined);
      }
    },
    async free() {
      await rm(filler, { force: true });
    },
    async unmount() {
      if (isMounted) await run('umount', ['-l', path]);
    },
  };
}
