import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { lowerPriority, WAITING_NICE } from '../../../cli/supervisor/process-priority.ts';

const NICE_FIELD = 16;

/** Of each thread, as the kernel tells it. */
function nicesOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).map((thread) => {
    const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[NICE_FIELD]);
  });
}

it.skipIf(process.platform !== 'linux')('lets all threads of a process give way to others', async () => {
  const script = "process.stdout.write('up'); setInterval(() => {}, 1_000)";
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'ignore'], detached: true });
  try {
    await once(child.stdout, 'data');
    const pid = child.pid as number;
    expect(new Set(nicesOf(pid))).toEqual(new Set([0]));
    await lowerPriority(pid);
    const nices = nicesOf(pid);
    expect(nices.length).toBeGreaterThan(1);
    expect(new Set(nices)).toEqual(new Set([WAITING_NICE]));
    const autogroup = `/proc/${pid}/autogroup`;
    if (existsSync(autogroup)) expect(readFileSync(autogroup, 'utf8')).toContain(`nice ${WAITING_NICE}`);
  } finally {
    child.kill('SIGKILL');
  }
});
