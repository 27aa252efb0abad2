/**
 * Whether Weir can do its work: the log is connected, the store answers, processor and sink report progress and are not
 * far behind. Each part says what it saw, so that an operator need not guess.
 */
import { SECOND_MS } from '../core/clock.ts';
import type { ProgressWatch } from '../stream/progress.ts';
import type { ReadyAnswer } from './schemas/health.ts';

/** A part that reports progress every quarter of a second and was silent this long is not there. */
const PROGRESS_STALE_MS = 5 * SECOND_MS;
/** Input frames that the sink may be behind the processor. */
const SINK_LAG_FRAMES_MAX = 20_000;
const STORE_ANSWER_MAX_MS = 2 * SECOND_MS;

export interface Readiness {
  check(): Promise<ReadyAnswer>;
}

export interface ReadinessOptions {
  readonly isConnected: () => boolean;
  readonly pingStore: (signal: AbortSignal) => Promise<void>;
  readonly progress: { readonly [P in 'processor' | 'standby' | 'sink']: Pick<ProgressWatch, 'last' | 'ageMs'> };
  readonly hub: { readonly following: boolean; readonly lagFrames: number };
}

type Part = ReadyAnswer['parts'][number];

export function createReadiness(options: ReadinessOptions): Readiness {
  const { isConnected, progress, hub } = options;
  return {
    async check() {
      const parts: Part[] = [
        { name: 'log', ready: isConnected(), detail: isConnected() ? 'connected' : 'no connection to NATS' },
        await checkStore(options.pingStore),
        describeProgress('processor', progress.processor),
        ...describeStandby(progress),
        describeSink(progress),
        {
          name: 'live',
          ready: hub.following,
          detail: hub.following ? `${hub.lagFrames} frames behind` : 'not following the outcome log',
        },
      ];
      return { ready: parts.every(({ ready }) => ready), parts };
    },
  };
}

async function checkStore(pingStore: ReadinessOptions['pingStore']): Promise<Part> {
  try {
    await pingStore(AbortSignal.timeout(STORE_ANSWER_MAX_MS));
    return { name: 'store', ready: true, detail: 'answers' };
  } catch {
    return { name: 'store', ready: false, detail: 'does not answer' };
  }
}

type Watch = ReadinessOptions['progress']['sink'];

function describeProgress(name: string, { last, ageMs }: Watch): Part {
  if (last === undefined) return { name, ready: false, detail: 'has not reported yet' };
  const silentMs = ageMs();
  if (silentMs > PROGRESS_STALE_MS) {
    return { name, ready: false, detail: `silent for ${Math.round(silentMs / SECOND_MS)} s` };
  }
  return { name, ready: true, detail: `at position ${last.inputSeq}` };
}

/** One that is there and reports; work does not depend on it. */
function describeStandby({ processor, standby }: ReadinessOptions['progress']): Part[] {
  if (standby.last === undefined || standby.ageMs() > PROGRESS_STALE_MS) return [];
  const lag = Math.max(0, (processor.last?.inputSeq ?? 0) - standby.last.inputSeq);
  const detail = `at position ${standby.last.inputSeq}, ${lag} frames behind the processor`;
  return [{ name: 'standby', ready: true, detail }];
}

function describeSink({ processor, sink }: ReadinessOptions['progress']): Part {
  const part = describeProgress('sink', sink);
  if (!part.ready || sink.last === undefined || processor.last === undefined) return part;
  const lag = Math.max(0, processor.last.outcomeSeq - sink.last.outcomeSeq);
  const detail = `${part.detail}, ${lag} outcome frames behind the processor`;
  return { ...part, detail, ready: lag <= SINK_LAG_FRAMES_MAX };
}
