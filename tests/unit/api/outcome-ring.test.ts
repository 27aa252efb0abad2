/** The ring of newest outcomes against a plain list. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareCursors, formatCursor, parseCursor } from '../../../api/live/cursor.ts';
import { createOutcomeRing } from '../../../api/live/hub/outcome-ring.ts';

describe('the ring', () => {
  it('holds everything above its floor, per owner and in order, and never more than its limits', () => {
    const push = fc.record({
      do: fc.constant('push' as const),
      owner: fc.constantFrom('a', 'b', 'c'),
      newFrame: fc.boolean(),
    });
    const release = fc.record({ do: fc.constant('release' as const), back: fc.nat(5) });
    fc.assert(
      fc.property(
        fc.array(fc.oneof({ weight: 5, arbitrary: push }, { weight: 1, arbitrary: release }), { maxLength: 200 }),
        (steps) => {
          const ring = createOutcomeRing<number>({ itemsKept: 5, itemsMax: 12 });
          const all: { seq: number; item: number; owner: string; value: number }[] = [];
          let seq = 1;
          let item = 0;
          let released = 0;
          for (const step of steps) {
            if (step.do === 'release') {
              released = Math.max(released, seq - step.back);
              ring.release(released);
            } else {
              if (step.newFrame) {
                seq++;
                item = 0;
              }
              const next = { seq, item: item++, owner: step.owner, value: all.length };
              all.push(next);
              ring.push(next);
            }
            expect(ring.size).toBeLessThanOrEqual(12);
            const start = { seq: ring.floorSeq, item: Number.MAX_SAFE_INTEGER };
            expect(ring.all(start)).toEqual(all.filter((at) => at.seq > ring.floorSeq));
            for (const owner of ['a', 'b', 'c']) {
              expect(ring.ofOwner(owner, start)).toEqual(
                all.filter((at) => at.owner === owner && at.seq > ring.floorSeq),
              );
            }
            // Nothing that the store lacks goes while there is room.
            if (ring.floorSeq > released) expect(ring.droppedEarly).toBeGreaterThan(0);
          }
        },
      ),
      { seed: 20_261_123, numRuns: 300 },
    );
  });

  it('refuses an item that does not follow the last one', () => {
    const ring = createOutcomeRing<number>({ itemsKept: 5, itemsMax: 5 });
    ring.reset(10);
    expect(() => ring.push({ seq: 10, item: 0, owner: 'a', value: 1 })).toThrow(RangeError);
    ring.push({ seq: 11, item: 1, owner: 'a', value: 1 });
    expect(() => ring.push({ seq: 11, item: 1, owner: 'a', value: 1 })).toThrow(RangeError);
    expect(() => ring.push({ seq: 11, item: 0, owner: 'a', value: 1 })).toThrow(RangeError);
  });
});

describe('a cursor', () => {
  it('survives its text, and text that is none gives nothing', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(999_999), (seq, item) => {
        expect(parseCursor(formatCursor({ seq, item }))).toEqual({ seq, item });
      }),
      { seed: 1 },
    );
    for (const text of ['', '1', '1.', '.1', '-1.0', '1.0 ', '1e3.0', '1.0.0', `${'9'.repeat(20)}.0`]) {
      expect(parseCursor(text)).toBeUndefined();
    }
  });

  it('is ordered by frame, then by item', () => {
    expect(compareCursors({ seq: 9, item: 5 }, { seq: 10, item: 0 })).toBeLessThan(0);
    expect(compareCursors({ seq: 10, item: 9 }, { seq: 10, item: 10 })).toBeLessThan(0);
    expect(compareCursors({ seq: 10, item: 9 }, { seq: 10, item: 9 })).toBe(0);
  });
});
