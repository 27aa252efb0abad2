/** Waits for moments in which a Weir has nothing to do: what a measurement begins and ends with. */
import { delay } from '../send/event-sender.ts';
import type { PartUsage } from './cpu-times.ts';
import type { LagSample, LagWatch } from './watch-lag.ts';

const WAIT_MAX_SECONDS = 120;
const IDLE_POLL_MS = 250;
/** A store merges what it was given long after it has all of it: parts that together use less than this rest. */
const REST_CORES_MAX = 0.25;
const REST_POLL_MS = 1_000;
const REST_POLLS = 2;

/** Waits until the parts hardly use the processors, two minutes at most. What the system before did would count to the next step. */
export async function waitForRest(usage: () => PartUsage, signal: AbortSignal): Promise<void> {
  let before = cpuSecondsOf(usage());
  const deadlineMs = performance.now() + WAIT_MAX_SECONDS * 1_000;
  for (let quiet = 0; quiet < REST_POLLS && performance.now() < deadlineMs; ) {
    await delay(REST_POLL_MS, signal);
    const now = cpuSecondsOf(usage());
    quiet = (now - before) * 1_000 < REST_CORES_MAX * REST_POLL_MS ? quiet + 1 : 0;
    before = now;
  }
}

function cpuSecondsOf(usage: PartUsage): number {
  return Object.values(usage).reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0);
}

/** An idle Weir appends a tick a second and its parts follow: between two samples nothing moves further. */
const IDLE_FRAMES_MAX = 2;
const IDLE_SAMPLES = 3;

/** Waits for a moment without traffic and gives its sample: the base that lag is measured from. */
export async function waitForIdle(lag: LagWatch, signal: AbortSignal): Promise<LagSample> {
  let previous: LagSample | undefined;
  let quiet = 0;
  return pollUntil(lag, signal, (sample) => {
    const moved = (part: 'appended' | 'processor' | 'sink'): number => (sample[part] ?? 0) - (previous?.[part] ?? -1e9);
    const isQuiet =
      moved('appended') <= IDLE_FRAMES_MAX && moved('processor') <= IDLE_FRAMES_MAX && moved('sink') <= IDLE_FRAMES_MAX;
    quiet = isQuiet ? quiet + 1 : 0;
    previous = sample;
    return quiet >= IDLE_SAMPLES;
  });
}

/** Waits until processor and sink have reached everything that was appended since `base`. */
export async function waitUntilDrained(lag: LagWatch, signal: AbortSignal, base: LagSample): Promise<void> {
  let previousSink: number | undefined;
  await pollUntil(lag, signal, (sample) => {
    const appended = sample.appended - base.appended;
    const reached = (part: 'processor' | 'sink', slack: number): boolean => {
      const [now, then] = [sample[part], base[part]];
      return now === undefined || then === undefined || now - then >= appended - slack;
    };
    // Ticks give no outcomes, so the sink's position may stay a few of them behind the log; then it stands still.
    const sinkRests = sample.sink === previousSink && reached('sink', TICKS_BEHIND_MAX);
    previousSink = sample.sink;
    return reached('processor', IDLE_FRAMES_MAX) && (reached('sink', IDLE_FRAMES_MAX) || sinkRests);
  });
}

const TICKS_BEHIND_MAX = 200;

/** Gives the last sample when `isDone` or when the time is up; throws when the server does not answer at all. */
async function pollUntil(
  lag: LagWatch,
  signal: AbortSignal,
  isDone: (sample: LagSample) => boolean,
): Promise<LagSample> {
  const deadlineMs = performance.now() + WAIT_MAX_SECONDS * 1_000;
  for (;;) {
    signal.throwIfAborted();
    const sample = await lag.sample();
    if (sample !== undefined && (isDone(sample) || performance.now() > deadlineMs)) return sample;
    if (performance.now() > deadlineMs) throw new Error('the server does not answer /metrics');
    await delay(IDLE_POLL_MS, signal);
  }
}
