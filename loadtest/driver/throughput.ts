/**
 * The rate that the whole path sustains: open-loop load at a rate, and the lag of processor, sink and live hub watched
 * meanwhile. Without a rate, the highest sustainable one is looked for: doubled until it fails, then halved in between,
 * then held for the full time. All parts, and the senders, share the machine; what each used is reported.
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
  readonly seconds: number;
  /** Events a second; without it the highest sustainable rate is searched. */
  readonly rate?: number;
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
  readonly lagGrowing: boolean;
  readonly seconds: number;
  readonly perPart: Readonly<Record<string, PartCost>>;
  readonly latencyMs: Quantiles;
  readonly lag: LagReport;
  readonly drainSeconds: number;
  readonly rejected: number;
  readonly steps: readonly ThroughputStep[];
}

const FIRST_RATE = 2_000;
const RATE_MAX = 400_000;
const PROBE_SECONDS = 12;
const WARM_UP_SECONDS = 8;
const WARM_UP_RATE = 1_500;
/** The search ends when the rates that hold and that do not are this close. */
const PRECISION = 0.08;
const HOLD_SHARE = 0.95;
const NEXT_HOLD_SHARE = 0.94;
const HOLD_ATTEMPTS = 6;
const BATCH_EVENTS = 500;
const TIME_COMPRESSION = 600;
const ACCEPTED_SHARE_MIN = 0.98;
/** A lag that stands is a batch of the sink's, which fills for up to two seconds, and what is on the way. */
const LAG_MAX_SECONDS = 6;
const LAG_SAMPLES_PER_SECOND_MIN = 0.3;
/** Event time begins this far back, so that compressed time never passes the clock. */
const EVENT_TIME_BACK_MS = 150 * DAY_MS;

export async function measureThroughput(o: ThroughputOptions): Promise<ThroughputResult> {
  const workers = await startLoadWorkers(o.workers ?? 1);
  const timeline = { eventMs: Date.now() - EVENT_TIME_BACK_MS };
  const steps: ThroughputStep[] = [];
  const step = async (rate: number, seconds: number): Promise<ThroughputStep> => {
    o.signal.throwIfAborted();
    const done = await runStep(o, workers, timeline, rate, seconds);
    steps.push(done);
    o.onStep?.(done);
    return done;
  };
  try {
    // The compiler's first seconds tell nothing about the rest.
    await step(Math.min(o.rate ?? WARM_UP_RATE, WARM_UP_RATE), WARM_UP_SECONDS);
    const final = o.rate === undefined ? await search(step, o.seconds) : await step(o.rate, o.seconds);
    return {
      eventsPerSecond: final.acceptedPerSecond,
      lagGrowing: final.lag.growing,
      seconds: final.seconds,
      perPart: final.perPart,
      latencyMs: final.latencyMs,
      lag: final.lag,
      drainSeconds: final.drainSeconds,
      rejected: final.rejected,
      steps,
    };
  } finally {
    workers.stop();
  }
}

type Step = (rate: number, seconds: number) => Promise<ThroughputStep>;

async function search(step: Step, seconds: number): Promise<ThroughputStep> {
  let holds = 0;
  let fails = RATE_MAX;
  for (let rate = FIRST_RATE; rate < RATE_MAX; rate *= 2) {
    const probe = await step(rate, PROBE_SECONDS);
    if (!probe.sustained) {
      fails = rate;
      break;
    }
    holds = rate;
  }
  while (holds > 0 && fails / holds - 1 > PRECISION) {
    const middle = Math.round(Math.sqrt(holds * fails));
    if ((await step(middle, PROBE_SECONDS)).sustained) holds = middle;
    else fails = middle;
  }
  // A probe is short; only the full time counts. If it does not hold, a little less may.
  let rate = Math.max(holds, FIRST_RATE / 4) * HOLD_SHARE;
  let last = await step(Math.round(rate), seconds);
  for (let attempt = 1; attempt < HOLD_ATTEMPTS && !last.sustained; attempt++) {
    rate *= NEXT_HOLD_SHARE;
    last = await step(Math.round(rate), seconds);
  }
  return last;
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
