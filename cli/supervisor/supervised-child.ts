/**
 * Keeps one child running: starts it, and when it ends by itself starts it again after a pause that grows while it
 * keeps failing. One child's end touches no other.
 *
 *   starting ──▶ running ──▶ waiting ──▶ starting …
 *       └───────────┴───────────┴──▶ stopping ──▶ stopped
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';

export interface Child {
  readonly pid: number;
  readonly exited: Promise<unknown>;
  stop(): Promise<void>;
}

export type ChildState = 'starting' | 'running' | 'waiting' | 'stopping' | 'stopped';

export interface SupervisedChildOptions<C extends Child> {
  readonly name: string;
  readonly start: () => Promise<C>;
  readonly log: Logger;
  /** Called after each start, the first included. */
  readonly onRunning: (child: C) => void;
}

const PAUSE_MIN_MS = 100;
const PAUSE_MAX_MS = 5_000;
/** A child that lived this long starts again with the shortest pause. */
const HEALTHY_AFTER_MS = 10_000;

export interface SupervisedChild {
  readonly name: string;
  stop(): Promise<void>;
}

/** Resolves once the child runs for the first time; rejects if that first start fails. */
export async function superviseChild<C extends Child>(options: SupervisedChildOptions<C>): Promise<SupervisedChild> {
  const { name, log } = options;
  const stopRequest = new AbortController();
  let state: ChildState = 'starting';
  const become = (next: ChildState) => {
    log.debug({ part: name, from: state, to: next }, 'state');
    state = next;
  };

  let child = await options.start();
  become('running');
  options.onRunning(child);

  const supervision = (async () => {
    let pauseMs = PAUSE_MIN_MS;
    let startedMs = performance.now();
    for (;;) {
      const exit = await child.exited;
      if (stopRequest.signal.aborted) return;
      if (performance.now() - startedMs > HEALTHY_AFTER_MS) pauseMs = PAUSE_MIN_MS;
      log.warn({ part: name, exit, pauseMs }, 'ended by itself, starting it again');
      become('waiting');
      const restarted = await restart();
      if (restarted === undefined) return;
      child = restarted;
      if (stopRequest.signal.aborted) return;
      startedMs = performance.now();
      become('running');
      options.onRunning(child);
    }

    async function restart(): Promise<C | undefined> {
      while (!stopRequest.signal.aborted) {
        await pause(pauseMs, undefined, { signal: stopRequest.signal }).catch(() => {});
        pauseMs = Math.min(pauseMs * 2, PAUSE_MAX_MS);
        if (stopRequest.signal.aborted) return undefined;
        become('starting');
        try {
          return await options.start();
        } catch (error) {
          log.warn({ part: name, err: error, pauseMs }, 'did not start, trying again');
          become('waiting');
        }
      }
      return undefined;
    }
  })();

  return {
    name,
    async stop() {
      if (state === 'stopped') return;
      become('stopping');
      stopRequest.abort();
      // A restart may be under way: whatever it yields is stopped as well.
      await child.stop();
      await supervision;
      await child.stop();
      become('stopped');
    },
  };
}
