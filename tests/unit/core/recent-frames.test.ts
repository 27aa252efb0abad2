import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RecentFrames } from '../../../core/outcomes/recent-frames.ts';

interface Kept {
  readonly position: number;
  readonly parts: readonly Uint8Array[];
}

/** What a plain list keeps under the same limits. */
function brute(frames: readonly Kept[], framesMax: number, bytesMax: number): Kept[] {
  const kept = [...frames];
  const bytes = () => kept.flatMap(({ parts }) => parts).reduce((sum, part) => sum + part.length, 0);
  while (kept.length > framesMax || bytes() > bytesMax) kept.shift();
  return kept;
}

describe('the newest frames', () => {
  it('are those that a plain list would keep, found by their positions and from the newest backwards', () => {
    const frame = fc.record({ gap: fc.integer({ min: 1, max: 3 }), sizes: fc.array(fc.nat(40), { maxLength: 3 }) });
    fc.assert(
      fc.property(
        fc.array(frame, { maxLength: 60 }),
        fc.integer({ min: 1, max: 9 }),
        fc.nat(200),
        (all, max, bytes) => {
          const recent = new RecentFrames({ framesMax: max, bytesMax: bytes });
          let position = 0;
          const added: Kept[] = [];
          for (const { gap, sizes } of all) {
            position += gap;
            const parts = sizes.map((size) => new Uint8Array(size));
            recent.add(position, parts);
            added.push({ position, parts });
            const kept = brute(added, max, bytes);
            expect([...recent.newestFirst()]).toEqual(kept.toReversed());
            for (let at = 0; at <= position + 1; at++)
              expect(recent.partsAt(at)).toBe(kept.find((one) => one.position === at)?.parts);
          }
          recent.clear();
          expect([...recent.newestFirst()]).toEqual([]);
        },
      ),
    );
  });

  it('come in the order of positions', () => {
    const recent = new RecentFrames({ framesMax: 4, bytesMax: 100 });
    recent.add(7, []);
    expect(() => recent.add(7, [])).toThrow(RangeError);
    expect(() => recent.add(6, [])).toThrow(RangeError);
  });
});
