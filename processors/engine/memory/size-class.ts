/**
 * Sizes of blocks, in granules of two words, by class: every size below 16 has one of its own, larger ones share eight to
 * a doubling. Two-level segregated fit (Masmano, Ripoll, Crespo, Real: "TLSF", ECRTS 2004).
 */

export const GRANULE_WORDS = 2;
const EXACT_CLASSES = 16;
const EXACT_LOG2 = 4;
const STEPS_LOG2 = 3;
const STEPS = 1 << STEPS_LOG2;
/** Enough for blocks of 2^29 words. */
export const SIZE_CLASSES = EXACT_CLASSES + STEPS * 25;

/** The class that a free block of so many granules is kept in. */
export function sizeClassOf(granules: number): number {
  if (granules < EXACT_CLASSES) return granules;
  const log2 = 31 - Math.clz32(granules);
  const step = (granules >>> (log2 - STEPS_LOG2)) & (STEPS - 1);
  return EXACT_CLASSES + (log2 - EXACT_LOG2) * STEPS + step;
}

/** The first class of which every block holds so many granules. */
export function sizeClassFor(granules: number): number {
  if (granules < EXACT_CLASSES) return granules;
  const log2 = 31 - Math.clz32(granules);
  return sizeClassOf(granules + (1 << (log2 - STEPS_LOG2)) - 1);
}
