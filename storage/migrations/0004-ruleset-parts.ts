/** Rule sets that were staged in parts: their documents lie beside the activation. */
import type { DdlClauses } from '../capabilities.ts';
import type { Migration } from './migration.ts';

export const rulesetParts: Migration = {
  number: 4,
  name: 'ruleset-parts',
  statements: (ddl: DdlClauses) => [
    `ALTER TABLE rulesets${ddl.onCluster} ADD COLUMN IF NOT EXISTS parts UInt32`,
    `CREATE TABLE IF NOT EXISTS ruleset_parts${ddl.onCluster} (
  input_seq UInt64 CODEC(Delta, ZSTD(1)),
  outcome_seq UInt64 CODEC(Delta, ZSTD(1)),
  item UInt32 CODEC(T64, ZSTD(1)),
  received_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  version UInt32,
  part UInt32,
  documents String CODEC(ZSTD(3))
) ENGINE = ${ddl.engine('MergeTree')}
ORDER BY (version, outcome_seq)
SETTINGS ${ddl.deduplicationWindow(1_000)}`,
  ],
};
