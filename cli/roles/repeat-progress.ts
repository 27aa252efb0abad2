/** Tells a part's progress four times a second, changed or not: its age is how others see that the part lives. */
import type { StreamConnection } from '../../stream/connection.ts';
import { type Progress, type ProgressRole, publishProgress } from '../../stream/progress.ts';

const PROGRESS_INTERVAL_MS = 250;

export interface RepeatedProgress {
  set(progress: Progress): void;
  /** Tells nothing until the next `set`. */
  clear(): void;
  stop(): void;
}

export function repeatProgress(connection: StreamConnection, role: ProgressRole): RepeatedProgress {
  let last: Progress | undefined;
  const timer = setInterval(() => {
    if (last !== undefined) publishProgress(connection, role, last);
  }, PROGRESS_INTERVAL_MS);
  return {
    set(progress) {
      last = progress;
    },
    clear() {
      last = undefined;
    },
    stop: () => clearInterval(timer),
  };
}
