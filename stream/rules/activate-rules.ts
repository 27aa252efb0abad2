/**
 * Makes a rule set live and says what came of it. The parts are staged, the processor reports when its engine has compiled
 * them, the activation follows, and what the engine answered to it is read from OUTCOMES: a rule set is live where that says
 * so, not where the log took the activation.
 *
 *   staged ──▶ compiled, or no report in time ──▶ activated ──▶ live │ refused │ pending (no answer in time)
 */
import type { Logger } from 'pino';
import { WeirError } from '../../core/errors.ts';
import type { StreamConnection } from '../connection.ts';
import type { AppenderLimits } from '../log/event-appender.ts';
import { readAnswer } from '../log/find-answer.ts';
import { type ProgressWatch, watchProgress } from '../progress.ts';
import { type AppendedRules, appendRules, type RuleActivation } from './append-rules.ts';

export interface ActivationTimeouts {
  /** How long a processor may say nothing before it counts as not running: nobody is waited for then. */
  readonly silenceMs: number;
  /** How long it may take to compile. Past it the rule set is activated all the same, and compiled to the end on the spot. */
  readonly compileMs: number;
  /** How long its answer to the activation may take. Past it the result is `pending`. */
  readonly answerMs: number;
}

/** A processor reports four times a second. */
const TIMEOUTS: ActivationTimeouts = { silenceMs: 2_000, compileMs: 30_000, answerMs: 30_000 };

export type ActivationResult = AppendedRules &
  (
    | { readonly state: 'live' }
    /** The rule set before stays live; `reason` is the engine's. */
    | { readonly state: 'refused'; readonly reason: string }
    /** It stands in the log: it goes live, or is refused into quarantine, when a processor comes to it. */
    | { readonly state: 'pending' }
  );

/** Throws `log.unavailable` where the log does not take it or cannot be read. */
export async function activateRules(
  connection: StreamConnection,
  limits: AppenderLimits,
  log: Logger,
  activation: RuleActivation,
  timeouts: ActivationTimeouts = TIMEOUTS,
): Promise<ActivationResult> {
  const processor = watchProgress(connection, 'processor');
  try {
    const appended = await appendRules(connection, limits, log, activation, (staged) =>
      untilCompiled(processor, staged, timeouts),
    );
    await processor.until(({ inputSeq }) => inputSeq >= appended.position, timeouts.answerMs);
    return { ...appended, ...(await outcomeOf(connection, appended)) };
  } finally {
    processor.stop();
  }
}

async function untilCompiled(
  processor: ProgressWatch,
  { version, position }: AppendedRules,
  { silenceMs, compileMs }: ActivationTimeouts,
): Promise<void> {
  if (!(await processor.until(() => true, silenceMs))) return;
  await processor.until(({ inputSeq, staged = [] }) => {
    const found = staged.find((one) => one.version === version);
    // One that the engine does not hold although it has read the parts is gone: the answer to the activation says why.
    return found === undefined ? inputSeq >= position : found.compiled;
  }, compileMs);
}

async function outcomeOf(
  connection: StreamConnection,
  { version, position }: AppendedRules,
): Promise<{ state: 'live' | 'pending' } | { state: 'refused'; reason: string }> {
  const outcomes = await readAnswer(connection, position);
  if (outcomes === undefined) return { state: 'pending' };
  for (const outcome of outcomes) {
    if (outcome.kind === 'ruleset' && outcome.version === version) return { state: 'live' };
    if (outcome.kind === 'poison') return { state: 'refused', reason: outcome.message };
  }
  throw new WeirError('internal', `OUTCOMES answers position ${position}, but says nothing about rule set ${version}`);
}
