/**
 * How far each part is behind the log while load runs, from `/metrics`: frames appended against the positions that the
 * processor, the sink and the live hub have reached. Sustained means that the distance does not grow.
 */
import { delay } from '../send/event-sender.ts';
import { createHttpPoster } from '../send/http-post.ts';

export interface LagSample {
  readonly atMs: number;
  /** Frames appended since the server started. */
  readonly appended: number;
  /** Positions in EVENTS; `undefined` where a part does not say. */
  readonly processor: number | undefined;
  readonly sink: number | undefined;
  readonly live: number | undefined;
}

const SAMPLE_MS = 1_000;

/** First match wins. */
const METRICS = {
  appended: ['weir_append_frames_total'],
  processor: ['weir_processor_frames_total'],
  sink: ['weir_sink_input_seq'],
  live: ['weir_live_position'],
} as const;

export interface LagWatch {
  readonly samples: readonly LagSample[];
  sample(): Promise<LagSample | undefined>;
  stop(): Promise<void>;
}

/** Samples once a second until stopped. */
export function watchLag(url: string, token: string): LagWatch {
  const poster = createHttpPoster({ baseUrl: url, token, timeoutMs: 5_000 });
  const samples: LagSample[] = [];
  const ending = new AbortController();

  async function sample(): Promise<LagSample | undefined> {
    const reply = await poster.get('/metrics').catch(() => undefined);
    if (reply?.status !== 200) return undefined;
    const read = (names: readonly string[]): number | undefined => {
      for (const name of names) {
        const value = sumOf(reply.body, name);
        if (value !== undefined) return value;
      }
      return undefined;
    };
    const taken: LagSample = {
      atMs: performance.now(),
      appended: read(METRICS.appended) ?? 0,
      processor: read(METRICS.processor),
      sink: read(METRICS.sink),
      live: read(METRICS.live),
    };
    samples.push(taken);
    return taken;
  }

  const loop = (async () => {
    while (!ending.signal.aborted) {
      await sample();
      await delay(SAMPLE_MS, ending.signal).catch(() => undefined);
    }
  })();

  return {
    samples,
    sample,
    async stop() {
      ending.abort();
      await loop;
      poster.close();
    },
  };
}

/** Sum of a metric's samples over its labels; `undefined` when it is absent. */
function sumOf(text: string, name: string): number | undefined {
  let sum: number | undefined;
  for (const line of text.split('\n')) {
    if (!line.startsWith(name)) continue;
    const next = line[name.length];
    if (next !== ' ' && next !== '{') continue;
    const value = Number(line.slice(line.lastIndexOf(' ') + 1));
    if (Number.isFinite(value)) sum = (sum ?? 0) + value;
  }
  return sum;
}

export interface LagReport {
  /** How often it could be read. */
  readonly samples: number;
  /** Seconds of traffic that the slowest part was behind: median of the first and of the last third. */
  readonly startSeconds: number;
  readonly endSeconds: number;
  readonly growing: boolean;
  readonly slowest: 'processor' | 'sink' | 'live' | 'none';
}

/** A part may be this much further behind at the end than at the beginning: a batch more or less of the sink, which fills for up to two seconds. */
const GROWTH_ALLOWED_SECONDS = 2.5;

/**
 * Lag in seconds is frames behind over frames a second. Positions count all frames, `appended` only those of this
 * server's life, so both are taken relative to `base`, a sample of an idle moment.
 */
export function judgeLag(base: LagSample, samples: readonly LagSample[]): LagReport {
  const first = samples[0];
  const last = samples.at(-1);
  if (first === undefined || last === undefined || samples.length < 3) {
    return { samples: samples.length, startSeconds: 0, endSeconds: 0, growing: false, slowest: 'none' };
  }
  const framesPerSecond = Math.max(1, (last.appended - first.appended) / ((last.atMs - first.atMs) / 1_000));
  const third = Math.max(1, Math.floor(samples.length / 3));
  let worst: LagReport = { samples: samples.length, startSeconds: 0, endSeconds: 0, growing: false, slowest: 'none' };
  for (const part of ['processor', 'sink', 'live'] as const) {
    const lags = samples.flatMap((sample) => {
      const [position, start] = [sample[part], base[part]];
      if (position === undefined || start === undefined) return [];
      return [Math.max(0, sample.appended - base.appended - (position - start)) / framesPerSecond];
    });
    if (lags.length < 3) continue;
    const startSeconds = round(median(lags.slice(0, third)));
    const endSeconds = round(median(lags.slice(-third)));
    const growing = endSeconds - startSeconds > GROWTH_ALLOWED_SECONDS;
    if (worst.slowest === 'none' || endSeconds > worst.endSeconds)
      worst = { samples: samples.length, startSeconds, endSeconds, growing, slowest: part };
  }
  return worst;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

function round(seconds: number): number {
  return Math.round(seconds * 100) / 100;
}
