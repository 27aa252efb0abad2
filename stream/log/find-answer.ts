/** Finds what OUTCOMES answers to a position of EVENTS: the positions it names ascend, so halving finds one among millions. */
import { WeirError } from '../../core/errors.ts';
import type { Outcome } from '../../core/outcomes/outcome.ts';
import { decodeOutcomeFrame, decodeOutcomeHead } from '../../core/outcomes/outcome-codec.ts';
import type { StreamConnection } from '../connection.ts';
import { logState, readAt, readLast } from './log-reader.ts';

/** The newest position of EVENTS that OUTCOMES answers, 0 before the first. Throws `log.unavailable`. */
export async function lastAnswered(c: StreamConnection): Promise<number> {
  const last = await readLast(c, 'OUTCOMES');
  return last === undefined ? 0 : decodeOutcomeHead(last.bytes).inputSeq;
}

/**
 * Sequence of the first message of OUTCOMES that answers `position` or a later one, of the last message where none does.
 * Throws `log.truncated` where messages leave while it looks, `log.unavailable` where the log does not answer.
 */
export async function firstAnswer(c: StreamConnection, position: number): Promise<number> {
  const { firstSeq, lastSeq } = await logState(c, 'OUTCOMES');
  let low = firstSeq;
  let high = lastSeq;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (decodeOutcomeHead(await bytesAt(c, middle)).inputSeq >= position) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** All outcomes of `position`, none where nothing came of it; undefined where it is not answered yet. Throws as `firstAnswer`. */
export async function readAnswer(c: StreamConnection, position: number): Promise<readonly Outcome[] | undefined> {
  if ((await lastAnswered(c)) < position) return undefined;
  const outcomes: Outcome[] = [];
  for (let seq = await firstAnswer(c, position); ; seq++) {
    const frame = decodeOutcomeFrame(await bytesAt(c, seq));
    if (frame.head.inputSeq !== position) return outcomes;
    outcomes.push(...frame.outcomes);
    if (frame.head.final) return outcomes;
  }
}

async function bytesAt(c: StreamConnection, seq: number): Promise<Uint8Array> {
  const message = await readAt(c, 'OUTCOMES', seq);
  if (message === undefined) throw new WeirError('log.truncated', `OUTCOMES no longer holds message ${seq}`);
  return message.bytes;
}
