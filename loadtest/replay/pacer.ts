/** Paces by event time: one second of the file takes `1 / factor` seconds. Time that jumps back starts anew. */

/** What is due sooner than this is sent together: timers are no finer, and requests not free. */
const GRAIN_MS = 20;

export interface Pacer {
  /** How long to wait before an event of this time may be sent; 0 when it is due. */
  waitMs(timeMs: number): number;
}

export function createPacer(factor: number, nowMs: () => number): Pacer {
  let startMs: number | undefined;
  let startEventMs = 0;
  let newestMs = 0;
  return {
    waitMs(timeMs) {
      if (startMs === undefined || timeMs < newestMs - GRAIN_MS) {
        startMs = nowMs();
        startEventMs = timeMs;
      }
      newestMs = timeMs;
      const dueMs = startMs + (timeMs - startEventMs) / factor;
      const waitMs = dueMs - nowMs();
      return waitMs > GRAIN_MS ? waitMs : 0;
    },
  };
}
