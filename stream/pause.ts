/** Waiting: a plain pause, and how long to wait before the next attempt at something that failed. */
const PAUSE_MIN_MS = 25;
const PAUSE_MAX_MS = 1_000;

/** Resolves after `ms`; the timer does not keep the process alive when `ref` is false. */
export function pause(ms: number, ref = true): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    if (!ref) timer.unref();
  });
}

/** Doubles from 25 ms to a second, with jitter. `attempt` counts from 0. */
export function backOffMs(attempt: number): number {
  const ms = Math.min(PAUSE_MIN_MS * 2 ** Math.min(attempt, 10), PAUSE_MAX_MS);
  return ms / 2 + (Math.random() * ms) / 2;
}
