/**
 * A checkpoint with customers in layout 1, whose histories took 32 bytes an event, as the last version that wrote such saved
 * it: the engine lays them anew and goes on as one that went through the whole log, duplicates of what came before and labels
 * of it included. Beside customers of this year, one has events of 1985 and one at fractions of milliseconds. The file holds the
 * manifest, the name of its only shard, the shard, and then the frames of the log, each behind its length.
 */
import { expect, it } from 'vitest';
import { createEngine, type Engine, restoreEngine } from '../../processors/engine/engine.ts';
import { goldenParts } from '../support/engine/golden-parts.ts';

const FILE = new URL('./checkpoints/customers-layout-1.bin.gz', import.meta.url);
const SAVED_AT = 77;
/** What the engine that saved it said then, and at the end of the log. */
const DIGEST_THEN = 'd0d09e2d8321763f';
const DIGEST_AT_END = 'b60f37acdd836f53';
const BYTES_THEN = 12_032;

function partOf(engine: Engine, name: string) {
  return engine.memory().find(({ part }) => part === name);
}

it('restores histories of layout 1 in less memory and answers on byte for byte', () => {
  const none = new Uint8Array(0);
  const [manifest = none, name = none, shard = none, ...frames] = goldenParts(FILE);
  const engine = restoreEngine({ manifest, shards: new Map([[new TextDecoder().decode(name), shard]]) });
  expect(engine.stats()).toMatchObject({ position: SAVED_AT, digest: DIGEST_THEN, accepted: 392, duplicates: 41 });
  const whole = createEngine();
  frames.slice(0, SAVED_AT).forEach((frame, i) => void whole.step(i + 1, frame));
  for (const part of ['histories', 'addresses and counterparties'])
    expect(partOf(engine, part)).toEqual(partOf(whole, part));
  expect(partOf(engine, 'histories')?.usedBytes).toBeLessThan(0.85 * BYTES_THEN);
  expect(partOf(engine, 'other')).toEqual(partOf(whole, 'other'));
  // It is saved as any other, all that was laid anew included.
  const again = restoreEngine(engine.snapshot());
  for (let i = SAVED_AT; i < frames.length; i++) {
    const frame = frames[i] as Uint8Array;
    const wanted = whole.step(i + 1, frame);
    expect(engine.step(i + 1, frame)).toEqual(wanted);
    expect(again.step(i + 1, frame)).toEqual(wanted);
  }
  expect(engine.stats()).toMatchObject({ digest: DIGEST_AT_END, duplicates: 336, labelsUnmatched: 28, poison: 19 });
  expect(partOf(engine, 'histories')?.usedBytes).toBe(partOf(whole, 'histories')?.usedBytes);
});
