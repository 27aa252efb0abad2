/** Puts the log and the tables in place before any role starts, and gives an empty log its first rule set. */
import type { Logger } from 'pino';
import type { Config } from '../core/config.ts';
import { migrate } from '../storage/migrate.ts';
import { openStore } from '../storage/open-store.ts';
import { connectStream } from '../stream/connection.ts';
import { ensureTopology } from '../stream/topology.ts';
import { activateCatalog } from './activate-catalog.ts';
import type { Parts } from './parts.ts';

export async function setUp(parts: Parts, config: Config, log: Logger): Promise<void> {
  const connection = await connectStream({ ...parts.nats, name: 'weir-set-up', log });
  const store = await openStore({ ...parts.store, log });
  const retentionDays = {
    transactionTtlDays: config.WEIR_TRANSACTION_TTL_DAYS,
    locationTtlDays: config.WEIR_LOCATION_TTL_DAYS,
  };
  try {
    await Promise.all([ensureTopology(connection, config), migrate(store, retentionDays)]);
    await activateCatalog(connection, config, log);
  } finally {
    await store.close();
    await connection.close();
  }
}
