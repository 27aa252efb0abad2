/**
 * Between the engine and OUTCOMES: lets through what is not published yet, suppresses on replay what is, and knows up
 * to which position every answer is acknowledged. That is what makes a restart publish each answer exactly once (G2, G4).
 */
import type { Logger } from 'pino';
import { WeirError } from '../core/errors.ts';
import { hashBytes } from '../core/hash.ts';
import { decodeOutcomeHead, OUTCOMES_OFFSET } from '../core/outcomes/outcome-codec.ts';
import type { Lease } from '../stream/lease.ts';
import type { LogMessage } from '../stream/log/log-reader.ts';
import type { OutcomePublisher } from '../stream/log/outcome-publisher.ts';
import type { ProcessorMetrics } from './processor-metrics.ts';

export interface OutcomeGate {
  /**
   * Takes the parts that answer a position, in the order of positions. Resolves when they are on their way and there is
   * room for more; rejects with `log.fenced`, `lease.lost` and the like.
   */
  pass(inputSeq: number, parts: readonly Uint8Array[]): Promise<void>;
  /** Whether the first part for this position is published already. */
  isAnswered(inputSeq: number): boolean;
  /** Throws what OUTCOMES refused with, if it did. */
  assertOpen(): void;
  /** Every position up to this one is answered, and the answers are acknowledged. */
  readonly acknowledged: number;
  whenAcknowledged(position: number): Promise<void>;
  /** Rejects what still waits: nothing more will be acknowledged. */
  close(): void;
}

/** `last` is the newest message of OUTCOMES; `from` the position that the engine begins after. */
export function createOutcomeGate(
  publisher: OutcomePublisher,
  last: LogMessage | undefined,
  from: number,
  o: {
    readonly log: Logger;
    readonly metrics: ProcessorMetrics;
    /** Nothing is sent while it is not held: who was asleep looks first whether it was replaced. */
    readonly lease: Pick<Lease, 'isHeld' | 'whenHeld'>;
    /** Told once when OUTCOMES refuses for good, also while nothing is being passed. */
    readonly onFailure: (error: unknown) => void;
  },
): OutcomeGate {
  const head = last === undefined ? undefined : decodeOutcomeHead(last.bytes);
  const answered = { inputSeq: head?.inputSeq ?? 0, part: head?.part ?? -1 };
  const lastDigest = last === undefined ? 0 : hashBytes(last.bytes, 0, OUTCOMES_OFFSET);
  /** Input positions of parts on their way, by order of sending. */
  const unacknowledged = new Map<number, number>();
  let sent = 0;
  let passed = from;
  let failure: unknown;
  let waiters: { position: number; resolve: () => void; reject: (error: unknown) => void }[] = [];

  const acknowledged = (): number => {
    for (const inputSeq of unacknowledged.values()) return Math.min(passed, inputSeq - 1);
    return passed;
  };
  const wake = (): void => {
    if (waiters.length === 0) return;
    const reached = acknowledged();
    const ready = waiters.filter((waiter) => waiter.position <= reached);
    waiters = waiters.filter((waiter) => waiter.position > reached);
    for (const waiter of ready) waiter.resolve();
  };
  const end = (error: unknown): void => {
    failure ??= error;
    for (const waiter of waiters) waiter.reject(failure);
    waiters = [];
  };
  const fail = (error: unknown): void => {
    if (failure !== undefined) return;
    end(error);
    o.onFailure(error);
  };

  const assertOpen = (): void => {
    if (failure !== undefined) throw failure;
  };

  const send = async (inputSeq: number, part: number, bytes: Uint8Array): Promise<void> => {
    await publisher.ready();
    if (!o.lease.isHeld()) await o.lease.whenHeld();
    const order = sent++;
    unacknowledged.set(order, inputSeq);
    publisher.publish(bytes, `${inputSeq}.${part}`).then(() => {
      unacknowledged.delete(order);
      wake();
    }, fail);
  };

  const suppress = (inputSeq: number, part: number, bytes: Uint8Array): void => {
    o.metrics.suppressed.inc();
    if (inputSeq !== answered.inputSeq || part !== answered.part) return;
    if (hashBytes(bytes, 0, OUTCOMES_OFFSET) === lastDigest) return;
    o.metrics.replayMismatches.inc();
    o.log.error({ inputSeq, part }, 'replay gave another outcome than the one that is published');
  };

  return {
    isAnswered: (inputSeq) => inputSeq <= answered.inputSeq,
    assertOpen,
    async pass(inputSeq, parts) {
      for (let part = 0; part < parts.length; part++) {
        const bytes = parts[part] as Uint8Array;
        if (inputSeq < answered.inputSeq || (inputSeq === answered.inputSeq && part <= answered.part))
          suppress(inputSeq, part, bytes);
        else await send(inputSeq, part, bytes);
      }
      assertOpen();
      passed = inputSeq;
      wake();
    },
    get acknowledged() {
      return acknowledged();
    },
    whenAcknowledged(position) {
      if (failure !== undefined) return Promise.reject(failure);
      if (acknowledged() >= position) return Promise.resolve();
      return new Promise((resolve, reject) => waiters.push({ position, resolve, reject }));
    },
    close: () => end(new WeirError('log.unavailable', 'nothing more is published')),
  };
}
