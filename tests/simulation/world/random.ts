/** The simulation's only source of chance: a small generator (xoshiro128**), so that one seed gives one run. */
export interface Random {
  /** 0 up to, and without, 1. */
  unit(): number;
  /** A whole number from 0 up to, and without, `below`. */
  below(below: number): number;
  /** A number from `from` up to `to`. */
  between(from: number, to: number): number;
  chance(probability: number): boolean;
  pick<T>(values: readonly T[]): T;
  /** A generator of its own: what it gives does not change what this one gives next. */
  fork(): Random;
}

export function createRandom(seed: number): Random {
  let mixed = seed | 0;
  // SplitMix32 spreads neighbouring seeds over the whole state.
  const split = (): number => {
    mixed = (mixed + 0x9e37_79b9) | 0;
    let z = mixed;
    z = Math.imul(z ^ (z >>> 16), 0x85eb_ca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2_ae35);
    return (z ^ (z >>> 16)) >>> 0;
  };
  let [a, b, c, d] = [split(), split(), split(), split()];
  const next = (): number => {
    const five = Math.imul(b, 5);
    const result = Math.imul((five << 7) | (five >>> 25), 9) >>> 0;
    const t = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= t;
    d = (d << 11) | (d >>> 21);
    return result;
  };
  const unit = (): number => next() / 4_294_967_296;
  const below = (limit: number): number => Math.floor(unit() * limit);
  return {
    unit,
    below,
    between: (from, to) => from + unit() * (to - from),
    chance: (probability) => unit() < probability,
    pick(values) {
      const value = values[below(values.length)];
      if (value === undefined) throw new RangeError('nothing to pick from');
      return value;
    },
    fork: () => createRandom(next()),
  };
}
