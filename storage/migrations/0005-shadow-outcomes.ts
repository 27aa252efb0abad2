/** What shadow rules would have done: one row for each event or timer on which some fired. */
import type { DdlClauses } from '../capabilities.ts';
import type { Migration } from './migration.ts';

export const shadowOutcomes: Migration = {
  number: 5,
  name: 'shadow-outcomes',
  statements: (ddl: DdlClauses) => [
    `CREATE TABLE IF NOT EXISTS shadow_outcomes${ddl.onCluster} (
  input_seq UInt64 CODEC(Delta, ZSTD(1)),
  outcome_seq UInt64 CODEC(Delta, ZSTD(1)),
  item UInt32 CODEC(T64, ZSTD(1)),
  received_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  event_id String CODEC(ZSTD(1)),
  source LowCardinality(String),
  customer String CODEC(ZSTD(1)),
  time DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  decision LowCardinality(String),
  score Float64 CODEC(ZSTD(1)),
  ruleset_version UInt32 CODEC(ZSTD(1)),
  rule_ids Array(String) CODEC(ZSTD(1)),
  rule_versions Array(UInt32) CODEC(ZSTD(1)),
  more UInt32 CODEC(ZSTD(1))
) ENGINE = ${ddl.engine('MergeTree')}
PARTITION BY toYYYYMM(received_at)
ORDER BY (time, customer)
SETTINGS ${ddl.deduplicationWindow(1_000)}, ttl_only_drop_parts = 1`,
  ],
};
