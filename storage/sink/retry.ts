/** Tries a step until it succeeds: the sink never drops, it waits. Only stopping ends it, or another sink. */
import { setTimeout as wait } from 'node:timers/promises';

const FIRST_PAUSE_MS = 50;
const PAUSE_MAX_MS = 5_000;

/** The sink was asked to stop while a step was waiting. */
export class StoppedError extends Error {
  constructor() {
    super('stopped');
    this.name = 'StoppedError';
  }
}

/** Another sink has gone on from here: nothing that this one has in hand may be written any more. */
export class OvertakenError extends Error {
  constructor(what: string) {
    super(what);
    this.name = 'OvertakenError';
  }
}

export async function retryForever<T>(
  step: () => Promise<T>,
  signal: AbortSignal,
  onFailure: (error: unknown, pauseMs: number) => void,
): Promise<T> {
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, PAUSE_MAX_MS)) {
    if (signal.aborted) throw new StoppedError();
    try {
      return await step();
    } catch (error) {
      if (signal.aborted) throw new StoppedError();
      if (error instanceof OvertakenError) throw error;
      onFailure(error, pauseMs);
      await wait(pauseMs, undefined, { signal }).catch(() => undefined);
    }
  }
}
