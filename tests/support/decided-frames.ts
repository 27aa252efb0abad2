/** Outcome frames with decisions in them, as the engine writes them. */
import { ByteWriter } from '../../core/codec/byte-writer.ts';
import type { DecisionOutcome, Outcome } from '../../core/outcomes/outcome.ts';
import { decodeOutcomeHead, encodeOutcomeFrame } from '../../core/outcomes/outcome-codec.ts';

export function decided(id: string, o: Partial<DecisionOutcome> = {}): DecisionOutcome {
  return {
    kind: 'decision',
    index: 0,
    eventId: id,
    source: 'pos',
    customer: `c-${id}`,
    timeMs: 1_764_000_000_000,
    decision: 'review',
    score: 61,
    rulesetVersion: 3,
    reasons: [{ ruleId: 'r-1', ruleVersion: 2, code: 'velocity', message: 'too fast' }],
    trace: Uint8Array.of(1, 2, 3),
    ...o,
  };
}

/** The answer to `POST /v1/decisions` about `decided(id, o)`. */
export function answerTo(id: string, position: number, o: Partial<DecisionOutcome> = {}) {
  const { eventId, decision, score, reasons, rulesetVersion } = decided(id, o);
  return { eventId, decision, score, reasons, rulesetVersion, position };
}

export function outcomeFrame(
  inputSeq: number,
  outcomes: readonly Outcome[],
  { part = 0, final = true }: { readonly part?: number; readonly final?: boolean } = {},
) {
  const head = { inputSeq, part, final, clockMs: 0, rulesetVersion: 3, accepted: 1, duplicates: 0, late: 0 };
  const bytes = encodeOutcomeFrame(new ByteWriter(256), { head, outcomes });
  return { head: decodeOutcomeHead(bytes), bytes };
}
