/** A latch between two loops: `wait` returns at once if `notify` came since the last wait. One waiter at a time. */
export interface Wake {
  notify(): void;
  /** Returns after a notification or, where given, the time. */
  wait(timeoutMs?: number): Promise<void>;
}

export function createWake(): Wake {
  let raised = false;
  let release: (() => void) | undefined;
  return {
    notify() {
      raised = true;
      release?.();
    },
    async wait(timeoutMs) {
      if (!raised) {
        let timer: NodeJS.Timeout | undefined;
        await new Promise<void>((done) => {
          release = done;
          if (timeoutMs !== undefined) timer = setTimeout(done, timeoutMs);
        });
        clearTimeout(timer);
        release = undefined;
      }
      raised = false;
    },
  };
}
