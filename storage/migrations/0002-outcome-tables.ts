/**
 * What the engine decided, offered and withdrew; rule sets; quarantine; and how far the sink has come. Offers and alerts
 * are keyed so that a cursor is a place in the primary key.
 */
import type { DdlClauses } from '../capabilities.ts';
import type { Migration } from './migration.ts';

const HEAD = `
  input_seq UInt64 CODEC(Delta, ZSTD(1)),
  outcome_seq UInt64 CODEC(Delta, ZSTD(1)),
  item UInt32 CODEC(ZSTD(1)),
  received_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),`;
const TIME = `DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1))`;
const TEXT = 'String CODEC(ZSTD(1))';
const TAG = 'LowCardinality(String)';
const REASONS = `
  reason_rule_ids Array(String) CODEC(ZSTD(1)),
  reason_rule_versions Array(UInt32) CODEC(ZSTD(1)),
  reason_codes Array(String) CODEC(ZSTD(1)),
  reason_messages Array(String) CODEC(ZSTD(1)),`;
const DIMENSIONS = `
  business_line ${TAG},
  channel ${TAG},
  region ${TAG},
  currency ${TAG},`;

export const outcomeTables: Migration = {
  number: 2,
  name: 'outcome-tables',
  statements: (ddl) => [
    table(
      ddl,
      'decisions',
      `
  event_id ${TEXT},
  source ${TAG},
  customer ${TEXT},
  time ${TIME},
  decision ${TAG},
  score Float64 CODEC(ZSTD(1)),
  ruleset_version UInt32 CODEC(ZSTD(1)),${REASONS}
  trace ${TEXT},
  INDEX by_event event_id TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX by_customer customer TYPE bloom_filter(0.01) GRANULARITY 1`,
      '(time, customer)',
    ),
    table(
      ddl,
      'alerts',
      `
  alert_id ${TEXT},
  event_id ${TEXT},
  source ${TAG},
  customer ${TEXT},
  time ${TIME},
  decision ${TAG},
  score Float64 CODEC(ZSTD(1)),
  amount Int64 CODEC(ZSTD(1)),
  merchant_id ${TEXT},
  ruleset_version UInt32 CODEC(ZSTD(1)),${REASONS}${DIMENSIONS}
  kind ${TAG},
  department ${TAG},
  INDEX by_time time TYPE minmax GRANULARITY 1,
  INDEX by_event event_id TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX by_customer customer TYPE bloom_filter(0.01) GRANULARITY 1`,
      '(outcome_seq, item)',
    ),
    table(
      ddl,
      'offers',
      `
  offer_id ${TEXT},
  campaign_id ${TAG},
  customer ${TEXT},
  time ${TIME},
  valid_until ${TIME},
  title ${TEXT},
  body ${TEXT},
  reason ${TEXT},
  has_place UInt8 CODEC(ZSTD(1)),
  place_id ${TEXT},
  place_name ${TEXT},
  place_category ${TAG},
  place_lat Float64 CODEC(ZSTD(1)),
  place_lon Float64 CODEC(ZSTD(1)),
  distance_m Float64 CODEC(ZSTD(1)),
  rule_id ${TAG},
  rule_version UInt32 CODEC(ZSTD(1)),
  ruleset_version UInt32 CODEC(ZSTD(1)),${DIMENSIONS}
  INDEX by_time time TYPE minmax GRANULARITY 1,
  INDEX by_offer offer_id TYPE bloom_filter(0.01) GRANULARITY 1`,
      '(customer, outcome_seq, item)',
    ),
    table(
      ddl,
      'withdrawals',
      `
  offer_id ${TEXT},
  customer ${TEXT},
  time ${TIME},
  reason ${TEXT}`,
      '(customer, outcome_seq, item)',
    ),
    `CREATE TABLE IF NOT EXISTS rulesets${ddl.onCluster} (${HEAD}
  version UInt32,
  author ${TEXT},
  comment ${TEXT},
  documents String CODEC(ZSTD(3))
) ENGINE = ${ddl.engine('MergeTree')}
ORDER BY (version, outcome_seq)
SETTINGS ${ddl.deduplicationWindow(1_000)}`,
    // No partitions: a block must go in whole or not at all, since the highest `seq` is the position. A block that an
    // earlier sink had under way when it died may come twice; rows with the same `seq` are the same row.
    `CREATE TABLE IF NOT EXISTS quarantine${ddl.onCluster} (
  seq UInt64 CODEC(Delta, ZSTD(1)),
  id ${TEXT},
  at ${TIME},
  origin ${TAG},
  producer ${TAG},
  code ${TAG},
  pointer ${TEXT},
  message ${TEXT},
  content_type ${TAG},
  bytes String CODEC(ZSTD(3)),
  INDEX by_id id TYPE bloom_filter(0.01) GRANULARITY 1
) ENGINE = ${ddl.engine('ReplacingMergeTree')}
ORDER BY seq
SETTINGS ${ddl.deduplicationWindow(1_000)}`,
    // Only the newest intent and the newest completion of a sink matter; they replace those before them.
    `CREATE TABLE IF NOT EXISTS sink_batches${ddl.onCluster} (
  sink ${TAG},
  state ${TAG},
  from_seq UInt64,
  to_seq UInt64,
  input_seq UInt64,
  row_count UInt64,
  at DateTime64(3, 'UTC')
) ENGINE = ${ddl.engine('ReplacingMergeTree', 'to_seq')}
ORDER BY (sink, state)`,
  ],
};

function table(ddl: DdlClauses, name: string, columns: string, key: string): string {
  return `CREATE TABLE IF NOT EXISTS ${name}${ddl.onCluster} (${HEAD}${columns}
) ENGINE = ${ddl.engine('MergeTree')}
PARTITION BY toYYYYMM(received_at)
ORDER BY ${key}
SETTINGS ${ddl.deduplicationWindow(1_000)}, ttl_only_drop_parts = 1`;
}
