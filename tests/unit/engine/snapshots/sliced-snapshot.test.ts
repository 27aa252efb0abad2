/** A snapshot that is copied while the engine goes on is the one that would have been taken by standing still. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createEngine, restoreEngine } from '../../../../processors/engine/engine.ts';
import { engineLog } from '../../../support/engine/engine-log.ts';

const FRAMES = 260;

it('holds the state of the position where it began, whatever comes while it is copied', () => {
  // Every kind of entry is in the log: a write anywhere in the engine that is not announced to the slab shows here.
  const check = (seed: number, beginAt: number, pages: number, framesPerTurn: number) => {
    const frames = engineLog(FRAMES, seed);
    const engine = createEngine();
    let at = 0;
    const stepOne = (): void => {
      if (at >= frames.length) return;
      engine.step(at + 1, frames[at] as Uint8Array);
      at++;
    };
    while (at < beginAt) stepOne();
    const wanted = engine.snapshot();
    const snapshot = engine.beginSnapshot();
    expect(snapshot.position).toBe(beginAt);
    do for (let i = 0; i < framesPerTurn; i++) stepOne();
    while (snapshot.copy(pages));
    while (at < frames.length) stepOne();
    const taken = snapshot.take();
    expect(Buffer.compare(taken, wanted)).toBe(0);
    const restored = restoreEngine(taken);
    for (let i = beginAt; i < frames.length; i++) restored.step(i + 1, frames[i] as Uint8Array);
    expect(restored.stats().digest).toBe(engine.stats().digest);
  };
  const cases = fc.tuple(
    fc.nat(9),
    fc.integer({ min: 0, max: FRAMES - 1 }),
    fc.integer({ min: 1, max: 9 }),
    fc.nat(40),
  );
  fc.assert(
    fc.property(cases, ([seed, beginAt, pages, framesPerTurn]) => check(seed, beginAt, pages, framesPerTurn)),
    { seed: 20_261_126, numRuns: 40 },
  );
});

it('is taken one at a time, and given up cleanly', () => {
  const engine = createEngine();
  for (const [i, frame] of engineLog(60, 1).entries()) engine.step(i + 1, frame);
  const first = engine.beginSnapshot();
  expect(() => engine.beginSnapshot()).toThrow('watched already');
  expect(() => first.take()).toThrow('not filled');
  first.copy(1);
  first.abandon();
  const second = engine.beginSnapshot();
  while (second.copy(4));
  expect(restoreEngine(second.take()).stats().digest).toBe(engine.stats().digest);
});
