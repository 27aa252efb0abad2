/** What may come back from a store: bytes at any offset, and bytes that are not the ones that were saved. */
import { describe, expect, it } from 'vitest';
import { createEngine, restoreEngine } from '../../../../processors/engine/engine.ts';
import { PAGE_SHIFT } from '../../../../processors/engine/memory/slab.ts';
import type { SavedState } from '../../../../processors/engine/snapshots/saved-state.ts';
import { parseShardName } from '../../../../processors/engine/snapshots/shards.ts';
import { engineLog } from '../../../support/engine/engine-log.ts';

const options = { shardShift: PAGE_SHIFT + 1 };

function savedState(): { saved: SavedState; digest: string } {
  const engine = createEngine(options);
  for (const [i, frame] of engineLog(40).entries()) engine.step(i + 1, frame);
  return { saved: engine.snapshot(), digest: engine.stats().digest };
}

it('restores from slices of Buffers at any offset', () => {
  const { saved, digest } = savedState();
  const at = (offset: number, bytes: Uint8Array): Uint8Array => {
    const network = Buffer.alloc(bytes.length + offset);
    network.set(bytes, offset);
    return network.subarray(offset);
  };
  for (let offset = 0; offset < 8; offset++) {
    const shards = new Map([...saved.shards].map(([name, bytes]) => [name, at(offset, bytes)]));
    expect(restoreEngine({ manifest: at(offset, saved.manifest), shards }, options).stats().digest).toBe(digest);
  }
});

it('restores with shards of another size than it writes itself', () => {
  const { saved, digest } = savedState();
  const restored = restoreEngine(saved);
  expect(restored.stats().digest).toBe(digest);
  expect(restored.beginSnapshot(() => true).kept).toBe(0);
});

describe('a manifest', () => {
  it.each([
    ['cut short', (bytes: Uint8Array) => bytes.subarray(0, bytes.length - 1)],
    ['longer', (bytes: Uint8Array) => Uint8Array.of(...bytes, 0)],
    ['of another version', (bytes: Uint8Array) => bytes.with(4, 9)],
    ['altered in its directory', (bytes: Uint8Array) => bytes.with(20, (bytes[20] as number) ^ 1)],
    ['altered in a section', (bytes: Uint8Array) => bytes.with(bytes.length - 100, (bytes.at(-100) as number) ^ 1)],
    ['empty', () => new Uint8Array(0)],
  ])('that is %s is refused', (_title, damage) => {
    const { saved } = savedState();
    const damaged = { ...saved, manifest: damage(saved.manifest) };
    expect(() => restoreEngine(damaged, options)).toThrow(expect.objectContaining({ code: 'checkpoint.damaged' }));
    expect(restoreEngine(saved, options).position).toBe(40);
  });
});

describe('a shard', () => {
  it.each([
    ['altered in one bit', (bytes: Uint8Array) => bytes.with(9_999, (bytes[9_999] as number) ^ 64)],
    ['altered in its last byte', (bytes: Uint8Array) => bytes.with(-1, (bytes.at(-1) as number) ^ 1)],
    ['cut short', (bytes: Uint8Array) => bytes.subarray(0, bytes.length - 8)],
    ['missing', () => undefined],
  ])('that is %s is refused, whichever it is', (_title, damage) => {
    const { saved } = savedState();
    expect(saved.shards.size).toBeGreaterThan(5);
    for (const [name, bytes] of saved.shards) {
      const shards = new Map(saved.shards);
      const damaged = damage(bytes);
      if (damaged === undefined) shards.delete(name);
      else shards.set(name, damaged);
      expect(() => restoreEngine({ ...saved, shards }, options)).toThrow(
        expect.objectContaining({ code: 'checkpoint.damaged' }),
      );
    }
  });

  it('in place of another one is refused', () => {
    const { saved } = savedState();
    const [first, second] = [...saved.shards.keys()].sort((a, b) => parseShardName(a).index - parseShardName(b).index);
    const shards = new Map(saved.shards).set(first as string, saved.shards.get(second as string) as Uint8Array);
    expect(() => restoreEngine({ ...saved, shards }, options)).toThrow(
      expect.objectContaining({ code: 'checkpoint.damaged' }),
    );
  });
});
