/**
 * Puts the log and the tables in place before any role starts, and gives an empty log its first rule set: the shipped
 * catalog, activated through the log like every later one.
 */
import type { Logger } from 'pino';
import { DEFAULT_ENGINE_SETTINGS } from '../core/codec/entry.ts';
import type { Config } from '../core/config.ts';
import { WeirError } from '../core/errors.ts';
import { digestHex } from '../core/hash.ts';
import { loadCatalog } from '../rules/catalog/load-catalog.ts';
import { migrate } from '../storage/migrate.ts';
import { openStore } from '../storage/open-store.ts';
import { connectStream, type StreamConnection } from '../stream/connection.ts';
import { openKeyValue } from '../stream/key-value.ts';
import { appendRules, newestVersion } from '../stream/rules/append-rules.ts';
import { ensureTopology, STATE_BUCKET } from '../stream/topology.ts';
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

const CATALOG_KEY = 'catalog';

interface SeededCatalog {
  readonly version: number;
  readonly digest: string;
}

/**
 * Activates the shipped rules unless exactly these were activated before, or somebody has activated other rules since:
 * those are not replaced behind their backs.
 */
async function activateCatalog(connection: StreamConnection, config: Config, log: Logger): Promise<void> {
  const documents = loadCatalog().map((entry) => entry.document);
  if (documents.length === 0) {
    throw new WeirError(
      'part.missing',
      'the rule catalog is not beside the compiled code; build with bootstrap/bootstrap.mjs',
    );
  }
  const digest = digestHex(new TextEncoder().encode(JSON.stringify(documents)));
  const bucket = openKeyValue(connection, STATE_BUCKET);
  const known = await bucket.get(CATALOG_KEY);
  const seeded = known === undefined ? undefined : (JSON.parse(new TextDecoder().decode(known.value)) as SeededCatalog);
  if (seeded?.digest === digest) return;
  if ((await newestVersion(connection)) > (seeded?.version ?? 0)) {
    log.info({ seeded: seeded?.version }, 'the shipped rules have changed; the rules activated since stay live');
    return;
  }
  // No processor runs yet: it reads this first.
  const { version } = await appendRules(connection, config, log, {
    documents,
    settings: DEFAULT_ENGINE_SETTINGS,
    author: 'weir',
    comment: 'The rules shipped with Weir',
  });
  await bucket.put(CATALOG_KEY, new TextEncoder().encode(JSON.stringify({ version, digest })));
  log.info({ version, rules: documents.length }, 'activated the shipped rule catalog');
}
