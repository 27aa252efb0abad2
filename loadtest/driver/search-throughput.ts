/**
 * The highest rate that the whole path sustains. Short probes on one Weir find about where it lies: doubled until one fails, then halved
 * in between. Only the full time counts, on a fresh Weir each, as one measured at that rate alone: what overload has left behind, millions of
 * events that windows hold and a backlog, is no part of it.
 */
import type { Target } from './target.ts';
import {
  measureThroughput,
  type RunStep,
  type ThroughputOptions,
  type ThroughputResult,
  takeSteps,
} from './throughput.ts';

export interface SearchOptions extends Omit<ThroughputOptions, 'target'> {
  /** How long a rate must hold. */
  readonly seconds: number;
}

/** Runs something on a fresh Weir, and stops that. */
export type OnFresh = <R extends object>(run: (target: Target) => Promise<R>) => Promise<R>;

const FIRST_RATE = 2_000;
const RATE_MAX = 400_000;
const PROBE_SECONDS = 12;
/** The probes end when the rates that hold and that do not are this close. */
const PRECISION = 0.08;
const HOLD_SHARE = 0.95;
const NEXT_HOLD_SHARE = 0.94;
const HOLD_ATTEMPTS = 6;

/** With the steps of all Weirs. The last rate that was tried where none holds. */
export async function searchThroughput(o: SearchOptions, onFresh: OnFresh): Promise<ThroughputResult> {
  const probed = await onFresh((target) => takeSteps({ ...o, target }, FIRST_RATE, probe));
  let rate = probed.result * HOLD_SHARE;
  let steps = probed.steps;
  for (let attempt = 1; ; attempt++) {
    const held = await onFresh((target) => measureThroughput({ ...o, target, rate: Math.round(rate) }));
    steps = [...steps, ...held.steps];
    if (held.sustained || attempt === HOLD_ATTEMPTS) return { ...held, steps };
    rate *= NEXT_HOLD_SHARE;
  }
}

/** A rate that held for a short time; less than the lowest where none did. */
async function probe(step: RunStep): Promise<number> {
  let holds = 0;
  let fails = RATE_MAX;
  for (let rate = FIRST_RATE; rate < RATE_MAX; rate *= 2) {
    if (!(await step(rate, PROBE_SECONDS)).sustained) {
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
  return Math.max(holds, FIRST_RATE / 4);
}
