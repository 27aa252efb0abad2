/**
 * Processors of one log, each started again when it ends: what `weir start --role processor` keeps on as many machines. One
 * that is started again knows that its predecessor has ended, and nothing of the others.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { PROCESSOR_NODE_FLAGS } from '../../core/node-flags.ts';

const RESTART_PAUSE_MS = 100;
const STOP_MAX_MS = 15_000;

export interface Processors {
  /** Ids of those that live. */
  pids(): readonly number[];
  /** Asks all to stop, and kills whoever does not in time. */
  stop(): Promise<void>;
}

/** `parts` is JSON of where the log is, as the supervisor hands it to its processes. */
export function startProcessors(count: number, root: string, parts: string, dataDir: string): Processors {
  const children = new Set<ChildProcess>();
  let stopping = false;

  const start = (name: string, ended: readonly string[]): void => {
    const id = randomBytes(6).toString('hex');
    const brief = JSON.stringify({ name, serves: [], id, ended });
    const child = fork(join(root, 'dist/cli/role-main.js'), ['processor', brief], {
      env: { ...process.env, WEIR_PARTS: parts, WEIR_DATA_DIR: dataDir, LOG_LEVEL: 'silent' },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      execArgv: [...PROCESSOR_NODE_FLAGS],
    });
    children.add(child);
    child.once('exit', () => {
      children.delete(child);
      if (!stopping) setTimeout(() => !stopping && start(name, [id]), RESTART_PAUSE_MS);
    });
  };
  for (let i = 0; i < count; i++) start(`processor-${i + 1}`, []);

  return {
    pids: () => [...children].flatMap(({ pid }) => (pid === undefined ? [] : [pid])),
    async stop() {
      stopping = true;
      await Promise.all(
        [...children].map(
          (child) =>
            new Promise<void>((resolve) => {
              const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MAX_MS);
              child.once('exit', () => {
                clearTimeout(timer);
                resolve();
              });
              // One that was paused would not hear the other.
              child.kill('SIGCONT');
              child.kill('SIGTERM');
            }),
        ),
      );
    },
  };
}
