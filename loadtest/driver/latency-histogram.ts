/**
 * Latencies in logarithmic buckets (2 % wide): constant memory whatever the load, mergeable across processes, with
 * quantiles that are right to within a bucket.
 */
const GROWTH = Math.log(1.02);
const SMALLEST_MS = 0.01;
/** Up to about 10 minutes. */
const BUCKETS = 910;

export interface Quantiles {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
}

export interface LatencyHistogram {
  readonly counts: number[];
  record(ms: number): void;
  add(counts: readonly number[]): void;
  readonly total: number;
  /** Upper edge of the bucket that holds the quantile, milliseconds; 0 when nothing was recorded. */
  quantile(q: number): number;
  quantiles(): Quantiles;
}

export function createLatencyHistogram(): LatencyHistogram {
  const counts = new Array<number>(BUCKETS).fill(0);
  let total = 0;
  function quantile(q: number): number {
    let left = Math.ceil(q * total);
    if (left === 0) return 0;
    for (let i = 0; i < BUCKETS; i++) {
      left -= counts[i] ?? 0;
      if (left <= 0) return round(SMALLEST_MS * Math.exp((i + 1) * GROWTH));
    }
    return Number.POSITIVE_INFINITY;
  }
  return {
    counts,
    get total() {
      return total;
    },
    record(ms) {
      const index = ms <= SMALLEST_MS ? 0 : Math.floor(Math.log(ms / SMALLEST_MS) / GROWTH);
      const bucket = Math.min(BUCKETS - 1, index);
      counts[bucket] = (counts[bucket] ?? 0) + 1;
      total++;
    },
    add(others) {
      others.forEach((count, i) => {
        counts[i] = (counts[i] ?? 0) + count;
        total += count;
      });
    },
    quantile,
    quantiles: () => ({ p50: quantile(0.5), p99: quantile(0.99), p999: quantile(0.999) }),
  };
}

function round(ms: number): number {
  return Math.round(ms * 100) / 100;
}
