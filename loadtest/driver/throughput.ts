/**
 * Whether the whole path sustains a rate: open-loop load at it, and the lag of processor, sink and live hub watched meanwhile. All
 * parts, and the senders, share the machine; what each used is reported. `search-throughput.ts` looks for the highest such rate.
 */
import { DAY_MS } from '../../core/clock.ts';
import { costBetween, type PartCost, readPartUsage } from './cpu-times.ts';
import type { Quantiles } from './latency-histogram.ts';
import { type LoadTotals, type LoadWorkers, startLoadWorkers } from './load-workers.ts';
import type { Target } from './target.ts';
import { waitForIdle, waitForRest, waitUntilDrained } from './wait-for-rest.ts';
import { judgeLag, type LagReport, watchLag } from './watch-lag.ts';

export interface ThroughputOptions {
  readonly target: Target;
  readonly workers?: number;
  readonly connectionsPerWorker?: number;
  readonly batchEvents?: number;
  /** Seconds of event time in a second. */
  readonly timeCompression?: number;
  readonly onStep?: (step: ThroughputStep) => void;
  readonly signal: AbortSignal;
}

export interface ThroughputStep {
  readonly offeredPerSecond: number;
  readonly acceptedPerSecond: number;
  readonly seconds: number;
  readonly sustained: boolean;
  /** Why it was not. */
  readonly reason: string;
  readonly lag: LagReport;
  /** Until everything accepted was processed and stored. */
  readonly drainSeconds: number;
  readonly latencyMs: Quantiles;
  readonly rejected: number;
  readonly retries: number;
  readonly perPart: Readonly<Record<string, PartCost>>;
}

export interface ThroughputResult {
  readonly eventsPerSecond: number;
  readonly sustained: boolean;
  readonly lagGrowing: boolean;
  readonly seconds: number;
  readonly perPart: Readonly<Record<string, PartCost>>;
  readonly latencyMs: Quantiles;
  readonly lag: LagReport;
  readonly drainSeconds: number;
  readonly rejected: number;
  readonly steps: readonly ThroughputStep[];
}

const WARM_UP_SECONDS = 8;
const WARM_UP_RATE = 1_500;
const BATCH_EVENTS = 500;
const TIME_COMPRESSION = 600;
const ACCEPTED_SHARE_MIN = 0.98;
/** A lag that stands is a batch of the sink's, which fills for up to two seconds, and what is on the way. */
const LAG_MAX_SECONDS = 6;
const LAG_SAMPLES_PER_SECOND_MIN = 0.3;
/** Event time begins this far back, so that compressed time never passes the clock. */
const EVENT_TIME_BACK_MS = 150 * DAY_MS;

/** Load at `rate` events a second. */
export type RunStep = (rate: number, seconds: number) => Promise<ThroughputStep>;

/** What `run` makes of steps on one Weir, which is warmed up at no more than `rateMax`, and all of them. */
export async function takeSteps<R>(
  o: ThroughputOptions,
  rateMax: number,
  run: (step: RunStep) => Promise<R>,
): Promise<{ readonly result: R; readonly steps: readonly ThroughputStep[] }> {
  const workers = await startLoadWorkers(o.workers ?? 1);
  const timeline = { eventMs: Date.now() - EVENT_TIME_BACK_MS };
  const steps: ThroughputStep[] = [];
  const step: RunStep = async (rate, seconds) => {
    o.signal.throwIfAborted();
    const done = await runStep(o, workers, timeline, rate, seconds);
    steps.push(done);
    o.onStep?.(done);
    return done;
  };
  try {
    // The compiler's first seconds tell nothing about the rest.
    await step(Math.min(rateMax, WARM_UP_RATE), WARM_UP_SECONDS);
    return { result: await run(step), steps };
  } finally {
    workers.stop();
  }
}

/** `rate` events a second for `seconds`. */
export async function measureThroughput(
  o: ThroughputOptions & { readonly rate: number; readonly seconds: number },
): Promise<ThroughputResult> {
  const { result, steps } = await takeSteps(o, o.rate, (step) => step(o.rate, o.seconds));
  return {
    eventsPerSecond: result.acceptedPerSecond,
    sustained: result.sustained,
    lagGrowing: result.lag.growing,
    seconds: result.seconds,
    perPart: result.perPart,
    latencyMs: result.latencyMs,
    lag: result.lag,
    drainSeconds: result.drainSeconds,
    rejected: result.rejected,
    steps,
  };
}

async function runStep(
  o: ThroughputOptions,
  workers: LoadWorkers,
  timeline: { eventMs: number },
  rate: number,
  seconds: number,
): Promise<ThroughputStep> {
  const { target } = o;
  const batchEvents = Math.max(1, Math.min(o.batchEvents ?? BATCH_EVENTS, Math.ceil(rate / 20)));
  const timeCompression = o.timeCompression ?? TIME_COMPRESSION;
  const lag = watchLag(target.url, target.token);
  try {
    await waitForRest(() => readPartUsage(target.pids()), o.signal);
    const base = await waitForIdle(lag, o.signal);
    const skipped = lag.samples.length;
    const usageBefore = readPartUsage(target.pids());
    const totals = await workers.run({
      url: target.url,
      token: target.token,
      run: `lt-${Date.now().toString(36)}`,
      rate,
      seconds,
      batchEvents,
      connections: o.connectionsPerWorker ?? 4,
      startEventMs: timeline.eventMs,
      timeCompression,
    });
    timeline.eventMs += Math.ceil((seconds + 1) * 1_000 * timeCompression);
    const usageAfter = readPartUsage(target.pids());
    const during = lag.samples.slice(skipped);
    const drainStartMs = performance.now();
    await waitUntilDrained(lag, o.signal, base);
    const drainSeconds = Math.round((performance.now() - drainStartMs) / 10) / 100;
    const report = judgeLag(base, during);
    const acceptedPerSecond = Math.round(totals.accepted / totals.seconds);
    const reason = whyNotSustained(totals, report, rate, seconds, batchEvents);
    return {
      offeredPerSecond: rate,
      acceptedPerSecond,
      seconds: Math.round(totals.seconds * 100) / 100,
      sustained: reason === '',
      reason,
      lag: report,
      drainSeconds,
      latencyMs: totals.latencyMs,
      rejected: totals.rejected,
      retries: totals.retries,
      perPart: {
        ...costBetween(usageBefore, usageAfter, totals.seconds, totals.accepted),
        'load workers': {
          cpuSeconds: Math.round(totals.cpuSeconds * 100) / 100,
          cores: Math.round((totals.cpuSeconds / totals.seconds) * 1_000) / 1_000,
          microsecondsPerEvent:
            totals.accepted === 0 ? 0 : Math.round((totals.cpuSeconds * 1e8) / totals.accepted) / 100,
          residentMiB: 0,
        },
      },
    };
  } finally {
    await lag.stop();
  }
}

function whyNotSustained(
  totals: LoadTotals,
  lag: LagReport,
  rate: number,
  seconds: number,
  batchEvents: number,
): string {
  // The last interval's batch may fall just outside.
  const offered = rate * seconds - batchEvents;
  if (totals.accepted < offered * ACCEPTED_SHARE_MIN) {
    return `accepted ${totals.accepted} of ${Math.round(offered)} offered (${totals.unsentBatches} batches never sent)`;
  }
  if (totals.seconds > seconds * 1.05 + 1) return `took ${totals.seconds.toFixed(1)} s for ${seconds} s of load`;
  if (lag.samples < seconds * LAG_SAMPLES_PER_SECOND_MIN)
    return `its lag could be read only ${lag.samples} times in ${seconds} s`;
  if (lag.endSeconds > LAG_MAX_SECONDS) return `the ${lag.slowest} was ${lag.endSeconds} s behind at the end`;
  if (lag.growing) return `the ${lag.slowest} fell from ${lag.startSeconds} s to ${lag.endSeconds} s behind`;
  return '';
}
