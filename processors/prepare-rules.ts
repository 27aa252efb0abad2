/**
 * Lets the engine work on a staged rule set between frames, a millisecond at a time, whether frames come or not: when its
 * activation comes through the log, it is ready and nothing has waited for it. Whoever is about to activate one is told
 * when that is so.
 */
import type { Engine } from './engine/engine.ts';

/** How long one turn may hold up what else there is to do. */
const TURN_MS = 1;

export interface Preparation {
  /** To be called after each frame: begins where there is something to prepare. */
  wake(): void;
  stop(): void;
}

/** `onChange` is told when a rule set has come, is compiled or has gone. */
export function createPreparation(engine: Pick<Engine, 'prepare' | 'staged'>, onChange: () => void): Preparation {
  let next: NodeJS.Immediate | undefined;
  let stopped = false;
  let told = engine.staged;

  const turn = (): void => {
    next = undefined;
    if (stopped) return;
    const endMs = performance.now() + TURN_MS;
    let isMore = engine.prepare();
    while (isMore && performance.now() < endMs) isMore = engine.prepare();
    if (isMore) next = setImmediate(turn);
    if (engine.staged === told) return;
    told = engine.staged;
    onChange();
  };

  return {
    wake() {
      next ??= setImmediate(turn);
    },
    stop() {
      stopped = true;
      clearImmediate(next);
    },
  };
}
