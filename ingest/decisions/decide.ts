/**
 * One transaction into the log and its decision back, within a deadline: append at once, wait for its frame in OUTCOMES
 * or ask the processor for what it stored at that position, and where the event was a repeated one, look its first
 * decision up.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Config } from '../../core/config.ts';
import { WeirError } from '../../core/errors.ts';
import type { DecisionQuestion, DecisionReply } from '../../stream/decision-exchange.ts';
import type { EventAppender } from '../../stream/log/event-appender.ts';
import type { IngestMetrics } from '../ingest-metrics.ts';
import type { DecisionAnswer } from './decision-answer.ts';
import type { LoggedAnswers } from './logged-answers.ts';

/** A repeated event's decision may be on its way to the store: it is looked for this often. */
const LOOK_UP_PAUSE_MS = 50;
const ASK_PAUSE_MS = 25;
/** A question that a dying processor took with it is asked again after this long. */
const ASK_TIMEOUT_MS = 500;

export interface DecideOptions {
  readonly appender: Pick<EventAppender, 'append'>;
  /** Where this process reads OUTCOMES, so that the processor need not be asked. */
  readonly logged?: Pick<LoggedAnswers, 'find'>;
  readonly ask: (asked: DecisionQuestion, timeoutMs: number) => Promise<DecisionReply>;
  /** The stored decision of an event that was decided before; absent where this process has no store. */
  readonly findStored?: (eventId: string, source: string) => Promise<DecisionAnswer | undefined>;
  readonly config: Pick<Config, 'WEIR_DECISION_FALLBACK'>;
  readonly metrics: Pick<IngestMetrics, 'decisions' | 'decisionsAsked'>;
  readonly log: Pick<Logger, 'warn'>;
}

/** JSON of a `DecisionAnswer`. */
export type DecidedBytes = Uint8Array | string;
export type Decide = (
  event: { readonly id: string; readonly source: string },
  entry: Uint8Array,
  timeoutMs: number,
) => Promise<DecidedBytes>;

/** The result throws `log.unavailable` where the log has not acknowledged within the deadline. */
export function createDecide(o: DecideOptions): Decide {
  const degrade = (eventId: string, position: number): string => {
    o.metrics.decisions.inc({ result: 'degraded' });
    const answer: DecisionAnswer = {
      eventId,
      decision: o.config.WEIR_DECISION_FALLBACK,
      score: 0,
      reasons: [],
      rulesetVersion: 0,
      position,
      degraded: true,
    };
    return JSON.stringify(answer);
  };

  /** A processor that is being restarted answers nothing for a while: it is asked again until the deadline. */
  const askUntil = async (asked: DecisionQuestion, deadlineMs: number): Promise<DecisionReply | 'late'> => {
    for (;;) {
      const leftMs = Math.ceil(deadlineMs - performance.now());
      if (leftMs <= 0) return 'late';
      o.metrics.decisionsAsked.inc();
      try {
        return await o.ask(asked, Math.min(leftMs, ASK_TIMEOUT_MS));
      } catch (error) {
        if (performance.now() >= deadlineMs) o.log.warn({ err: error, asked }, 'a decision did not come in time');
      }
      await pause(Math.max(1, Math.min(ASK_PAUSE_MS, deadlineMs - performance.now())));
    }
  };

  /** Undefined where nobody could say in time. */
  const lookUp = async (id: string, source: string, deadlineMs: number): Promise<string | undefined> => {
    while (o.findStored !== undefined && performance.now() < deadlineMs) {
      try {
        const stored = await withDeadline(o.findStored(id, source), deadlineMs);
        if (stored !== undefined) return JSON.stringify(stored);
      } catch (error) {
        o.log.warn({ err: error }, 'the store could not say what was decided before');
      }
      await pause(Math.max(1, Math.min(LOOK_UP_PAUSE_MS, deadlineMs - performance.now())));
    }
    return undefined;
  };

  return async ({ id, source }, entry, timeoutMs) => {
    const deadlineMs = performance.now() + timeoutMs;
    const appended = await withDeadline(o.appender.append([entry], { isUrgent: true }), deadlineMs);
    if (appended === undefined)
      throw new WeirError('log.unavailable', `the log did not acknowledge within ${timeoutMs} ms`);
    const position = appended.lastSeq;
    const asked = { position, source, id };
    const reply = (await o.logged?.find(asked, deadlineMs)) ?? (await askUntil(asked, deadlineMs));
    if (reply === 'late') return degrade(id, position);
    if (reply !== undefined) {
      o.metrics.decisions.inc({ result: 'decided' });
      return reply;
    }
    const stored = await lookUp(id, source, deadlineMs);
    if (stored === undefined) return degrade(id, position);
    o.metrics.decisions.inc({ result: 'repeated' });
    return stored;
  };
}

/** Undefined at the deadline; what comes of the promise afterwards is nobody's concern. */
async function withDeadline<T>(promise: Promise<T>, deadlineMs: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, Math.max(0, deadlineMs - performance.now()), undefined);
  });
  promise.catch(() => undefined);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
