import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FRAME_HEAD_BYTES, FRAME_ITEM_OVERHEAD_BYTES } from '../../../core/codec/frame.ts';
import { entryBytes, FramePacker, type PackedCall, type PackedFrame } from '../../../stream/log/frame-packer.ts';

interface TestCall extends PackedCall {
  readonly id: number;
}

let ids = 0;
function call(sizes: readonly number[]): TestCall {
  const entries = sizes.map((size) => new Uint8Array(size));
  return { id: ids++, entries, next: 0, bytesLeft: entryBytes(entries) };
}

function frameBytes(frame: PackedFrame<TestCall>): number {
  return FRAME_HEAD_BYTES + frame.entries.reduce((sum, entry) => sum + entry.length + FRAME_ITEM_OVERHEAD_BYTES, 0);
}

describe('packing frames', () => {
  it('puts small calls together and splits a large one', () => {
    const packer = new FramePacker<TestCall>({ entriesMax: 3, bytesMax: 1_000 });
    const [small, large, next] = [call([10]), call([10, 10, 10, 10]), call([10])];
    for (const one of [small, large, next]) packer.add(one);
    expect(packer.take()?.calls).toEqual([small, large]);
    // The rest of the large call waits for that frame; others pass it.
    expect(packer.take()?.calls).toEqual([next]);
    expect(packer.take()).toBeUndefined();
    expect(packer.queuedEntries).toBe(2);
    expect(packer.release(large)).toBe(true);
    expect(packer.take()?.calls).toEqual([large]);
    expect(packer.release(large)).toBe(false);
    expect([packer.queuedEntries, packer.queuedBytes, packer.hasReady]).toEqual([0, 0, false]);
  });

  it('forgets an abandoned call, whether it waits for its turn or for its frame', () => {
    const packer = new FramePacker<TestCall>({ entriesMax: 2, bytesMax: 1_000 });
    const [blocked, ready, last] = [call([1, 1, 1]), call([1, 1]), call([1])];
    packer.add(blocked);
    packer.take();
    packer.add(ready);
    packer.add(last);
    packer.abandon(blocked, true);
    packer.abandon(ready, false);
    expect(packer.release(blocked)).toBe(false);
    expect(packer.take()?.calls).toEqual([last]);
    expect([packer.queuedEntries, packer.queuedBytes, packer.hasReady]).toEqual([0, 0, false]);
  });

  it('keeps limits, order and counts for any calls and any order of acknowledgements', () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 120 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(fc.array(sizes, { maxLength: 25 }), fc.array(fc.nat(), { minLength: 1 }), (calls, choices) => {
        const limits = { entriesMax: 5, bytesMax: 200 };
        const packer = new FramePacker<TestCall>(limits);
        const all = calls.map(call);
        for (const one of all) packer.add(one);
        const packed = new Map<TestCall, Uint8Array[]>();
        const out: PackedFrame<TestCall>[] = [];
        const outCalls = new Set<TestCall>();
        for (let turn = 0; ; turn++) {
          for (let frame = packer.take(); frame !== undefined; frame = packer.take()) {
            expect(frame.entries.length).toBeLessThanOrEqual(limits.entriesMax);
            if (frame.entries.length > 1) expect(frameBytes(frame)).toBeLessThanOrEqual(limits.bytesMax);
            let at = 0;
            for (const one of frame.calls) {
              expect(outCalls.has(one), 'one frame of a call at a time').toBe(false);
              const done = packed.get(one) ?? [];
              while (at < frame.entries.length && frame.entries[at] === one.entries[done.length]) {
                done.push(frame.entries[at++] as Uint8Array);
              }
              packed.set(one, done);
              outCalls.add(one);
            }
            expect(at).toBe(frame.entries.length);
            out.push(frame);
          }
          if (out.length === 0) break;
          const [acknowledged] = out.splice((choices[turn % choices.length] ?? 0) % out.length, 1);
          for (const one of acknowledged?.calls ?? []) {
            outCalls.delete(one);
            packer.release(one);
          }
        }
        for (const one of all) expect(packed.get(one)).toEqual(one.entries);
        expect([packer.queuedEntries, packer.queuedBytes, packer.hasReady]).toEqual([0, 0, false]);
      }),
      { seed: 20_261_123, numRuns: 300 },
    );
  });
});
