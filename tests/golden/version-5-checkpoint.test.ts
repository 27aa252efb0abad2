/**
 * A checkpoint of version 5, as the last version that wrote such saved it: it restores, and the engine goes on from it as one
 * that went through the whole log. The file holds the snapshot and then the frames of the log, each behind its length.
 */
import { expect, it } from 'vitest';
import { createEngine, restoreEngine } from '../../processors/engine/engine.ts';
import { liveRulesIn } from '../../processors/engine/snapshots/live-rules-in.ts';
import { goldenParts } from '../support/engine/golden-parts.ts';
import { bytesOf } from '../support/engine/saved-states.ts';

const FILE = new URL('./checkpoints/version-5.bin.gz', import.meta.url);
const SAVED_AT = 110;
/** What the engine that saved it said then. */
const DIGEST_THEN = '72875ee8bd368990';

it('restores a checkpoint of version 5 and answers on byte for byte, staged rules included', () => {
  const [manifest = new Uint8Array(0), ...frames] = goldenParts(FILE);
  const engine = restoreEngine({ manifest, shards: new Map() });
  expect(engine.stats()).toMatchObject({ position: SAVED_AT, digest: DIGEST_THEN, stagedRulesets: 1, windowKeys: 24 });
  expect(liveRulesIn(manifest)?.documents.length).toBeGreaterThan(5);
  const whole = createEngine();
  for (const [i, frame] of frames.entries()) {
    const wanted = whole.step(i + 1, frame);
    if (i >= SAVED_AT) expect(engine.step(i + 1, frame)).toEqual(wanted);
  }
  expect(engine.stats()).toMatchObject({ rulesetVersion: 200, accepted: whole.stats().accepted, poison: 4 });
  // And it is saved as any other.
  const again = restoreEngine(engine.snapshot());
  expect(Buffer.compare(bytesOf(again.snapshot()), bytesOf(engine.snapshot()))).toBe(0);
});

it('refuses one that is altered', () => {
  const [manifest = new Uint8Array(0)] = goldenParts(FILE);
  const altered = manifest.slice();
  altered[200_000] = (altered[200_000] as number) ^ 1;
  expect(() => restoreEngine({ manifest: altered, shards: new Map() })).toThrow(
    expect.objectContaining({ code: 'checkpoint.damaged' }),
  );
});
