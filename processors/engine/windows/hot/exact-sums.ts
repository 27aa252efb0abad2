/**
 * Sums that are exact whatever the order, and can be taken back: a number is cut into limbs of 26 bits, and each limb is
 * summed on its own in a word (as in Kulisch's long accumulator). 2^26 numbers fit before a word could round. Two such sums
 * at both ends of a window give the window's, so its length does not matter, nor how its events are stored.
 */

const LIMB_BITS = 26;
const LIMB_BITS_BIG = 26n;
/** Veltkamp's constant for 53 bits. */
const SPLITTER = 2 ** 27 + 1;

export interface ExactFormat {
  readonly limbs: number;
  /** The lowest bit stands for two to this. */
  readonly lowest: number;
  readonly weights: Float64Array;
  readonly inverses: Float64Array;
}

/** Numbers below 2^52 that are multiples of 2^-104 (down to 1e-15 with all digits), and their squares. */
export const NUMBERS = createFormat(6, -104);
export const SQUARES = createFormat(12, -208);
/** Squares of safe integers. */
export const MONEY_SQUARES = createFormat(5, 0);

const NUMBER_MAX = 2 ** 52;
const NUMBER_SCALE = 2 ** 104;

function createFormat(limbs: number, lowest: number): ExactFormat {
  const weights = Float64Array.from({ length: limbs }, (_, i) => 2 ** (lowest + i * LIMB_BITS));
  return { limbs, lowest, weights, inverses: weights.map((weight) => 1 / weight) };
}

/** Whether `NUMBERS` and `SQUARES` hold the number to its last bit. */
export function isExact(value: number): boolean {
  return Math.abs(value) < NUMBER_MAX && Number.isInteger(value * NUMBER_SCALE);
}

/** Adds a number that the format holds to the limbs from `words[at]` on. */
export function addExact(words: Float64Array, at: number, format: ExactFormat, value: number): void {
  const { inverses, weights } = format;
  let rest = value;
  for (let i = format.limbs - 1; rest !== 0 && i >= 0; i--) {
    const part = Math.trunc(rest * (inverses[i] as number));
    if (part === 0) continue;
    words[at + i] = (words[at + i] as number) + part;
    rest -= part * (weights[i] as number);
  }
}

/** Adds `sign` times the square of a number (Dekker's exact product). */
export function addSquare(words: Float64Array, at: number, format: ExactFormat, value: number, sign: 1 | -1): void {
  const product = value * value;
  const scaled = value * SPLITTER;
  const high = scaled - (scaled - value);
  const low = value - high;
  const error = high * high - product + 2 * high * low + low * low;
  addExact(words, at, format, product * sign);
  if (error !== 0) addExact(words, at, format, error * sign);
}

/** The sum in units of the format's lowest bit. */
export function wholeOf(words: Float64Array, at: number, format: ExactFormat): bigint {
  let whole = 0n;
  for (let i = format.limbs - 1; i >= 0; i--) whole = (whole << LIMB_BITS_BIG) + BigInt(words[at + i] as number);
  return whole;
}
