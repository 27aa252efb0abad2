/** Interval trees find the intervals that hold a number. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { IntervalTree } from '../../../../rules/index/interval-tree.ts';

const bound = fc.oneof(
  fc.integer({ min: -5, max: 5 }),
  fc.constantFrom(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, -0),
);
const interval = fc.record({ low: bound, lowOpen: fc.boolean(), high: bound, highOpen: fc.boolean() });
const holds = (i: { low: number; lowOpen: boolean; high: number; highOpen: boolean }, x: number) =>
  (i.low === Number.NEGATIVE_INFINITY || (i.lowOpen ? x > i.low : x >= i.low)) &&
  (i.high === Number.POSITIVE_INFINITY || (i.highOpen ? x < i.high : x <= i.high)) &&
  i.low !== Number.POSITIVE_INFINITY &&
  i.high !== Number.NEGATIVE_INFINITY;

it('the interval tree finds the intervals that hold a number, each once, open and closed ends exact', () => {
  fc.assert(
    fc.property(
      fc.array(interval, { maxLength: 40 }),
      fc.oneof(fc.integer({ min: -7, max: 7 }), fc.double({ min: -7, max: 7 })),
      (intervals, x) => {
        const found = new Int32Array(intervals.length);
        const count = new IntervalTree(intervals).query(x, found);
        const wanted = Number.isNaN(x) ? [] : intervals.flatMap((one, i) => (holds(one, x) ? [i] : []));
        expect([...found.subarray(0, count)].sort((a, b) => a - b)).toEqual(wanted);
      },
    ),
    { numRuns: 3_000, seed: 3 },
  );
});

it('an interval tree answers infinities and NaN', () => {
  const tree = new IntervalTree([
    { low: 1, lowOpen: false, high: Number.POSITIVE_INFINITY, highOpen: false },
    { low: Number.NEGATIVE_INFINITY, lowOpen: false, high: 1, highOpen: true },
  ]);
  const found = new Int32Array(2);
  expect(tree.query(Number.POSITIVE_INFINITY, found)).toBe(1);
  expect(found[0]).toBe(0);
  expect(tree.query(Number.NEGATIVE_INFINITY, found)).toBe(1);
  expect(found[0]).toBe(1);
  expect(tree.query(Number.NaN, found)).toBe(0);
  expect(new IntervalTree([]).query(1, found)).toBe(0);
});
