/** How the embedded ClickHouse merges parts of tables: late, and after everything else. */
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MERGING_NICE } from '../../../storage/embedded/server-config.ts';
import { startTestStore, type TestStore } from '../../support/storage/store.ts';
import { until } from '../../support/until.ts';

const CAP_SYS_NICE = 1n << 23n;
const NICE_FIELD = 16;

let t: TestStore;
beforeAll(async () => {
  t = await startTestStore({ migrated: false });
});
afterAll(() => t.close());

function mayLowerThreads(): boolean {
  if (process.platform !== 'linux') return false;
  const [, effective = '0'] = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return (BigInt(`0x${effective}`) & CAP_SYS_NICE) !== 0n;
}

/** Of the server's threads. */
function nices(): number[] {
  return readdirSync(`/proc/${t.server.pid}/task`).flatMap((thread) => {
    try {
      const stat = readFileSync(`/proc/${t.server.pid}/task/${thread}/stat`, 'utf8');
      return [Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[NICE_FIELD])];
    } catch {
      // Threads come and go.
      return [];
    }
  });
}

describe('merges', () => {
  it('wait for more parts than ClickHouse waits for by itself', async () => {
    const rows = await t.store.query(
      'base',
      "SELECT value FROM system.merge_tree_settings WHERE name = 'merge_selector_base'",
    );
    expect(rows).toEqual([{ value: '10' }]);
  });

  it.skipIf(!mayLowerThreads())('give way to what comes in', async () => {
    await t.store.execute(
      'CREATE TABLE merged (n UInt64, s String CODEC(ZSTD(9))) ENGINE = MergeTree ORDER BY cityHash64(n)',
    );
    for (let part = 0; part < 4; part++)
      await t.store.execute(
        `INSERT INTO merged SELECT number, toString(cityHash64(number)) FROM numbers(${part}, 400000)`,
      );
    const merged = t.store.execute('OPTIMIZE TABLE merged FINAL');
    await until('a merge that gives way', 20_000, () => nices().includes(MERGING_NICE));
    expect(nices()).toContain(0);
    await merged;
  });
});
