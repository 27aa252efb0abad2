/**
 * A checkpoint with windows in layout 2, in which every ring of money took 16 bytes an event, as the last version that wrote
 * such saved it: the engine goes on from it as one that went through the whole log, and lays its rings narrow meanwhile. The
 * file holds the manifest, the name of its only shard, the shard, and then the frames of the log, each behind its length.
 */
import { expect, it } from 'vitest';
import { createEngine, type Engine, restoreEngine } from '../../processors/engine/engine.ts';
import { goldenParts } from '../support/engine/golden-parts.ts';

const FILE = new URL('./checkpoints/windows-layout-2.bin.gz', import.meta.url);
const SAVED_AT = 60;
/** What the engine that saved it said then. */
const DIGEST_THEN = 'c8955eba4d3497ad';

/** Bytes that windows over one kind of key use. */
function usedBytes(engine: Engine, over: string): number {
  return engine.memory().find(({ part }) => part === `windows over ${over}`)?.usedBytes ?? 0;
}

it('restores windows of layout 2, answers on byte for byte and comes to hold as little as without them', () => {
  const none = new Uint8Array(0);
  const [manifest = none, name = none, shard = none, ...frames] = goldenParts(FILE);
  const engine = restoreEngine({ manifest, shards: new Map([[new TextDecoder().decode(name), shard]]) });
  expect(engine.stats()).toMatchObject({ position: SAVED_AT, digest: DIGEST_THEN, windowKeys: 157, poison: 0 });
  const whole = createEngine();
  frames.slice(0, SAVED_AT).forEach((frame, i) => void whole.step(i + 1, frame));
  for (const over of ['customer', 'card'])
    expect(usedBytes(engine, over)).toBeGreaterThan(1.2 * usedBytes(whole, over));
  for (let i = SAVED_AT; i < frames.length; i++) {
    const frame = frames[i] as Uint8Array;
    expect(engine.step(i + 1, frame)).toEqual(whole.step(i + 1, frame));
  }
  expect(engine.stats().accepted).toBe(whole.stats().accepted);
  for (const over of ['customer', 'card']) expect(usedBytes(engine, over)).toBe(usedBytes(whole, over));
});
