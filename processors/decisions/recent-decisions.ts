/**
 * Answers what was decided about an event as soon as the decision is stored, never before. It keeps the outcome parts of
 * the newest frames, and the answers that were given: an event that is sent again is a duplicate without a decision of
 * its own, and gets the first one.
 */
import { findDecision } from '../../core/outcomes/find-decision.ts';
import type { DecisionOutcome } from '../../core/outcomes/outcome.ts';
import type { DecisionQuestion, DecisionReply } from '../../stream/decision-exchange.ts';
import type { OutcomeGate } from '../outcome-gate.ts';

/** Frames whose parts are kept, and their bytes; the oldest makes room. Who asks for one before is sent to the store. */
const FRAMES_KEPT_MAX = 2_048;
const BYTES_KEPT_MAX = 64 * 1_048_576;
/** Answers kept for events that are sent again; the oldest makes room. */
const ANSWERS_KEPT_MAX = 65_536;

export interface RecentDecisions {
  /** The parts that answer a position, in the order of positions. */
  add(inputSeq: number, parts: readonly Uint8Array[]): void;
  /** Waits until the position's answer is stored. Rejects with what OUTCOMES refused with. */
  answer(asked: DecisionQuestion, gate: Pick<OutcomeGate, 'whenAcknowledged'>): Promise<DecisionReply>;
}

export function createRecentDecisions(): RecentDecisions {
  const frames = new Map<number, readonly Uint8Array[]>();
  const answers = new Map<string, Uint8Array>();
  let bytesKept = 0;

  const makeRoom = (): void => {
    for (const [inputSeq, parts] of frames) {
      if (frames.size <= FRAMES_KEPT_MAX && bytesKept <= BYTES_KEPT_MAX) return;
      frames.delete(inputSeq);
      bytesKept -= bytesOf(parts);
    }
  };

  const remember = (key: string, answer: Uint8Array): void => {
    answers.set(key, answer);
    if (answers.size <= ANSWERS_KEPT_MAX) return;
    for (const oldest of answers.keys()) {
      answers.delete(oldest);
      return;
    }
  };

  return {
    add(inputSeq, parts) {
      if (parts.length === 0) return;
      frames.set(inputSeq, parts);
      bytesKept += bytesOf(parts);
      makeRoom();
    },
    async answer({ position, source, id }, gate) {
      const key = `${source}\u0000${id}`;
      const known = answers.get(key);
      if (known !== undefined) return known;
      await gate.whenAcknowledged(position);
      // Another question about the same event may have been answered meanwhile.
      const since = answers.get(key);
      if (since !== undefined) return since;
      for (const part of frames.get(position) ?? []) {
        const decision = findDecision(part, source, id);
        if (decision === undefined) continue;
        const answer = encodeAnswer(decision, position);
        remember(key, answer);
        return answer;
      }
      return undefined;
    },
  };
}

const encoder = new TextEncoder();

function encodeAnswer(decided: DecisionOutcome, position: number): Uint8Array {
  const { eventId, decision, score, reasons, rulesetVersion } = decided;
  return encoder.encode(JSON.stringify({ eventId, decision, score, reasons, rulesetVersion, position }));
}

function bytesOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}
