/** From where the windows of a rule set count when it goes live: JSON, empty where that was not asked. */
import type { DdlClauses } from '../capabilities.ts';
import type { Migration } from './migration.ts';

export const rulesetCoverage: Migration = {
  number: 6,
  name: 'ruleset-coverage',
  statements: (ddl: DdlClauses) => [
    `ALTER TABLE rulesets${ddl.onCluster} ADD COLUMN IF NOT EXISTS coverage String CODEC(ZSTD(3))`,
  ],
};
