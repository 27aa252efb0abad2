/**
 * Lets a bounded number of tasks run at once; the rest wait in order. Ten thousand sockets that reconnect together ask
 * the store a few at a time.
 */
export interface Turnstile {
  /** Runs the task when its turn comes. */
  pass<T>(task: () => Promise<T>): Promise<T>;
  readonly waiting: number;
}

export function createTurnstile(tasksMax: number): Turnstile {
  let running = 0;
  const queue: (() => void)[] = [];
  return {
    async pass(task) {
      if (running >= tasksMax) await new Promise<void>((resolve) => queue.push(resolve));
      else running++;
      try {
        return await task();
      } finally {
        // The place goes to the next one directly, so that nobody slips in between.
        const next = queue.shift();
        if (next === undefined) running--;
        else next();
      }
    },
    get waiting() {
      return queue.length;
    },
  };
}
