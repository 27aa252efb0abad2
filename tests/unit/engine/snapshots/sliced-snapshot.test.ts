/** A snapshot that is copied while the engine goes on is the one that would have been taken by standing still. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createEngine, type Engine, restoreEngine } from '../../../../processors/engine/engine.ts';
import { PAGE_SHIFT } from '../../../../processors/engine/memory/slab.ts';
import { engineLog } from '../../../support/engine/engine-log.ts';
import { bytesOf, ShardStore, wordsOf } from '../../../support/engine/saved-states.ts';

const FRAMES = 260;
const SEED = 20_261_126;
/** Shards of two pages: even a small state has dozens. */
const options = { shardShift: PAGE_SHIFT + 1 };

/** Steps through `frames` one at a time. */
class Feed {
  at = 0;
  readonly engine: Engine;
  readonly #frames: readonly Uint8Array[];

  constructor(frames: readonly Uint8Array[], engine = createEngine(options), at = 0) {
    this.#frames = frames;
    this.engine = engine;
    this.at = at;
  }

  step(frames: number): void {
    for (let i = 0; i < frames && this.at < this.#frames.length; i++) {
      this.engine.step(this.at + 1, this.#frames[this.at] as Uint8Array);
      this.at++;
    }
  }

  toEnd(): string {
    this.step(Number.POSITIVE_INFINITY);
    return this.engine.stats().digest;
  }
}

describe('a snapshot under traffic', () => {
  it('holds the state of the position where it began, whatever comes while it is copied', () => {
    // Every kind of entry is in the log: a write anywhere in the engine that is not announced to the slab shows here.
    const check = (seed: number, beginAt: number, pages: number, framesPerTurn: number) => {
      const frames = engineLog(FRAMES, seed);
      const feed = new Feed(frames);
      feed.step(beginAt);
      const wanted = feed.engine.snapshot();
      const store = new ShardStore();
      const snapshot = store.begin(feed.engine);
      expect(snapshot.position).toBe(beginAt);
      store.write(snapshot, pages, () => feed.step(framesPerTurn));
      const taken = store.take(snapshot);
      expect(Buffer.compare(bytesOf(taken), bytesOf(wanted))).toBe(0);
      const restored = new Feed(frames, restoreEngine(taken, options), beginAt);
      expect(restored.toEnd()).toBe(feed.toEnd());
    };
    const cases = fc.tuple(
      fc.nat(9),
      fc.integer({ min: 0, max: FRAMES - 1 }),
      fc.integer({ min: 1, max: 3 }),
      fc.nat(12),
    );
    fc.assert(
      fc.property(cases, ([seed, beginAt, pages, framesPerTurn]) => check(seed, beginAt, pages, framesPerTurn)),
      { seed: SEED, numRuns: 40 },
    );
  });

  it('writes again what changed since one that is stored, and nothing else, through restarts and given up ones', () => {
    const saves = fc.array(
      fc.record({
        frames: fc.integer({ min: 0, max: 25 }),
        framesPerTurn: fc.nat(2),
        what: fc.constantFrom(
          'save' as const,
          'save' as const,
          'give up' as const,
          'restart' as const,
          'lose' as const,
        ),
      }),
      { minLength: 4, maxLength: 12 },
    );
    let keptInAll = 0;
    const check = (seed: number, list: typeof saves extends fc.Arbitrary<infer T> ? T : never) => {
      const frames = engineLog(FRAMES, seed);
      const store = new ShardStore();
      let feed = new Feed(frames);
      for (const { frames: count, framesPerTurn, what } of list) {
        feed.step(count);
        const wanted = wordsOf(feed.engine.snapshot());
        // What a store no longer holds must be written, changed or not.
        if (what === 'lose') for (const name of [...store.shards.keys()].slice(0, 3)) store.shards.delete(name);
        const snapshot = store.begin(feed.engine);
        if (what === 'give up') {
          const room = new Uint8Array(snapshot.roomBytes);
          if (snapshot.open(room)) snapshot.copy(1);
          feed.step(framesPerTurn);
          snapshot.abandon();
          continue;
        }
        const written = store.write(snapshot, 1, () => feed.step(framesPerTurn));
        expect(written + snapshot.kept).toBe(snapshot.shards.length);
        keptInAll += snapshot.kept;
        const taken = store.take(snapshot);
        expect(Buffer.compare(wordsOf(taken), wanted)).toBe(0);
        if (what === 'restart') feed = new Feed(frames, restoreEngine(taken, options), snapshot.position);
      }
      expect(feed.toEnd()).toBe(new Feed(frames).toEnd());
    };
    fc.assert(fc.property(fc.nat(9), saves, check), { seed: SEED, numRuns: 25 });
    expect(keptInAll).toBeGreaterThan(100);
  });

  it('writes nothing of a state at rest', () => {
    const store = new ShardStore();
    const feed = new Feed(engineLog(60, 2));
    feed.step(60);
    expect(store.write(store.begin(feed.engine), 8)).toBeGreaterThan(5);
    const again = store.begin(feed.engine);
    expect(store.write(again, 8)).toBe(0);
    const restored = restoreEngine(store.take(again), options);
    // Loading links the places anew, in words that hold the same already.
    expect(store.write(store.begin(restored), 8)).toBeLessThan(3);
    expect(restored.stats().digest).toBe(feed.engine.stats().digest);
  });

  it('is taken one at a time, and given up cleanly', () => {
    const feed = new Feed(engineLog(60, 1));
    feed.step(60);
    const store = new ShardStore();
    const first = store.begin(feed.engine);
    expect(() => store.begin(feed.engine)).toThrow('watched already');
    expect(() => first.manifest()).toThrow('not copied');
    const room = new Uint8Array(first.roomBytes);
    first.open(room);
    expect(() => first.close()).toThrow('not copied');
    first.copy(1);
    expect(() => first.open(room)).toThrow('already');
    first.abandon();
    const second = store.begin(feed.engine);
    store.write(second, 4);
    expect(restoreEngine(store.take(second), options).stats().digest).toBe(feed.engine.stats().digest);
  });
});
