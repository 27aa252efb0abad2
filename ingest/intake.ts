/**
 * The way in, shared by HTTP and NATS: read the body, put what is refused into quarantine, append the rest, and only
 * then answer. An event that was answered as accepted is in the log; one that was answered as rejected is in quarantine.
 *
 * Which answer when:
 * - at least one event of a batch is JSON → 202, also when every one of them is refused: the receipt says so per event;
 * - nothing of the body is JSON, or it holds no event → 400;
 * - an event sent by itself that is refused → 400 (413 when too large): a status is all that many producers look at;
 * - quarantine or log do not take it, or the backlog is too long → 503, nothing or all of it may have been stored; the
 *   producer sends it again, and the engine recognises what it has seen.
 * Bodies that the producer must send differently or again (413, 415, 429, 503) are not quarantined: it still has them.
 */
import { SECOND_MS } from '../core/clock.ts';
import { ERROR_TITLES, type Problem, WeirError } from '../core/errors.ts';
import { answerProblem, answerReceipt, describeRejected, type IntakeAnswer, type RejectedEvent } from './answer.ts';
import { type BatchReading, type BodyForm, readBatch } from './body/read-batch.ts';
import type { IntakeOptions } from './ports.ts';
import { createQuarantineKeeper, type Provenance, type Refused } from './quarantine-refusals.ts';

/** Decisions are taken until the backlog is this many times what it may be for events. */
const DECISION_BACKLOG_FACTOR = 2;

interface Body {
  readonly bytes: Buffer;
  readonly form: BodyForm;
  readonly from: Provenance;
}

export interface Intake {
  /**
   * Throws a `WeirError` `log.backlogged` when nothing can be taken now; asked before a body is read. Events are refused
   * first, so that decisions still go through while a backlog is worked off.
   */
  assertOpen(purpose?: 'events' | 'decision'): void;
  /** Never rejects: what goes wrong is an answer. */
  take(body: Body): Promise<IntakeAnswer>;
  /** A body that could not be read: quarantined as far as its bytes are there, counted, and answered. */
  refuse(error: unknown, bytes: Uint8Array | undefined, from: Provenance): Promise<IntakeAnswer>;
}

export function createIntake(options: IntakeOptions): Intake {
  const { appender, config, metrics, log, backlog } = options;
  const keeper = createQuarantineKeeper(options.quarantine);

  function assertOpen(purpose: 'events' | 'decision' = 'events'): void {
    const { framesBehind } = backlog();
    const share = purpose === 'events' ? 1 : DECISION_BACKLOG_FACTOR;
    if (framesBehind > config.WEIR_BACKLOG_FRAMES_MAX * share) {
      throw new WeirError('log.backlogged', `the processor is ${framesBehind} frames behind`);
    }
    if (appender.queuedEntries > config.WEIR_APPEND_QUEUE_ENTRIES_MAX) {
      throw new WeirError('log.unavailable', `${appender.queuedEntries} events wait for the log`);
    }
  }

  async function append(entries: readonly Uint8Array[]): Promise<void> {
    if (entries.length === 0) return;
    const startMs = performance.now();
    await appender.append(entries);
    metrics.appendSeconds.observe((performance.now() - startMs) / SECOND_MS);
  }

  async function settle(reading: BatchReading, { bytes, from }: Body): Promise<IntakeAnswer> {
    const { failure, refusals, entries } = reading;
    if (failure !== undefined) return refuseBody(failure, bytes, from);
    const refused: Refused[] = [];
    const errors: RejectedEvent[] = [];
    for (const { index, id, problems, start, end } of refusals) {
      const rejected = describeRejected(index, id, problems);
      const [problem] = problems;
      if (rejected === undefined || problem === undefined) throw new Error('an event was refused without a reason');
      errors.push(rejected);
      refused.push({ problem, bytes: bytes.subarray(start, end) });
    }
    await keeper.keep(refused, from);
    await append(entries);
    metrics.events.inc({ result: 'accepted' }, entries.length);
    countRejected(refused.map(({ problem }) => problem));
    const [first] = errors;
    if (first !== undefined && refused[0] !== undefined && (reading.single || !reading.parsed)) {
      return answerProblem(refused[0].problem.code, first.message, errors);
    }
    return answerReceipt(entries.length, errors);
  }

  /** The body as a whole: one rejection, whatever it may have held. */
  async function refuseBody(problem: Problem, bytes: Uint8Array | undefined, from: Provenance): Promise<IntakeAnswer> {
    const answer = answerProblem(problem.code, problem.message);
    // A client that hung up (request.invalid) will come again, as one that was told to will.
    if (answer.status !== 400 || problem.code === 'request.invalid') {
      countRejected([problem]);
      return answer;
    }
    if (bytes !== undefined) await keeper.keep([{ problem, bytes }], from);
    countRejected([problem]);
    return answerProblem(problem.code, problem.message, [{ index: 0, id: null, ...problem }]);
  }

  function countRejected(problems: readonly Problem[]): void {
    if (problems.length === 0) return;
    metrics.events.inc({ result: 'rejected' }, problems.length);
    for (const { code } of problems) metrics.rejected.inc({ code });
  }

  function fail(error: unknown): IntakeAnswer {
    if (error instanceof WeirError) {
      if (error.code === 'log.unavailable') log.warn({ err: error }, 'the log takes no events');
      return answerProblem(error.code, error.message);
    }
    log.error({ err: error }, 'a request could not be taken in');
    return answerProblem('internal', ERROR_TITLES.internal);
  }

  function count(answer: IntakeAnswer, origin: Provenance['origin']): IntakeAnswer {
    metrics.requests.inc({ origin, status: answer.status });
    return answer;
  }

  return {
    assertOpen,
    async take(body) {
      try {
        assertOpen();
        metrics.requestBytes.inc({ origin: body.from.origin }, body.bytes.length);
        const reading = await readBatch(body.bytes, body.form, { config, nowMs: body.from.atMs });
        return count(await settle(reading, body), body.from.origin);
      } catch (error) {
        return count(fail(error), body.from.origin);
      }
    },
    async refuse(error, bytes, from) {
      try {
        if (!(error instanceof WeirError) || answerProblem(error.code, '').status >= 500) {
          return count(fail(error), from.origin);
        }
        const problem = { code: error.code, pointer: '', message: error.message };
        return count(await refuseBody(problem, bytes, from), from.origin);
      } catch (failure) {
        return count(fail(failure), from.origin);
      }
    },
  };
}
