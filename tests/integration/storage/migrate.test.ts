import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { migrate } from '../../../storage/migrate.ts';
import { ALL_MIGRATIONS } from '../../../storage/migrations/all-migrations.ts';
import { startTestStore, type TestStore } from '../../support/storage/store.ts';

/** A migration that comes after all of them. */
const NEXT = ALL_MIGRATIONS.length + 1;
const RETENTION = { transactionTtlDays: 730, locationTtlDays: 90 };
let t: TestStore;
beforeAll(async () => {
  t = await startTestStore({ migrated: false });
});
afterAll(() => t.close());

const ttlOf = async (table: string) =>
  String(
    (
      await t.store.query(
        'ttl',
        'SELECT engine_full FROM system.tables WHERE database = currentDatabase() AND name = {table:String}',
        {
          table,
        },
      )
    )[0]?.engine_full,
  );

describe('migrate', () => {
  test('applies every migration once, and nothing the second time', async () => {
    expect((await migrate(t.store, RETENTION)).applied).toEqual(ALL_MIGRATIONS.map(({ name }) => name));
    expect((await migrate(t.store, RETENTION)).applied).toEqual([]);
  });

  test('goes on after a migration that failed half way', async () => {
    const broken = {
      number: NEXT,
      name: 'half',
      statements: () => [
        'CREATE TABLE IF NOT EXISTS half (a UInt8) ENGINE = MergeTree() ORDER BY a',
        'SELECT nonsense',
      ],
    };
    await expect(migrate(t.store, { ...RETENTION, migrations: [...ALL_MIGRATIONS, broken] })).rejects.toMatchObject({
      code: 'store.migration_failed',
      message: expect.stringContaining('half'),
    });
    const mended = {
      ...broken,
      statements: () => ['CREATE TABLE IF NOT EXISTS half (a UInt8) ENGINE = MergeTree() ORDER BY a', 'SELECT 1'],
    };
    expect((await migrate(t.store, { ...RETENTION, migrations: [...ALL_MIGRATIONS, mended] })).applied).toEqual([
      'half',
    ]);
  });

  test('refuses a migration that was edited after it ran, and one that it does not know', async () => {
    const edited = ALL_MIGRATIONS.map((migration) =>
      migration.number === 1 ? { ...migration, statements: () => ['SELECT 2'] } : migration,
    );
    await expect(migrate(t.store, { ...RETENTION, migrations: edited })).rejects.toMatchObject({
      code: 'store.migration_failed',
      message: expect.stringContaining('event-tables'),
    });
    // The next number was recorded by the test before.
    await expect(migrate(t.store, RETENTION)).rejects.toMatchObject({ code: 'store.migration_failed' });
  });

  test('retention follows the configuration', async () => {
    expect(await ttlOf('transactions')).toContain('toIntervalDay(730)');
    expect(await ttlOf('locations')).toContain('toIntervalDay(90)');
    const known = [
      ...ALL_MIGRATIONS,
      {
        number: NEXT,
        name: 'half',
        statements: () => ['CREATE TABLE IF NOT EXISTS half (a UInt8) ENGINE = MergeTree() ORDER BY a', 'SELECT 1'],
      },
    ];
    await migrate(t.store, { transactionTtlDays: 30, locationTtlDays: 90, migrations: known });
    expect(await ttlOf('transactions')).toContain('toIntervalDay(30)');
    expect(await ttlOf('transactions')).not.toContain('toIntervalDay(730)');
  });
});
