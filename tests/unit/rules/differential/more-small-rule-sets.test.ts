/** The second half of the small rule sets of `small-rule-sets.test.ts`. */
import { testDifferentialShard } from '../../../support/rules/rules-differential-shard.ts';

testDifferentialShard('small rule sets', 45_000, 20261125);
