/**
 * The differential test of rules for as many cases as one likes:
 *   npx tsx tests/long/rules-differential.ts [cases] [seed]
 */
import fc from 'fast-check';
import {
  conditionsArbitrary,
  factsArbitrary,
  ruleArbitrary,
  selectiveConditions,
  selectiveFacts,
} from '../support/rules/rules-arbitraries.ts';
import { createDifferential, type DifferentialCounts } from '../support/rules/rules-differential.ts';

const cases = Number(process.argv[2] ?? 1_000_000);
const seed = Number(process.argv[3] ?? 1);
const FACTS_PER_SET = 20;

const kinds = [
  {
    name: 'small sets',
    rules: fc.array(ruleArbitrary(conditionsArbitrary(true)), { minLength: 1, maxLength: 4 }),
    facts: factsArbitrary,
    share: 0.9,
  },
  {
    name: 'indexed sets',
    rules: fc.array(ruleArbitrary(selectiveConditions), { minLength: 20, maxLength: 60 }),
    facts: selectiveFacts,
    share: 0.1,
  },
];
for (const { name, rules, facts, share } of kinds) {
  const counts: DifferentialCounts = { cases: 0, fired: 0, rejected: 0 };
  const property = fc.asyncProperty(
    rules,
    fc.array(facts, { minLength: FACTS_PER_SET, maxLength: FACTS_PER_SET }),
    async (set, many) => {
      const differential = createDifferential(set);
      for (const one of many) await differential.compare(one, counts);
    },
  );
  const run = await fc.check(property, { numRuns: Math.ceil((cases * share) / FACTS_PER_SET), seed });
  console.log(name, counts, run.failed ? 'DIFFERENT' : 'equal');
  if (run.failed) {
    console.log(JSON.stringify(run.counterexample));
    console.log(String(run.errorInstance).slice(0, 4_000));
    process.exitCode = 1;
  }
}
