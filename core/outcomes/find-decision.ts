/** Decisions in an encoded outcome frame, without decoding the others, and how they are answered. */
import { ByteReader } from '../codec/byte-reader.ts';
import { FrameItems } from '../codec/frame.ts';
import { DECISION, readDecision } from './outcome-codec.ts';

/** Whom a decision is about. */
export interface DecisionKey {
  readonly source: string;
  readonly id: string;
}

/** A decision's item begins with its kind and the index of the event. */
const KIND_BYTES = 1;
const INDEX_BYTES = 4;
const items = new FrameItems();

/**
 * The JSON of the answer to `POST /v1/decisions` about event `id` of `source`, decided at `position` of EVENTS; undefined
 * where the parts hold none. Throws a `RangeError` on damaged bytes.
 */
export function findAnswer(
  parts: readonly Uint8Array[],
  { source, id }: DecisionKey,
  position: number,
): string | undefined {
  for (const part of parts) {
    items.find(part);
    for (let i = 0; i < items.count; i++) {
      const start = items.starts[i] as number;
      if (part[start] !== DECISION) continue;
      const end = items.ends[i] as number;
      const reader = new ByteReader(part, start + KIND_BYTES + INDEX_BYTES, end);
      if (reader.text() !== id || reader.text() !== source) continue;
      const { eventId, decision, score, reasons, rulesetVersion } = readDecision(
        new ByteReader(part, start + KIND_BYTES, end),
      );
      return JSON.stringify({ eventId, decision, score, reasons, rulesetVersion, position });
    }
  }
  return undefined;
}
