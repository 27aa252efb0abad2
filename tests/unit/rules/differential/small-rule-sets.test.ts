/**
 * Weir against the real json-rules-engine on generated rules and facts: the same rules fire, in the same order of
 * priorities, with the same events and params. 100,000 cases with `more-small-rule-sets.test.ts` and
 * `indexed-rule-sets.test.ts`; `tests/long/rules-differential.ts` runs as many as one likes.
 */
import { testDifferentialShard } from '../../../support/rules/rules-differential-shard.ts';

testDifferentialShard('small rule sets', 45_000, 20261123);
