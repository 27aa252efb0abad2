/**
 * How long an unfull batch waits for more. A block costs the store some 70 ms however small it is: ten times as long as the
 * last batch took leaves it nine tenths of its time for reading and merging, and makes blocks larger the slower it is.
 */

const TIMES_LAST_BATCH = 10;

export interface Linger {
  /** For the batch that is being filled. */
  readonly ms: number;
  /** A batch was written in so many milliseconds. */
  written(tookMs: number): void;
}

/** Between `minMs`, for a store that is quick, and `maxMs`. */
export function createLinger(minMs: number, maxMs: number): Linger {
  let ms = minMs;
  return {
    get ms() {
      return ms;
    },
    written(tookMs) {
      ms = Math.max(minMs, Math.min(maxMs, tookMs * TIMES_LAST_BATCH));
    },
  };
}
