/** Two processors of one log, each started again when it ends: what `weir start --role processor` keeps, twice. */
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { PROCESSOR_NODE_FLAGS } from '../../core/node-flags.ts';

const RESTART_PAUSE_MS = 100;
const STOP_MAX_MS = 15_000;

export interface ProcessorPair {
  /** Ids of those that live. */
  pids(): readonly number[];
  /** Asks both to stop, and kills whoever does not in time. */
  stop(): Promise<void>;
}

/** `parts` is JSON of where the log is, as the supervisor hands it to its processes. */
export function startProcessorPair(root: string, parts: string, dataDir: string): ProcessorPair {
  const children = new Set<ChildProcess>();
  let stopping = false;

  const start = (): void => {
    const child = fork(join(root, 'dist/cli/role-main.js'), ['processor', '{"serves":[]}'], {
      env: { ...process.env, WEIR_PARTS: parts, WEIR_DATA_DIR: dataDir, LOG_LEVEL: 'silent' },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      execArgv: [...PROCESSOR_NODE_FLAGS],
    });
    children.add(child);
    child.once('exit', () => {
      children.delete(child);
      if (!stopping) setTimeout(() => !stopping && start(), RESTART_PAUSE_MS);
    });
  };
  start();
  start();

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
