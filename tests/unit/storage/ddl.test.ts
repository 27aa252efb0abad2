import { describe, expect, test } from 'vitest';
import { createDdlClauses } from '../../../storage/capabilities.ts';
import { checksumOf } from '../../../storage/migrate.ts';
import { ALL_MIGRATIONS } from '../../../storage/migrations/all-migrations.ts';

describe('migrations', () => {
  test('are numbered from 1 without gaps', () => {
    expect(ALL_MIGRATIONS.map((migration) => migration.number)).toEqual(ALL_MIGRATIONS.map((_, i) => i + 1));
  });

  test('on a cluster every table is replicated and made everywhere', () => {
    const ddl = createDdlClauses({ cluster: 'main' });
    for (const migration of ALL_MIGRATIONS) {
      for (const statement of migration.statements(ddl)) {
        expect(statement).toContain(" ON CLUSTER 'main'");
        if (statement.startsWith('CREATE TABLE')) expect(statement).toMatch(/ENGINE = Replicated\w*MergeTree\(/);
        expect(statement).not.toContain('non_replicated');
      }
    }
  });

  test('the checksum follows the text', () => {
    const base = { number: 1, name: 'a', statements: () => ['SELECT 1'] };
    expect(checksumOf(base)).toBe(checksumOf({ ...base }));
    expect(checksumOf(base)).not.toBe(checksumOf({ ...base, statements: () => ['SELECT 2'] }));
  });
});
