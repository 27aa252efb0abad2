/** A real embedded ClickHouse for one test file: a fresh directory, a free port, every table, gone afterwards. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import {
  type EmbeddedClickHouse,
  startEmbeddedClickHouse,
} from '../../../storage/embedded/start-embedded-clickhouse.ts';
import { migrate } from '../../../storage/migrate.ts';
import { openStore, type Store } from '../../../storage/open-store.ts';

export const silentLog = pino({ level: process.env.TEST_LOG ?? 'silent' });
const MEMORY_BYTES_MAX = 1_500_000_000;
const RETENTION = { transactionTtlDays: 730, locationTtlDays: 90 };

export interface TestStore {
  readonly store: Store;
  readonly dataDir: string;
  /** The process of now; it changes with `restart`. */
  readonly server: EmbeddedClickHouse;
  /** kill -9. */
  kill(): Promise<void>;
  /** On the same port, with the same password. */
  restart(): Promise<void>;
  /** Drops every table and makes them anew: no rows, no position, no insert tokens. */
  recreate(): Promise<void>;
  close(): Promise<void>;
}

/** `migrated: false` leaves the database empty. */
export async function startTestStore(o: { migrated?: boolean } = {}): Promise<TestStore> {
  const dataDir = await mkdtemp(join(tmpdir(), 'weir-store-'));
  const start = (extra: { httpPort?: number; password?: string } = {}) =>
    startEmbeddedClickHouse({
      dataDir,
      memoryBytesMax: MEMORY_BYTES_MAX,
      log: silentLog,
      user: 'weir',
      database: 'weir',
      ...extra,
    });
  let server = await start();
  const { url, user, password, httpPort } = server;
  const store = await openStore({ url, user, password, database: 'weir', log: silentLog });
  if (o.migrated !== false) await migrate(store, RETENTION);
  return {
    store,
    dataDir,
    get server() {
      return server;
    },
    async kill() {
      process.kill(server.pid, 'SIGKILL');
      await server.exited;
    },
    async restart() {
      server = await start({ httpPort, password });
    },
    async recreate() {
      const tables = await store.query(
        'tables',
        'SELECT name FROM system.tables WHERE database = currentDatabase() ORDER BY engine = {view:String} DESC',
        { view: 'MaterializedView' },
      );
      for (const { name } of tables) await store.execute(`DROP TABLE ${name} SYNC`);
      await migrate(store, RETENTION);
    },
    async close() {
      await store.close();
      await server.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
