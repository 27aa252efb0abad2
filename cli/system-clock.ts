import type { Clock } from '../core/clock.ts';

/** The wall clock. Only the composition root hands it out; everything else takes a `Clock`. */
export const systemClock: Clock = { nowMs: () => Date.now() };
