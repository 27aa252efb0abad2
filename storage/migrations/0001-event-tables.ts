/**
 * One table per event type. Time leads the key of transactions, since every figure asks for a range of event time;
 * customers and ids are found by bloom filters. The others are read by customer. Partitions follow the ingest clock:
 * a replayed data set has event times of years ago and must not fall to the retention of today.
 */
import type { DdlClauses } from '../capabilities.ts';
import type { Migration } from './migration.ts';

const HEAD = `
  input_seq UInt64 CODEC(Delta, ZSTD(1)),
  outcome_seq UInt64 CODEC(Delta, ZSTD(1)),
  item UInt32 CODEC(ZSTD(1)),
  received_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  event_id String CODEC(ZSTD(1)),
  source LowCardinality(String),
  subject String CODEC(ZSTD(1)),
  customer String CODEC(ZSTD(1)),
  time DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  offset_minutes Int16 CODEC(ZSTD(1)),
  late UInt8 CODEC(ZSTD(1)),
  present UInt32 CODEC(ZSTD(1)),
  extra String CODEC(ZSTD(1)),`;

const BY_EVENT = 'INDEX by_event event_id TYPE bloom_filter(0.01) GRANULARITY 1';
const BY_OUTCOME = 'INDEX by_outcome outcome_seq TYPE minmax GRANULARITY 1';

export const eventTables: Migration = {
  number: 1,
  name: 'event-tables',
  statements: (ddl) => [
    table(
      ddl,
      'transactions',
      `
  amount Int64 CODEC(ZSTD(1)),
  currency LowCardinality(String),
  kind LowCardinality(String),
  status LowCardinality(String),
  decline_reason LowCardinality(String),
  channel LowCardinality(String),
  business_line LowCardinality(String),
  department LowCardinality(String),
  merchant_id String CODEC(ZSTD(1)),
  merchant_name String CODEC(ZSTD(1)),
  merchant_mcc LowCardinality(String),
  merchant_city LowCardinality(String),
  merchant_lat Float64 CODEC(ZSTD(1)),
  merchant_lon Float64 CODEC(ZSTD(1)),
  instrument_type LowCardinality(String),
  instrument_token String CODEC(ZSTD(1)),
  instrument_issuer LowCardinality(String),
  device_id String CODEC(ZSTD(1)),
  device_ip String CODEC(ZSTD(1)),
  counterparty String CODEC(ZSTD(1)),
  lat Float64 CODEC(ZSTD(1)),
  lon Float64 CODEC(ZSTD(1)),
  fee Int64 CODEC(ZSTD(1)),
  cost Int64 CODEC(ZSTD(1)),
  ${BY_EVENT},
  ${BY_OUTCOME},
  INDEX by_customer customer TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX by_merchant merchant_id TYPE bloom_filter(0.01) GRANULARITY 1`,
      '(time, customer)',
    ),
    table(
      ddl,
      'locations',
      `
  lat Float64 CODEC(ZSTD(1)),
  lon Float64 CODEC(ZSTD(1)),
  accuracy_m Float64 CODEC(ZSTD(1)),
  origin LowCardinality(String),
  ${BY_OUTCOME}`,
      '(customer, time)',
    ),
    table(
      ddl,
      'bills',
      `
  amount Int64 CODEC(ZSTD(1)),
  currency LowCardinality(String),
  due_date String CODEC(ZSTD(1)),
  issuer LowCardinality(String),
  instrument_type LowCardinality(String),
  instrument_token String CODEC(ZSTD(1)),
  instrument_issuer LowCardinality(String),
  paid UInt8 CODEC(ZSTD(1)),
  ${BY_EVENT}`,
      '(customer, time)',
    ),
    table(
      ddl,
      'profiles',
      `
  name String CODEC(ZSTD(1)),
  phone String CODEC(ZSTD(1)),
  email String CODEC(ZSTD(1)),
  segment LowCardinality(String),
  birth_date String CODEC(ZSTD(1)),
  home_city LowCardinality(String),
  time_zone LowCardinality(String),
  language LowCardinality(String),
  attributes String CODEC(ZSTD(1)),
  consents String CODEC(ZSTD(1)),
  links Array(String) CODEC(ZSTD(1)),
  ${BY_EVENT}`,
      '(customer, time)',
    ),
    table(
      ddl,
      'labels',
      `
  transaction_id String CODEC(ZSTD(1)),
  fraud UInt8 CODEC(ZSTD(1)),
  origin LowCardinality(String),
  note String CODEC(ZSTD(1)),
  ${BY_EVENT}`,
      '(transaction_id, time)',
    ),
    table(
      ddl,
      'offer_feedback',
      `
  offer_id String CODEC(ZSTD(1)),
  action LowCardinality(String),
  ${BY_EVENT}`,
      '(customer, offer_id, time)',
    ),
    `CREATE TABLE IF NOT EXISTS places${ddl.onCluster} (${HEAD}
  name String CODEC(ZSTD(1)),
  category LowCardinality(String),
  lat Float64 CODEC(ZSTD(1)),
  lon Float64 CODEC(ZSTD(1)),
  merchant_id String CODEC(ZSTD(1)),
  mcc LowCardinality(String),
  accepts_cards Array(String) CODEC(ZSTD(1)),
  discount Float64 CODEC(ZSTD(1)),
  opening_hours String CODEC(ZSTD(1)),
  version UInt64 MATERIALIZED bitShiftLeft(outcome_seq, 20) + item
) ENGINE = ${ddl.engine('ReplacingMergeTree', 'version')}
ORDER BY customer
SETTINGS ${ddl.deduplicationWindow(1_000)}`,
  ],
};

function table(ddl: DdlClauses, name: string, columns: string, key: string): string {
  return `CREATE TABLE IF NOT EXISTS ${name}${ddl.onCluster} (${HEAD}${columns}
) ENGINE = ${ddl.engine('MergeTree')}
PARTITION BY toYYYYMM(received_at)
ORDER BY ${key}
SETTINGS ${ddl.deduplicationWindow(1_000)}, ttl_only_drop_parts = 1`;
}
