/** What a moving window keeps of its values, against a list of them, and how often that has to be made again. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RankBand } from '../../../../../processors/engine/windows/hot/moving/rank-band.ts';
import { ValueCounts } from '../../../../../processors/engine/windows/hot/moving/value-counts.ts';

/** Numbers from 0 to 1 that look random and are the same in every run. */
function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (Math.imul(state ^ (state >>> 15), 0x2c1b_3c6d) >>> 0) / 2 ** 32;
  };
}

const SHAPES = {
  'all over': (_: number, random: number) => random * 1e6,
  'few different': (_: number, random: number) => Math.floor(random * 4),
  'all the same': () => 7,
  rising: (i: number) => i,
  falling: (i: number) => 0 - i,
  'rising and falling': (i: number, random: number) => Math.abs((i % 6_000) - 3_000) + Math.floor(random * 20),
  'hugely different': (_: number, random: number) => (random - 0.5) * 10 ** Math.floor(random * 300),
} as const;
type Shape = keyof typeof SHAPES;

/** A window of a list that moves on, and a band that follows it. */
class Followed {
  readonly #p: number;
  readonly band: RankBand;
  values: number[] = [];
  fills = 0;

  constructor(p: number) {
    this.#p = p;
    this.band = new RankBand(p);
  }

  percentile(pending: number | undefined): number | undefined {
    const known = this.band.percentile(pending);
    if (known !== undefined) return known;
    this.fills++;
    this.band.fill(Float64Array.from(this.values), this.values.length);
    return this.band.percentile(pending);
  }

  expected(pending: number | undefined): number | undefined {
    const sorted = Float64Array.from(pending === undefined ? this.values : [...this.values, pending]).sort();
    return sorted[Math.ceil((this.#p / 100) * sorted.length) - 1];
  }

  enter(value: number): void {
    this.values.push(value);
    this.band.enter(value);
  }

  /** The oldest, or one in between. */
  leave(at: number): void {
    for (const value of this.values.splice(at, 1)) this.band.leave(value);
  }
}

describe('the band around a percentile', () => {
  const shape = fc.constantFrom(...(Object.keys(SHAPES) as Shape[]));
  const phase = fc.record({ shape, moves: fc.integer({ min: 1, max: 600 }), grows: fc.constantFrom(-1, 0, 0, 1) });
  it('gives the value at the rank among the values of the window, with one more and without', () => {
    const check = (p: number, phases: readonly (typeof phase extends fc.Arbitrary<infer T> ? T : never)[]) => {
      const followed = new Followed(p);
      const random = createRandom(phases.length);
      let made = 0;
      for (const { shape: of, moves, grows } of phases) {
        for (let i = 0; i < moves; i++) {
          const { length } = followed.values;
          if (grows >= 0 || length < 2) followed.enter(SHAPES[of](made++, random()));
          if (grows <= 0 && length > 1) followed.leave(random() < 0.8 ? 0 : Math.floor(random() * length));
          const pending = SHAPES[of](made, random());
          if (i % 3 === 0) expect(followed.percentile(undefined)).toBe(followed.expected(undefined));
          if (i % 3 === 1) expect(followed.percentile(pending)).toBe(followed.expected(pending));
        }
      }
    };
    const phases = fc.array(phase, { minLength: 1, maxLength: 6 });
    fc.assert(fc.property(fc.constantFrom(1, 50, 95, 99.9, 100), phases, check), { seed: 20_261_126, numRuns: 60 });
  });

  it.each([
    ['all over', 2],
    ['few different', 2],
    ['rising', 100],
    ['rising and falling', 200],
  ] as const)('of 10,000 values that are %s is laid at most %i times in 20,000 moves', (of, most) => {
    const followed = new Followed(95);
    const random = createRandom(5);
    for (let i = 0; i < 30_000; i++) {
      followed.enter(SHAPES[of](i, random()));
      if (i < 10_000) continue;
      // The oldest of a window in order of time: at its front, which a list of its own finds faster than `splice`.
      followed.band.leave(followed.values[i - 10_000] as number);
      const { values } = followed;
      followed.values = values.slice(i - 9_999);
      followed.percentile(undefined);
      followed.values = values;
    }
    expect(followed.fills).toBeGreaterThan(0);
    expect(followed.fills).toBeLessThanOrEqual(most);
    expect(followed.band.bytes).toBeLessThan(10_000);
  });

  it('stays where it is, and small, where many values come into it', () => {
    const followed = new Followed(50);
    const random = createRandom(5);
    for (let i = 0; i < 4_000; i++) followed.enter(random());
    followed.percentile(undefined);
    const { bytes } = followed.band;
    for (let i = 0; i < 1_500; i++) {
      followed.enter(0.49 + random() / 50);
      if (i % 20 === 0) expect(followed.percentile(undefined)).toBe(followed.expected(undefined));
    }
    expect(followed.fills).toBe(1);
    expect(followed.band.bytes).toBe(bytes);
  });

  it('does not let out what it should hold and does not', () => {
    const band = new RankBand(50);
    band.fill(Float64Array.of(1, 2, 3), 3);
    expect(() => band.leave(2.5)).toThrow('not in');
  });
});

describe('the counts of values', () => {
  it('are those of a map, whatever comes and goes, where many begin at the same slot too', () => {
    const check = (moves: readonly { value: number; leaves: boolean }[], step: number) => {
      const counts = new ValueCounts();
      const model = new Map<number, number>();
      for (const { value: small, leaves } of moves) {
        const value = small * step;
        const known = model.get(value) ?? 0;
        if (!leaves) {
          counts.enter(value);
          model.set(value, known + 1);
        } else if (known > 0) {
          counts.leave(value);
          if (known === 1) model.delete(value);
          else model.set(value, known - 1);
        }
        expect(counts.distinct(undefined)).toBe(model.size);
        expect(counts.distinct(value)).toBe(model.size + (model.has(value) ? 0 : 1));
      }
      for (const [value, times] of model) for (let i = 0; i < times; i++) counts.leave(value);
      expect(counts.distinct(undefined)).toBe(0);
    };
    const move = fc.record({ value: fc.nat(90), leaves: fc.boolean() });
    // A hash's lowest 32 bits choose its slot.
    const steps = fc.constantFrom(1, 2 ** 32, 2 ** 20 + 1);
    fc.assert(fc.property(fc.array(move, { minLength: 50, maxLength: 800 }), steps, check), {
      seed: 20_261_126,
      numRuns: 60,
    });
  });

  it('take at most 48 bytes a value, and are of the values alone that they are filled with', () => {
    const counts = new ValueCounts();
    for (let i = 0; i < 5_000; i++) counts.enter(i);
    expect(counts.bytes).toBeLessThanOrEqual(48 * 5_000);
    counts.fill(Float64Array.of(3, 3, 4), 2);
    expect(counts.distinct(undefined)).toBe(1);
    expect(() => counts.leave(4)).toThrow('not in');
  });
});
