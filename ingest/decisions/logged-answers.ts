/**
 * Decisions as they stand in OUTCOMES, for a process that reads it anyway: what is read there is stored, so that nobody
 * has to be asked. Only while the reading is near the end of the log and not silent; else, and for an event whose frame
 * holds no decision because it was decided before, the answer is `undefined`, and the caller asks the processor.
 */
import { type DecisionKey, findAnswer } from '../../core/outcomes/find-decision.ts';
import type { OutcomeHead } from '../../core/outcomes/outcome.ts';
import { RecentFrames } from '../../core/outcomes/recent-frames.ts';

/** Frames kept for who asks after their frame was read: the log's acknowledgement may come behind its outcome. */
const FRAMES_KEPT = { framesMax: 512, bytesMax: 8 * 1_048_576 } as const;
/** Frames that the reading may be behind the end of the log before the processor is asked instead. */
const FRAMES_BEHIND_MAX = 512;
/** Nothing came for this long although somebody waits: the reading may be broken, and the processor may be not. */
const SILENCE_MAX_MS = 150;
/** How often silence and deadlines are looked at, while somebody waits: cheaper than a timer for each. */
const SWEEP_MS = 10;

export interface DecisionAsked extends DecisionKey {
  /** Of the frame that holds the event. */
  readonly position: number;
}

/** What is told of the reading of OUTCOMES. */
export interface OutcomeListener {
  /** A frame, in the order of the log; `pending` follow it there. */
  onFrame(head: OutcomeHead, bytes: Uint8Array, pending: number): void;
  /** The reading ended: it begins anew elsewhere, or not at all. */
  onEnd(): void;
}

export interface LoggedAnswers extends OutcomeListener {
  /**
   * JSON of the answer when it is read; `undefined` where it cannot be had here, and at the deadline (by
   * `performance.now()`). As many wait as there are requests: the intake bounds them.
   */
  find(asked: DecisionAsked, deadlineMs: number): Promise<string | undefined>;
}

interface Waiter {
  readonly asked: DecisionAsked;
  readonly deadlineMs: number;
  readonly resolve: (answer: string | undefined) => void;
}

export function createLoggedAnswers(): LoggedAnswers {
  const frames = new RecentFrames(FRAMES_KEPT);
  /** By position, about in its order. */
  const waiting = new Map<number, Waiter[]>();
  /** Parts of a position whose final part has not come yet. */
  let parts: Uint8Array[] = [];
  /** Newest position that was read whole; 0 while nothing is read. */
  let readPosition = 0;
  let isNear = false;
  let isSweeping = false;
  /** When the last frame came, or the first of those who wait now. */
  let heardAtMs = 0;

  const releaseAll = (): void => {
    const left = [...waiting.values()].flat();
    waiting.clear();
    for (const waiter of left) waiter.resolve(undefined);
  };

  const sweep = (): void => {
    const nowMs = performance.now();
    if (nowMs - heardAtMs > SILENCE_MAX_MS) {
      isNear = false;
      releaseAll();
    }
    for (const [position, waiters] of waiting) {
      const left = waiters.filter((waiter) => waiter.deadlineMs > nowMs);
      if (left.length === waiters.length) continue;
      if (left.length === 0) waiting.delete(position);
      else waiting.set(position, left);
      for (const waiter of waiters) if (waiter.deadlineMs <= nowMs) waiter.resolve(undefined);
    }
    isSweeping = waiting.size > 0;
    if (isSweeping) setTimeout(sweep, SWEEP_MS);
  };

  return {
    onFrame(head, bytes, pending) {
      if (head.part === 0) parts = [];
      parts.push(bytes);
      heardAtMs = performance.now();
      isNear = pending <= FRAMES_BEHIND_MAX;
      // Without its first part, read before this began, a position is none that was read whole.
      if (!head.final || parts.length !== head.part + 1) return;
      const { inputSeq } = head;
      if (inputSeq <= readPosition) return;
      readPosition = inputSeq;
      frames.add(inputSeq, parts);
      for (const [position, waiters] of waiting) {
        if (position > inputSeq) break;
        waiting.delete(position);
        for (const waiter of waiters)
          waiter.resolve(position === inputSeq ? findAnswer(parts, waiter.asked, position) : undefined);
      }
      parts = [];
    },
    onEnd() {
      isNear = false;
      readPosition = 0;
      parts = [];
      frames.clear();
      releaseAll();
    },
    find(asked, deadlineMs) {
      const { position } = asked;
      if (!isNear) return Promise.resolve(undefined);
      if (position <= readPosition) return Promise.resolve(findAnswer(frames.partsAt(position) ?? [], asked, position));
      if (waiting.size === 0) heardAtMs = performance.now();
      if (!isSweeping) setTimeout(sweep, SWEEP_MS);
      isSweeping = true;
      return new Promise((resolve) => {
        const waiter: Waiter = { asked, deadlineMs, resolve };
        const others = waiting.get(position);
        if (others === undefined) waiting.set(position, [waiter]);
        else others.push(waiter);
      });
    },
  };
}
