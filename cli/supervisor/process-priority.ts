/**
 * Which parts give way where cores are short: what is stored for reports can wait some milliseconds, a decision cannot. Nothing is
 * lost or refused by it; the sink's lag grows first.
 */
import { readdir, writeFile } from 'node:fs/promises';
import { setPriority } from 'node:os';

/** As `nice` counts. With both cores of two busy, about a tenth of what an equal part would get. */
export const WAITING_NICE = 10;

/**
 * For all threads of a process, and those that they start. Linux groups the processes of a session for scheduling, where nothing else
 * groups them, and then only the group's own value counts among groups. Rejects where the system does not let it.
 */
export async function lowerPriority(pid: number): Promise<void> {
  if (process.platform !== 'linux') return setPriority(pid, WAITING_NICE);
  await writeFile(`/proc/${pid}/autogroup`, String(WAITING_NICE)).catch((error: NodeJS.ErrnoException) => {
    // A kernel that was built without such groups.
    if (error.code !== 'ENOENT') throw error;
  });
  for (const thread of await readdir(`/proc/${pid}/task`)) lowerThread(Number(thread));
}

function lowerThread(thread: number): void {
  try {
    setPriority(thread, WAITING_NICE);
  } catch (error) {
    // Threads come and go: this one has ended since it was listed.
    if (!(error instanceof Error) || !error.message.includes('ESRCH')) throw error;
  }
}
