/**
 * Asks the processor for the decision about an event that the log holds, and answers when it is stored: the way back of a
 * synchronous decision, beside the log and never instead of it.
 */
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { WeirError } from '../core/errors.ts';
import type { StreamConnection } from './connection.ts';
import { SUBJECTS } from './topology.ts';

/** Questions that the processor answers at the same time; past it `server.overloaded`. */
const QUESTIONS_MAX = 10_000;

const Question = Type.Object({
  /** Of the frame that holds the event. */
  position: Type.Integer({ minimum: 1 }),
  source: Type.String(),
  id: Type.String(),
});
export type DecisionQuestion = Static<typeof Question>;
const question = Compile(Question);

/** JSON of the decision as the API gives it; undefined where the position is answered and holds none, as for a repeated event. */
export type DecisionReply = Uint8Array | undefined;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Throws `part.not_ready` where no processor answered in time, and what the processor throws. */
export async function askDecision(
  c: StreamConnection,
  asked: DecisionQuestion,
  timeoutMs: number,
): Promise<DecisionReply> {
  const reply = await c.request(SUBJECTS.queryDecision, encoder.encode(JSON.stringify(asked)), timeoutMs);
  return reply.length === 0 ? undefined : reply;
}

export function serveDecisions(
  c: StreamConnection,
  answer: (asked: DecisionQuestion) => Promise<DecisionReply>,
): { stop(): void } {
  return c.serve(
    SUBJECTS.queryDecision,
    async (bytes) => {
      const asked: unknown = JSON.parse(decoder.decode(bytes));
      if (!question.Check(asked)) throw new WeirError('request.invalid', 'the question is {position, source, id}');
      return (await answer(asked)) ?? new Uint8Array(0);
    },
    { inFlightMax: QUESTIONS_MAX },
  );
}
