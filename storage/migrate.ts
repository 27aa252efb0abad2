/**
 * Brings the tables to the newest form: runs what has not run, in order, and records it. A migration that was edited after
 * it ran is refused, as is a store that a newer Weir has migrated: both mean that the tables are not what the code thinks.
 */
import { createHash } from 'node:crypto';
import { type ErrorCode, WeirError } from '../core/errors.ts';
import { createDdlClauses } from './capabilities.ts';
import { ALL_MIGRATIONS } from './migrations/all-migrations.ts';
import type { Migration } from './migrations/migration.ts';
import type { Store } from './open-store.ts';
import { readNumber, readText } from './row.ts';

export interface RetentionDays {
  /** Transactions, decisions, alerts, bills and what else people look up. */
  readonly transactionTtlDays: number;
  readonly locationTtlDays: number;
}

export interface MigrateOptions extends RetentionDays {
  /** For tests. */
  readonly migrations?: readonly Migration[];
}

const LONG_TABLES = [
  'transactions',
  'bills',
  'labels',
  'offer_feedback',
  'decisions',
  'alerts',
  'offers',
  'withdrawals',
  'shadow_outcomes',
];
const FAILED: ErrorCode = 'store.migration_failed';

/** Throws a `WeirError` `store.migration_failed`; what ran before stays and is not run again. */
export async function migrate(store: Store, o: MigrateOptions): Promise<{ applied: string[] }> {
  const migrations = o.migrations ?? ALL_MIGRATIONS;
  const ddl = createDdlClauses(store.capabilities);
  await store.execute(`CREATE TABLE IF NOT EXISTS migrations${ddl.onCluster} (
  number UInt32, name String, checksum String, applied_at DateTime64(3, 'UTC') DEFAULT now64(3)
) ENGINE = ${ddl.engine('ReplacingMergeTree')} ORDER BY number`);
  const recorded = await readRecorded(store);
  checkRecorded(migrations, recorded);
  const applied: string[] = [];
  for (const migration of migrations) {
    if (recorded.has(migration.number)) continue;
    for (const statement of migration.statements(ddl)) await runStatement(store, migration, statement);
    await store.execute(
      'INSERT INTO migrations (number, name, checksum) SELECT {number:UInt32}, {name:String}, {checksum:String}',
      { number: migration.number, name: migration.name, checksum: checksumOf(migration) },
    );
    applied.push(migration.name);
  }
  await applyRetention(store, ddl.onCluster, o);
  return { applied };
}

/** Over the text for a single server, so that one number holds for every kind of server. */
export function checksumOf(migration: Migration): string {
  const text = migration.statements(createDdlClauses({})).join(';\n');
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

async function readRecorded(store: Store): Promise<Map<number, { name: string; checksum: string }>> {
  const rows = await store.query('migrations', 'SELECT number, name, checksum FROM migrations FINAL ORDER BY number');
  return new Map(
    rows.map((row) => [
      readNumber(row, 'number'),
      { name: readText(row, 'name'), checksum: readText(row, 'checksum') },
    ]),
  );
}

function checkRecorded(
  migrations: readonly Migration[],
  recorded: ReadonlyMap<number, { name: string; checksum: string }>,
): void {
  const known = new Map(migrations.map((migration) => [migration.number, migration]));
  for (const [number, { name, checksum }] of recorded) {
    const migration = known.get(number);
    if (migration === undefined) {
      throw new WeirError(FAILED, `the store has migration ${number} (${name}), which this version does not know`);
    }
    if (checksumOf(migration) !== checksum) {
      throw new WeirError(FAILED, `migration ${number} (${name}) was changed after it ran; add a new one instead`);
    }
  }
}

async function runStatement(store: Store, migration: Migration, statement: string): Promise<void> {
  try {
    await store.execute(statement);
  } catch (error) {
    if (error instanceof WeirError && error.code === 'store.unavailable') throw error;
    const message = error instanceof Error ? error.message : String(error);
    throw new WeirError(FAILED, `migration ${migration.number} (${migration.name}): ${message}`, { cause: error });
  }
}

/** Retention is configuration, not a migration: a table is altered only where its days differ. */
async function applyRetention(store: Store, onCluster: string, o: RetentionDays): Promise<void> {
  const rows = await store.query(
    'retention',
    'SELECT name, engine_full FROM system.tables WHERE database = currentDatabase()',
  );
  const engines = new Map(rows.map((row) => [readText(row, 'name'), readText(row, 'engine_full')]));
  const set = async (table: string, column: string, days: number) => {
    const engine = engines.get(table);
    if (engine === undefined || engine.includes(`toIntervalDay(${days})`)) return;
    await store.execute(
      `ALTER TABLE ${table}${onCluster} MODIFY TTL toDateTime(${column}) + toIntervalDay(${days}) SETTINGS materialize_ttl_after_modify = 0`,
    );
  };
  for (const table of LONG_TABLES) await set(table, 'received_at', o.transactionTtlDays);
  await set('locations', 'received_at', o.locationTtlDays);
  await set('quarantine', 'at', o.transactionTtlDays);
}
