/**
 * Latency of `POST /v1/decisions` in an open loop: requests are due at fixed times whatever the server does, and latency runs
 * from the time a request was due, so that a stalled server cannot hide its stall by not being asked.
 */
import { costBetween, type PartCost, readPartUsage } from '../driver/cpu-times.ts';
import { createLatencyHistogram, type Quantiles } from '../driver/latency-histogram.ts';
import { syntheticTransaction } from '../driver/synthetic-events.ts';
import type { Target } from '../driver/target.ts';
import { delay } from '../send/event-sender.ts';
import { createHttpPoster } from '../send/http-post.ts';

export interface DecisionsOptions {
  readonly target: Target;
  readonly seconds: number;
  /** Decisions a second. */
  readonly rate: number;
  /** The deadline that each request names. */
  readonly timeoutMs: number;
  readonly connections: number;
  readonly signal: AbortSignal;
}

export interface DecisionsResult {
  readonly rate: number;
  /** Answers over the time until the last of them came: below `rate` where the server could not keep up. */
  readonly answeredPerSecond: number;
  readonly latencyMs: Quantiles;
  readonly seconds: number;
  readonly decisions: number;
  /** Answers by the fallback, past their deadline. */
  readonly degraded: number;
  /** Anything but 200, and requests without an answer. */
  readonly errors: number;
  readonly perPart: Readonly<Record<string, PartCost>>;
}

/** The compiler of each part is done with its work by then. */
const WARM_UP_SECONDS = 10;
const OK = 200;

export async function measureDecisions(o: DecisionsOptions): Promise<DecisionsResult> {
  const run = Date.now().toString(36);
  const poster = createHttpPoster({ baseUrl: o.target.url, token: o.target.token, connections: o.connections });
  const path = `/v1/decisions?timeoutMs=${o.timeoutMs}`;
  const histogram = createLatencyHistogram();
  const counts = { decisions: 0, degraded: 0, errors: 0 };
  const intervalMs = 1_000 / o.rate;
  const warmUp = Math.floor(o.rate * WARM_UP_SECONDS);
  const total = warmUp + Math.floor(o.rate * o.seconds);

  const ask = async (i: number, dueMs: number): Promise<void> => {
    const body = syntheticTransaction(run, i, Date.now());
    const reply = await poster.post(path, 'application/json', body).catch(() => undefined);
    if (i < warmUp) return;
    histogram.record(performance.now() - dueMs);
    if (reply?.status !== OK) counts.errors++;
    else {
      counts.decisions++;
      // The answer is ours and small: its one flag is looked for without parsing all of it.
      if (reply.body.includes('"degraded":true')) counts.degraded++;
    }
  };

  try {
    const pending = new Set<Promise<void>>();
    const startMs = performance.now();
    let before = readPartUsage(o.target.pids());
    let measuredFromMs = startMs;
    for (let i = 0; i < total; i++) {
      const dueMs = startMs + i * intervalMs;
      const waitMs = dueMs - performance.now();
      if (waitMs > 1) await delay(waitMs, o.signal);
      if (i === warmUp) {
        before = readPartUsage(o.target.pids());
        measuredFromMs = performance.now();
      }
      const asked = ask(i, dueMs);
      pending.add(asked);
      void asked.finally(() => pending.delete(asked));
    }
    const seconds = (performance.now() - measuredFromMs) / 1_000;
    const after = readPartUsage(o.target.pids());
    await Promise.all(pending);
    const answeredSeconds = (performance.now() - measuredFromMs) / 1_000;
    return {
      rate: o.rate,
      answeredPerSecond: Math.round(counts.decisions / answeredSeconds),
      latencyMs: histogram.quantiles(),
      seconds: o.seconds,
      ...counts,
      perPart: costBetween(before, after, seconds, counts.decisions),
    };
  } finally {
    poster.close();
  }
}
