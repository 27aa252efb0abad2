import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteWriter } from '../../../core/codec/byte-writer.ts';
import { digestHex } from '../../../core/hash.ts';
import type { Outcome, OutcomeFrame, Reason } from '../../../core/outcomes/outcome.ts';
import { DECISIONS } from '../../../core/outcomes/outcome.ts';
import {
  decodeOutcomeFrame,
  decodeOutcomeHead,
  encodeOutcomeFrame,
  OUTCOMES_OFFSET,
} from '../../../core/outcomes/outcome-codec.ts';

const text = fc.string({ unit: 'grapheme', maxLength: 40 });
const u32 = fc.nat({ max: 0xffff_ffff });
const timeMs = fc.integer({ min: 0, max: 4_102_444_800_000 });
const bytes = fc.uint8Array({ maxLength: 64 });
const money = fc.nat({ max: Number.MAX_SAFE_INTEGER });

const reason: fc.Arbitrary<Reason> = fc.record({ ruleId: text, ruleVersion: u32, code: text, message: text });
const outcome: fc.Arbitrary<Outcome> = fc.oneof(
  fc.record({
    kind: fc.constant('accepted' as const),
    index: u32,
    type: fc.constantFrom('transaction' as const, 'place' as const),
    customer: text,
    late: fc.boolean(),
    entry: bytes,
  }),
  fc.record({
    kind: fc.constant('decision' as const),
    index: u32,
    eventId: text,
    source: text,
    customer: text,
    timeMs,
    decision: fc.constantFrom(...DECISIONS),
    score: fc.nat({ max: 100 }),
    rulesetVersion: u32,
    reasons: fc.array(reason, { maxLength: 4 }),
    trace: bytes,
  }),
  fc.record({
    kind: fc.constant('kpi' as const),
    secondMs: timeMs,
    businessLine: text,
    channel: text,
    region: text,
    currency: text,
    transactions: u32,
    volume: money,
    approved: u32,
    declined: u32,
    fees: money,
    costs: money,
    alerts: u32,
    offers: u32,
  }),
  fc.record({ kind: fc.constant('poison' as const), index: u32, message: text, entry: bytes }),
);
const frame: fc.Arbitrary<OutcomeFrame> = fc.record({
  head: fc.record({
    inputSeq: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
    part: fc.nat({ max: 0xffff }),
    final: fc.boolean(),
    clockMs: timeMs,
    rulesetVersion: u32,
    accepted: u32,
    duplicates: u32,
    late: u32,
  }),
  outcomes: fc.array(outcome, { maxLength: 8 }),
});

describe('outcome frames', () => {
  it('come back from bytes as they were', () => {
    fc.assert(
      fc.property(frame, (written) => {
        const encoded = encodeOutcomeFrame(new ByteWriter(), written);
        expect(decodeOutcomeFrame(encoded)).toEqual(written);
        expect(decodeOutcomeHead(encoded)).toEqual(written.head);
      }),
      { seed: 11 },
    );
  });

  it('have a digest that leaves the head out and sees every bit of the outcomes', () => {
    fc.assert(
      fc.property(frame, fc.nat(), (written, where) => {
        const encoded = encodeOutcomeFrame(new ByteWriter(), written);
        const moved = encodeOutcomeFrame(new ByteWriter(), {
          ...written,
          head: { ...written.head, inputSeq: 1, clockMs: 1 },
        });
        const digest = digestHex(encoded.subarray(OUTCOMES_OFFSET));
        expect(digestHex(moved.subarray(OUTCOMES_OFFSET))).toBe(digest);
        if (encoded.length === OUTCOMES_OFFSET) return;
        const at = OUTCOMES_OFFSET + (where % (encoded.length - OUTCOMES_OFFSET));
        encoded[at] = (encoded[at] ?? 0) ^ 1;
        expect(digestHex(encoded.subarray(OUTCOMES_OFFSET))).not.toBe(digest);
      }),
      { seed: 12 },
    );
  });

  it('cut short are refused, never read as something smaller', () => {
    fc.assert(
      fc.property(frame, fc.nat(), (written, where) => {
        const encoded = encodeOutcomeFrame(new ByteWriter(), written);
        expect(() => decodeOutcomeFrame(encoded.subarray(0, where % encoded.length))).toThrow();
      }),
      { seed: 13 },
    );
  });
});
