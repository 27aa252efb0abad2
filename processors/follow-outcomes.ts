/**
 * What another processor publishes, as a standby follows it: up to which position everything is answered, so that the
 * standby's engine never runs ahead of OUTCOMES and can go on at exactly the first answer that is missing; and what the
 * answers were, so that each is compared with the engine's own (G4).
 */
import type { Logger } from 'pino';
import { hashBytes } from '../core/hash.ts';
import { decodeOutcomeHead, OUTCOMES_OFFSET } from '../core/outcomes/outcome-codec.ts';
import type { StreamConnection } from '../stream/connection.ts';
import { firstAnswer } from '../stream/log/find-answer.ts';
import { logState, readLog } from '../stream/log/log-reader.ts';
import type { Progress } from '../stream/progress.ts';
import type { ProcessorMetrics } from './processor-metrics.ts';

/** Parts whose digests wait for the engine; past it, OUTCOMES is not read on. */
const PARTS_AHEAD_MAX = 4_096;

export interface Follower {
  /** Whether every part that answers this position is published. Ask in the order of positions. */
  isAnswered(inputSeq: number): boolean;
  /** Resolves at the next news: an answer, word from the leader, `wake` or `stop`. */
  news(): Promise<void>;
  wake(): void;
  /** The engine's own parts for an answered position. */
  compare(inputSeq: number, parts: readonly Uint8Array[]): void;
  /** What the leader says of itself: only so is known that a position has no answer, as that of a tick. */
  hear(progress: Progress): void;
  /** Whether all was compared that OUTCOMES held when following began, and nothing differed: ready to lead at once. */
  isHot(): boolean;
  /** Resolves when it is, if nothing differed until then. */
  readonly whenHot: Promise<void>;
  /** Last position of OUTCOMES that was read, or stood there when following began. */
  readonly outcomeSeq: number;
  /** Resolves when nothing more is read: `isAnswered` says yes to nothing new from then on. */
  stop(): Promise<void>;
}

/** Follows from behind `position`. Throws `log.unavailable`; `onFailure` is told what ends the following later. */
export async function followOutcomes(
  connection: StreamConnection,
  position: number,
  o: { readonly log: Logger; readonly metrics: ProcessorMetrics; readonly onFailure: (error: unknown) => void },
): Promise<Follower> {
  const end = await logState(connection, 'OUTCOMES');
  const fromSeq = end.messages === 0 ? end.lastSeq + 1 : await firstAnswer(connection, position + 1);
  const stopping = new AbortController();
  /** Digests of published parts, by the position they answer, until the engine has come there. */
  const published = new Map<number, number[]>();
  let partsAhead = 0;
  let readSeq = fromSeq - 1;
  /** Every position up to this one is answered, as the frames say. */
  let answered = position;
  /** Answers before the first that was read may have left the log by age. */
  let comparableFrom = Number.POSITIVE_INFINITY;
  let heard: Progress = { inputSeq: 0, outcomeSeq: 0 };
  let differs = false;
  let caughtUp = false;
  let tellHot: () => void = () => undefined;
  const whenHot = new Promise<void>((resolve) => {
    tellHot = resolve;
  });
  let waiters: (() => void)[] = [];
  let onRoom: () => void = () => undefined;

  const wake = (): void => {
    const woken = waiters;
    waiters = [];
    for (const resolve of woken) resolve();
  };
  const isAnswered = (inputSeq: number): boolean =>
    inputSeq <= answered || (inputSeq <= heard.inputSeq && heard.outcomeSeq <= readSeq);

  /** Whether nothing waits for the engine but an answer that is half there: a leader may have died in it. */
  const isCompared = (): boolean => {
    for (const inputSeq of published.keys()) return inputSeq > answered;
    return true;
  };
  const isHot = (): boolean => {
    caughtUp ||= readSeq >= end.lastSeq && isCompared();
    if (caughtUp && !differs) tellHot();
    return caughtUp && !differs;
  };

  const read = async (): Promise<void> => {
    for await (const { seq, bytes } of readLog(connection, 'OUTCOMES', { fromSeq, signal: stopping.signal })) {
      const { inputSeq, part, final } = decodeOutcomeHead(bytes);
      if (inputSeq > position) {
        if (comparableFrom === Number.POSITIVE_INFINITY) comparableFrom = part === 0 ? inputSeq : inputSeq + 1;
        const digests = published.get(inputSeq) ?? [];
        digests.push(hashBytes(bytes, 0, OUTCOMES_OFFSET));
        published.set(inputSeq, digests);
        partsAhead++;
        answered = final ? inputSeq : inputSeq - 1;
      }
      readSeq = seq;
      isHot();
      wake();
      while (partsAhead >= PARTS_AHEAD_MAX && !stopping.signal.aborted)
        await new Promise<void>((resolve) => {
          onRoom = resolve;
        });
      if (stopping.signal.aborted) return;
    }
  };
  const reading = read().catch((error: unknown) => o.onFailure(error));

  /** The digests for a position; what lies before it is given up: those entries are no longer in EVENTS. */
  const take = (inputSeq: number): number[] | undefined => {
    let taken: number[] | undefined;
    for (const [at, digests] of published) {
      if (at > inputSeq) break;
      if (at === inputSeq) taken = digests;
      published.delete(at);
      partsAhead -= digests.length;
    }
    onRoom();
    return taken;
  };

  const judge = (inputSeq: number, parts: readonly Uint8Array[], digests: readonly number[]): void => {
    o.metrics.compared.inc(parts.length);
    const isSame =
      digests.length === parts.length &&
      parts.every((bytes, part) => hashBytes(bytes, 0, OUTCOMES_OFFSET) === digests[part]);
    if (isSame) return;
    differs = true;
    o.metrics.replayMismatches.inc();
    o.log.error(
      { inputSeq, parts: parts.length, published: digests.length },
      'the standby comes to another outcome than the one that is published',
    );
  };

  return {
    isAnswered,
    news: () => new Promise((resolve) => waiters.push(resolve)),
    wake,
    compare(inputSeq, parts) {
      const digests = take(inputSeq) ?? [];
      if (inputSeq >= comparableFrom) judge(inputSeq, parts, digests);
      isHot();
    },
    hear(progress) {
      heard = progress;
      wake();
    },
    isHot,
    whenHot,
    get outcomeSeq() {
      return Math.max(readSeq, end.lastSeq);
    },
    async stop() {
      stopping.abort();
      onRoom();
      wake();
      await reading;
    },
  };
}
