/** What was published about a range of EVENTS, read from OUTCOMES in order, up to its end when reading began. */
import { WeirError } from '../../core/errors.ts';
import type { OutcomeHead } from '../../core/outcomes/outcome.ts';
import { decodeOutcomeHead } from '../../core/outcomes/outcome-codec.ts';
import type { StreamConnection } from '../../stream/connection.ts';
import { firstAnswer, lastAnswered } from '../../stream/log/find-answer.ts';
import { type LogMessage, logState, readAt, readLog } from '../../stream/log/log-reader.ts';

export interface StoredAnswers {
  /** Newest position of EVENTS that OUTCOMES answers, 0 for none. */
  readonly answered: number;
  /** Oldest position that it answers, 0 for none; what is older has left it, where `isComplete` is false. */
  readonly oldest: number;
  readonly isComplete: boolean;
  /** Answers to `from`, which `answered` must have come to, and later positions, one part each. */
  read(from: number, signal: AbortSignal): AsyncIterator<StoredPart, undefined>;
}

export interface StoredPart extends LogMessage {
  readonly head: OutcomeHead;
}

/** Throws `log.unavailable`, and `log.truncated` where messages leave OUTCOMES while they are looked for. */
export async function openStoredAnswers(connection: StreamConnection): Promise<StoredAnswers> {
  const answered = await lastAnswered(connection);
  // Asked for afterwards: what is read goes at least so far.
  const { firstSeq, lastSeq, messages } = await logState(connection, 'OUTCOMES');
  const isEmpty = messages === 0;
  return {
    answered,
    oldest: isEmpty ? 0 : await answeredBy(connection, firstSeq),
    isComplete: firstSeq <= 1,
    async *read(from, signal) {
      if (isEmpty) return undefined;
      const fromSeq = await firstAnswer(connection, from);
      for await (const message of readLog(connection, 'OUTCOMES', { fromSeq, signal })) {
        if (message.seq > lastSeq) return undefined;
        yield { ...message, head: decodeOutcomeHead(message.bytes) };
        if (message.seq === lastSeq) return undefined;
      }
      return undefined;
    },
  };
}

/** The position that message `seq` of OUTCOMES answers. */
async function answeredBy(connection: StreamConnection, seq: number): Promise<number> {
  const message = await readAt(connection, 'OUTCOMES', seq);
  if (message === undefined) throw new WeirError('log.truncated', `OUTCOMES no longer holds message ${seq}`);
  return decodeOutcomeHead(message.bytes).inputSeq;
}
