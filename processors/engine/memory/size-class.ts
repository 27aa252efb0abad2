/**
 * The sizes in which the slab gives out blocks: 1, 2, 3 and then {4, 5, 6, 7} × 2^k words. A ring of up to seven columns
 * and a power-of-two capacity fits its class exactly; anything else wastes at most a fifth.
 */

/** Enough for blocks of 2^32 words. */
export const SIZE_CLASSES = 4 * 31;

/** The class of the smallest block that holds `words`, from 0 on. */
export function sizeClassOf(words: number): number {
  if (words < 4) return words - 1;
  const shift = 29 - Math.clz32(words - 1);
  if (shift < 0) return 3;
  const quarter = Math.ceil(words / 2 ** shift);
  // A full eighth quarter is the first of the next doubling.
  return quarter === 8 ? 3 + (shift + 1) * 4 : 3 + shift * 4 + (quarter - 4);
}

/** Words that a block of the class holds. */
export function sizeOfClass(sizeClass: number): number {
  if (sizeClass < 3) return sizeClass + 1;
  const step = sizeClass - 3;
  return (4 + (step & 3)) * 2 ** (step >> 2);
}
