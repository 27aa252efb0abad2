/** The always-on trace expands to what was evaluated. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteWriter } from '../../../../core/codec/byte-writer.ts';
import { compileRuleSet } from '../../../../rules/compile-rule-set.ts';
import { document, idsOf, input, window } from '../../../support/rules/rule-sets.ts';

describe('traces', () => {
  const value = fc.oneof(
    fc.integer(),
    fc.double({ noNaN: true }),
    fc.string({ maxLength: 100 }),
    fc.boolean(),
    fc.constant(null),
    fc.constant(undefined),
    fc.integer({ min: 0, max: 300 }),
    fc.constantFrom(255, 256, 65_535, 65_536, 16_777_215, 16_777_216, 4_294_967_295, 4_294_967_296, -1, -0),
    // Texts that the rules below name, which a trace keeps by number.
    fc.constantFrom('gold', 'x', 'pos', 'Pos', ''),
  );
  const set = compileRuleSet(1, [
    document('a', {
      any: [
        { ...window({}), operator: 'greaterThan', value: 3 },
        { fact: 'travel', path: '$.speedKmh', operator: 'greaterThan', value: 3 },
        { fact: 'customer', path: '$.attributes.tier', operator: 'equal', value: 'gold' },
        { fact: 'customer', path: '$.attributes.tier', operator: 'in', value: ['pos', 'gold', 7, 'x'] },
        {
          fact: 'customer',
          path: '$.homeCity',
          operator: 'equal',
          value: { fact: 'transaction', path: '$.merchant.city' },
        },
        { fact: 'merchant', path: '$.tags[*]', operator: 'contains', value: 'x' },
        { fact: 'bill', path: '$.dueInDays', operator: 'lessThan', value: 3 },
        { fact: 'event', path: '$.localHour', operator: 'lessThan', value: 6 },
        { fact: 'device', path: '$.__proto__', operator: 'equal', value: 'x' },
      ],
    }),
  ]);

  it('a trace with the event expands to the same explanation', () => {
    fc.assert(
      fc.property(fc.array(value, { minLength: 9, maxLength: 9 }), (v) => {
        const eventFacts = { event: { localHour: v[0] }, transaction: { merchant: { city: v[1] } } };
        const one = input(
          {
            ...eventFacts,
            customer: { homeCity: v[2], attributes: { tier: v[3] } },
            // JSON has no -0.
            merchant: { tags: [(v[4] === 0 ? 0 : v[4]) ?? null, 'x'] },
            bill: { dueInDays: v[5] },
            device: JSON.parse('{"__proto__":"x"}'),
          },
          [v[6], { speedKmh: v[7], distanceM: 5 }],
        );
        const trace = set.trace(one);
        const writer = new ByteWriter();
        writer.u32(7);
        set.evaluateTraced(one, writer);
        expect(writer.take(4)).toEqual(trace);
        const expanded = set.expandTrace(trace, 'transaction', {
          ...eventFacts,
          customer: { homeCity: 'wrong' },
          bill: { dueInDays: 'wrong' },
        });
        expect(set.explain(expanded)).toEqual(set.explain(one));
        expect(idsOf(set, expanded)).toEqual(idsOf(set, one));
      }),
      { numRuns: 500, seed: 1 },
    );
  });

  it('the generated writer gives the bytes of the loop, whatever the values and however little room there is', () => {
    const rules = [
      document('a', {
        any: Array.from({ length: 19 }, (_, i) => ({
          fact: 'customer',
          path: `$.attributes.a${i}`,
          operator: i % 3 === 0 ? 'equal' : 'greaterThan',
          value: i % 3 === 0 ? 'gold' : i,
        })),
      }),
    ];
    const generated = compileRuleSet(1, rules);
    const looped = compileRuleSet(1, rules, { generate: false });
    fc.assert(
      fc.property(fc.array(value, { minLength: 19, maxLength: 19 }), (v) => {
        const one = input({ customer: { attributes: Object.fromEntries(v.map((x, i) => [`a${i}`, x])) } });
        const bytesOf = (set: typeof generated) => {
          const writer = new ByteWriter(1);
          set.evaluateTraced(one, writer);
          return writer.take();
        };
        const bytes = bytesOf(generated);
        expect(bytes).toEqual(bytesOf(looped));
        expect(bytes).toEqual(generated.trace(one));
      }),
      { numRuns: 500, seed: 1 },
    );
  });

  it('of rules that read nothing but the event a trace is its version', () => {
    const one = input({ transaction: { amount: 5 } });
    const set = compileRuleSet(1, [
      document('a', { all: [{ fact: 'transaction', path: '$.amount', operator: 'equal', value: 5 }] }),
    ]);
    const writer = new ByteWriter();
    set.evaluateTraced(one, writer);
    expect(writer.take()).toEqual(set.trace(one));
    expect(writer.length).toBe(1);
  });

  it('of a text that rules name a trace keeps the number in one byte, up to 256 of them', () => {
    const tiers = Array.from({ length: 300 }, (_, i) => `tier-${i}`);
    const many = compileRuleSet(1, [
      document('a', { all: [{ fact: 'customer', path: '$.segment', operator: 'in', value: tiers }] }),
    ]);
    const sizeOf = (segment: string) => many.trace(input({ customer: { segment } })).length;
    const none = many.trace(input({ customer: {} })).length;
    for (const i of [0, 255]) expect(sizeOf(`tier-${i}`)).toBe(none + 1);
    expect(sizeOf('tier-256')).toBe(none + 2 + 'tier-256'.length);
    for (const segment of [...tiers, 'other']) {
      const { facts } = many.expandTrace(many.trace(input({ customer: { segment } })), 'transaction', {});
      expect(facts.customer).toEqual({ segment });
    }
    const unnamed = compileRuleSet(1, [
      document('a', { all: [{ fact: 'customer', path: '$.segment', operator: 'equal', value: 7 }] }),
    ]);
    const foreign = many.trace(input({ customer: { segment: 'tier-1' } }));
    expect(() => unnamed.expandTrace(foreign, 'transaction', {})).toThrow(RangeError);
  });

  it.each([
    [0, 1],
    [255, 1],
    [256, 2],
    [65_535, 2],
    [65_536, 3],
    [16_777_215, 3],
    [16_777_216, 4],
    [4_294_967_295, 4],
    [4_294_967_296, 8],
    [-0, 8],
    [0.5, 8],
  ])('a trace keeps the number %d in %i bytes and gives it back exactly', (number, bytes) => {
    const one = compileRuleSet(1, [document('a', { all: [{ ...window({}), operator: 'greaterThan', value: 3 }] })]);
    const trace = one.trace(input({}, [number]));
    expect(trace.length - one.trace(input({}, [])).length).toBe(bytes);
    expect(one.expandTrace(trace, 'transaction', {}).values[0]).toBe(number);
  });

  it('bytes that are no trace are refused', () => {
    const trace = set.trace(input({}, []));
    expect(() => set.expandTrace(trace.subarray(0, 3), 'transaction', {})).toThrow(RangeError);
    expect(() => set.expandTrace(Uint8Array.of(9, ...trace), 'transaction', {})).toThrow(RangeError);
    expect(() => set.expandTrace(Uint8Array.of(...trace, 0), 'transaction', {})).toThrow(RangeError);
  });
});
