/**
 * Answers what was decided about an event as soon as the decision is stored, never before, to who does not read it in
 * OUTCOMES himself. It keeps the newest outcome frames, and the answers that were given: an event that is sent again is a
 * duplicate without a decision of its own, and gets the first one.
 */
import { findAnswer } from '../../core/outcomes/find-decision.ts';
import { RecentFrames } from '../../core/outcomes/recent-frames.ts';
import type { DecisionQuestion, DecisionReply } from '../../stream/decision-exchange.ts';
import type { OutcomeGate } from '../outcome-gate.ts';

/** Frames that are kept, and their bytes. Who asks for a decision before them is sent to the store. */
const FRAMES_KEPT = { framesMax: 8_192, bytesMax: 64 * 1_048_576 } as const;
/** Bytes of frames that are searched for the first decision about an event that was sent again: about two milliseconds. */
const SEARCHED_BYTES_MAX = 8 * 1_048_576;
/** Answers kept for events that are sent again, in each of two generations; the older makes room. */
const ANSWERS_KEPT_MAX = 32_768;

export interface RecentDecisions {
  /** The parts that answer a position, in the order of positions. */
  add(inputSeq: number, parts: readonly Uint8Array[]): void;
  /** Waits until the position's answer is stored. Rejects with what OUTCOMES refused with. */
  answer(asked: DecisionQuestion, gate: Pick<OutcomeGate, 'whenAcknowledged'>): Promise<DecisionReply>;
}

export function createRecentDecisions(): RecentDecisions {
  const frames = new RecentFrames(FRAMES_KEPT);
  let answers = new Map<string, Uint8Array>();
  let olderAnswers = answers;

  const recall = (key: string): Uint8Array | undefined => answers.get(key) ?? olderAnswers.get(key);
  const remember = (key: string, answer: Uint8Array): void => {
    if (answers.size >= ANSWERS_KEPT_MAX) {
      olderAnswers = answers;
      answers = new Map();
    }
    answers.set(key, answer);
  };

  /** The frames before `position` that hold the event's id, whatever it stands for there. */
  const search = (asked: DecisionQuestion): string | undefined => {
    const id = Buffer.from(asked.id);
    let searched = 0;
    for (const { position, parts } of frames.newestFirst()) {
      if (position >= asked.position) continue;
      for (const part of parts) {
        searched += part.length;
        if (!Buffer.from(part.buffer, part.byteOffset, part.length).includes(id)) continue;
        const found = findAnswer([part], asked, position);
        if (found !== undefined) return found;
      }
      if (searched > SEARCHED_BYTES_MAX) return undefined;
    }
    return undefined;
  };

  return {
    add(inputSeq, parts) {
      if (parts.length > 0) frames.add(inputSeq, parts);
    },
    async answer(asked, gate) {
      const key = `${asked.source}\u0000${asked.id}`;
      const known = recall(key);
      if (known !== undefined) return known;
      await gate.whenAcknowledged(asked.position);
      // Another question about the same event may have been answered meanwhile.
      const since = recall(key);
      if (since !== undefined) return since;
      const found = findAnswer(frames.partsAt(asked.position) ?? [], asked, asked.position) ?? search(asked);
      if (found === undefined) return undefined;
      const answer = encoder.encode(found);
      remember(key, answer);
      return answer;
    },
  };
}

const encoder = new TextEncoder();
