/**
 * The capacities of rings that need not be powers of two, by step: 2, 3, 4, 6, 8 and then by a quarter (10, 12, 14, 16, 20 …),
 * so that a ring in use is full to nine tenths on average. Steps are numbers below 256.
 */

export const STEP_AT_START = 0;
/** From here on rings grow by one step, smaller ones by two. */
const SMALL_STEPS = 8;

export function capacityOf(step: number): number {
  return ((4 + (step & 3)) << (step >> 2)) >>> 1;
}

/** A slot of the ring for one that may lie up to a capacity past its end. */
export function wrapped(slot: number, capacity: number): number {
  return slot < capacity ? slot : slot - capacity;
}

/** The step to grow to. */
export function stepAfter(step: number): number {
  return step < SMALL_STEPS ? step + 2 : step + 1;
}

/** The step of the smallest ring that holds so many events. */
export function stepFor(events: number): number {
  let step = STEP_AT_START;
  while (capacityOf(step) < events) step = stepAfter(step);
  return step;
}
