/** One decision in an encoded outcome frame, without decoding the others. */
import { ByteReader } from '../codec/byte-reader.ts';
import { splitFrame } from '../codec/frame.ts';
import type { DecisionOutcome } from './outcome.ts';
import { isDecisionItem, readDecision } from './outcome-codec.ts';

/** The decision about event `id` of `source`; undefined where the part holds none. Throws a `RangeError` on damaged bytes. */
export function findDecision(part: Uint8Array, source: string, id: string): DecisionOutcome | undefined {
  for (const item of splitFrame(part)) {
    if (!isDecisionItem(item)) continue;
    const reader = new ByteReader(item);
    reader.u8();
    reader.u32();
    if (reader.text() !== id || reader.text() !== source) continue;
    const whole = new ByteReader(item);
    whole.u8();
    return readDecision(whole);
  }
  return undefined;
}
