/** The part of `small-rule-sets.test.ts` whose rule sets are large enough for the index. */
import { testDifferentialShard } from '../../../support/rules/rules-differential-shard.ts';

testDifferentialShard('rule sets large enough to be indexed', 10_000, 20261124);
