/**
 * Weir against the real json-rules-engine on generated rules and facts: the same rules fire, in the same order of
 * priorities, with the same events and params. `tests/long/rules-differential.ts` runs as many cases as one likes.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  conditionsArbitrary,
  factsArbitrary,
  ruleArbitrary,
  selectiveConditions,
  selectiveFacts,
} from '../../support/rules-arbitraries.ts';
import { createDifferential, type DifferentialCounts } from '../../support/rules-differential.ts';

const FACTS_PER_SET = 20;

it('agrees with json-rules-engine on 90,000 cases of small rule sets', { timeout: 300_000 }, async () => {
  const counts: DifferentialCounts = { cases: 0, fired: 0, rejected: 0 };
  await fc.assert(
    fc.asyncProperty(
      fc.array(ruleArbitrary(conditionsArbitrary(true)), { minLength: 1, maxLength: 4 }),
      fc.array(factsArbitrary, { minLength: FACTS_PER_SET, maxLength: FACTS_PER_SET }),
      async (rules, facts) => {
        const differential = createDifferential(rules);
        for (const one of facts) await differential.compare(one, counts);
      },
    ),
    { numRuns: 4_500, seed: 20261123 },
  );
  expect(counts.cases).toBeGreaterThanOrEqual(90_000);
  // The comparison means something only if most runs are compared and rules do fire.
  expect(counts.rejected / counts.cases).toBeLessThan(0.15);
  expect(counts.fired / counts.cases).toBeGreaterThan(0.5);
});

it('agrees with json-rules-engine on 10,000 cases of rule sets large enough to be indexed', {
  timeout: 300_000,
}, async () => {
  const counts: DifferentialCounts = { cases: 0, fired: 0, rejected: 0 };
  await fc.assert(
    fc.asyncProperty(
      fc.array(ruleArbitrary(selectiveConditions), { minLength: 20, maxLength: 60 }),
      fc.array(selectiveFacts, { minLength: FACTS_PER_SET, maxLength: FACTS_PER_SET }),
      async (rules, facts) => {
        const differential = createDifferential(rules);
        for (const one of facts) await differential.compare(one, counts);
      },
    ),
    { numRuns: 500, seed: 20261124 },
  );
  expect(counts.cases).toBeGreaterThanOrEqual(10_000);
  expect(counts.rejected / counts.cases).toBeLessThan(0.5);
  expect(counts.fired / counts.cases).toBeGreaterThan(0.3);
});
