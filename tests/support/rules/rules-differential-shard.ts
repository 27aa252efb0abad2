/** One part of the differential test's cases. Parts lie in test files of their own, so that they run side by side. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  conditionsArbitrary,
  factsArbitrary,
  ruleArbitrary,
  selectiveConditions,
  selectiveFacts,
} from './rules-arbitraries.ts';
import { createDifferential, type DifferentialCounts } from './rules-differential.ts';

const FACTS_PER_SET = 20;
const TIMEOUT_MS = 300_000;

/** `rejectedMax` and `firedMin`: shares of the cases. The comparison means something only if most runs are compared and rules do fire. */
const KINDS = {
  'small rule sets': {
    rules: fc.array(ruleArbitrary(conditionsArbitrary(true)), { minLength: 1, maxLength: 4 }),
    facts: factsArbitrary,
    rejectedMax: 0.15,
    firedMin: 0.5,
  },
  'rule sets large enough to be indexed': {
    rules: fc.array(ruleArbitrary(selectiveConditions), { minLength: 20, maxLength: 60 }),
    facts: selectiveFacts,
    rejectedMax: 0.5,
    firedMin: 0.3,
  },
};

/** Registers a test of `cases` cases. Every part needs a seed of its own. */
export function testDifferentialShard(kind: keyof typeof KINDS, cases: number, seed: number): void {
  const { rules, facts, rejectedMax, firedMin } = KINDS[kind];
  it(`agrees with json-rules-engine on ${cases} cases of ${kind}, seed ${seed}`, { timeout: TIMEOUT_MS }, async () => {
    const counts: DifferentialCounts = { cases: 0, fired: 0, rejected: 0 };
    await fc.assert(
      fc.asyncProperty(
        rules,
        fc.array(facts, { minLength: FACTS_PER_SET, maxLength: FACTS_PER_SET }),
        async (set, many) => {
          const differential = createDifferential(set);
          for (const one of many) await differential.compare(one, counts);
        },
      ),
      { numRuns: cases / FACTS_PER_SET, seed },
    );
    expect(counts.cases).toBeGreaterThanOrEqual(cases);
    expect(counts.rejected / counts.cases).toBeLessThan(rejectedMax);
    expect(counts.fired / counts.cases).toBeGreaterThan(firedMin);
  });
}
