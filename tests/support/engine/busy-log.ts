/** A log in which much happens, the same each time, and what an engine that nothing disturbs makes of it. */
import type { Entry } from '../../../core/codec/entry.ts';
import { digestHex } from '../../../core/hash.ts';
import { decodeOutcomeFrame, OUTCOMES_OFFSET } from '../../../core/outcomes/outcome-codec.ts';
import { createEngine } from '../../../processors/engine/engine.ts';
import { anEvent, aPayment, encodeEntries, rulesetEntry } from './engine.ts';
import type { Answer } from './processor.ts';

export const BASE_MS = 1_780_000_000_000;
const VELOCITY = {
  id: 'velocity',
  version: 1,
  name: 'Many payments',
  on: ['transaction'],
  conditions: {
    all: [
      {
        fact: 'window',
        params: { aggregate: 'count', over: 'customer', last: '1m' },
        operator: 'greaterThan',
        value: 8,
      },
    ],
  },
  event: { type: 'fraud', params: { action: 'review', score: 40, code: 'velocity', message: 'Many payments' } },
};

/** A deterministic log of `count` frames: rule set, then frames of 1–9 events with repeats, late ones, ticks alone and one damaged entry. */
export function busyLog(count: number): Uint8Array[] {
  const frames = [encodeEntries([rulesetEntry([VELOCITY])])];
  for (let f = 1; f < count; f++) {
    if (f % 17 === 0) {
      frames.push(encodeEntries([{ kind: 'tick', timeMs: BASE_MS + f * 1_000 }]));
      continue;
    }
    const entries: (Entry | Uint8Array)[] = [];
    for (let e = 0; e < 1 + (f % 9); e++) {
      const n = f * 10 + e;
      const id = { id: `t-${n % 7 === 0 ? n - 10 : n}` };
      const at = BASE_MS + (n % 7 === 0 ? n - 10 : n) * 300 - (n % 13 === 0 ? 9_000 : 0);
      const event =
        n % 11 === 0
          ? anEvent('location', `c-${n % 5}`, at, { lat: 31 + (n % 10) / 100, lon: 121 }, id)
          : aPayment(`c-${n % 5}`, at, { amount: n, merchant: { id: `m-${n % 3}` } }, id);
      entries.push({ kind: 'event', event });
    }
    if (f === 123) entries.push(Uint8Array.of(1, 99, 3));
    frames.push(encodeEntries(entries));
  }
  return frames;
}

/** What an engine that nothing disturbs answers. */
export function undisturbed(frames: readonly Uint8Array[]): Pick<Answer, 'inputSeq' | 'part' | 'digest'>[] {
  const engine = createEngine();
  return frames.flatMap((frame, i) =>
    engine.step(i + 1, frame).map((bytes) => {
      const { inputSeq, part } = decodeOutcomeFrame(bytes).head;
      return { inputSeq, part, digest: digestHex(bytes.subarray(OUTCOMES_OFFSET)) };
    }),
  );
}

export const essence = (answers: readonly Answer[]) =>
  answers.map(({ inputSeq, part, digest }) => ({ inputSeq, part, digest }));
