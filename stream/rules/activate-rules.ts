/**
 * Makes a rule set live and says what came of it. The parts are staged, the processor reports when its engine has compiled
 * them, windows that are new are filled from history, the activation follows, and what the engine answered to it is read from OUTCOMES: a rule set is live where that says
 * so, not where the log took the activation.
 *
 *   staged ──▶ compiled, or no report in time ──▶ warm ──▶ activated ──▶ live │ refused │ pending (no answer in time)
 */
import type { Logger } from 'pino';
import type { FillEntry } from '../../core/codec/entry.ts';
import { WeirError } from '../../core/errors.ts';
import type { ColdWindow, RulesetCoverage } from '../../core/outcomes/outcome.ts';
import type { StreamConnection } from '../connection.ts';
import type { AppenderLimits } from '../log/event-appender.ts';
import { readAnswer } from '../log/find-answer.ts';
import { type ProgressWatch, watchProgress } from '../progress.ts';
import { type AppendEntry, type AppendedRules, appendRules, type RuleActivation } from './append-rules.ts';

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
  /** `coverage`: from where its windows count. */
  (
    | { readonly state: 'live'; readonly coverage: RulesetCoverage | undefined }
    /** The rule set before stays live; `reason` is the engine's. */
    | { readonly state: 'refused'; readonly reason: string }
    /** It stands in the log: it goes live, or is refused into quarantine, when a processor comes to it. */
    | { readonly state: 'pending' }
  );

/** A rule set whose windows wait for what they held before. */
export interface ColdRules extends Pick<RuleActivation, 'documents' | 'settings'> {
  readonly version: number;
  /** Up to this position of EVENTS they are to be filled; what comes later enters them by itself. */
  readonly position: number;
  readonly windows: readonly ColdWindow[];
  /** Puts a part into the log when the processor has come close enough to the one before. Rejects with `part.not_ready`. */
  readonly append: (part: FillEntry) => Promise<void>;
}

/** Fills windows from history: `processors/warm/fill-from-history.ts`. */
export type FillWindows = (cold: ColdRules) => Promise<void>;

/** Frames of the log that a part may be ahead of the processor: events that come meanwhile wait for no more than these. */
const FILL_AHEAD_MAX = 64;

/**
 * `fill` fills windows that the live rules have not; without it they begin empty. Throws `log.unavailable` where the log does
 * not take it or cannot be read, `part.not_ready` where windows are to be filled and no processor says what is missing, and
 * what `fill` throws: nothing is activated then.
 */
export async function activateRules(
  connection: StreamConnection,
  limits: AppenderLimits,
  log: Logger,
  activation: RuleActivation,
  fill: FillWindows | undefined,
  timeouts: ActivationTimeouts = TIMEOUTS,
): Promise<ActivationResult> {
  const processor = watchProgress(connection, 'processor');
  try {
    const appended = await appendRules(connection, limits, log, activation, async (staged, append) => {
      await untilCompiled(processor, staged, timeouts);
      if (fill === undefined) return 'any';
      await warm({ connection, processor, append, timeouts, fill }, activation, staged);
      return 'warm';
    });
    await processor.until(({ inputSeq }) => inputSeq >= appended.position, timeouts.answerMs);
    return { ...appended, ...(await outcomeOf(connection, appended)) };
  } finally {
    processor.stop();
  }
}

interface WarmingTools {
  readonly connection: StreamConnection;
  readonly processor: ProgressWatch;
  readonly append: AppendEntry;
  readonly timeouts: ActivationTimeouts;
  readonly fill: FillWindows;
}

async function warm(
  { connection, processor, append, timeouts, fill }: WarmingTools,
  { documents, settings }: RuleActivation,
  { version }: AppendedRules,
): Promise<void> {
  const untilReached = async (position: number): Promise<void> => {
    if (await processor.until(({ inputSeq }) => inputSeq >= position, timeouts.answerMs)) return;
    throw new WeirError(
      'part.not_ready',
      `no processor comes to position ${position}, so the windows of rule set ${version} are not filled: nothing is activated`,
    );
  };
  let position = await append({ kind: 'warm', version, settings });
  await untilReached(position);
  const windows = await coldWindows(connection, version, position);
  if (windows.length === 0) return;
  await fill({
    version,
    documents,
    settings,
    position,
    windows,
    async append(part) {
      await untilReached(position - FILL_AHEAD_MAX);
      position = await append(part);
    },
  });
  await untilReached(position);
}

/** None where the engine does not warm them: the answer to the activation says why. */
async function coldWindows(
  connection: StreamConnection,
  version: number,
  position: number,
): Promise<readonly ColdWindow[]> {
  const outcomes = (await readAnswer(connection, position)) ?? [];
  for (const outcome of outcomes) if (outcome.kind === 'warming' && outcome.version === version) return outcome.windows;
  return [];
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
): Promise<
  { state: 'live'; coverage: RulesetCoverage | undefined } | { state: 'pending' } | { state: 'refused'; reason: string }
> {
  const outcomes = await readAnswer(connection, position);
  if (outcomes === undefined) return { state: 'pending' };
  for (const outcome of outcomes) {
    if (outcome.kind === 'ruleset' && outcome.version === version) return { state: 'live', coverage: outcome.coverage };
    if (outcome.kind === 'poison') return { state: 'refused', reason: outcome.message };
  }
  throw new WeirError('internal', `OUTCOMES answers position ${position}, but says nothing about rule set ${version}`);
}
