/** An empty log's first rule set: the shipped catalog, activated through the log like every later one. */
import type { Logger } from 'pino';
import { DEFAULT_ENGINE_SETTINGS } from '../core/codec/entry.ts';
import { WeirError } from '../core/errors.ts';
import { digestHex } from '../core/hash.ts';
import { loadCatalog } from '../rules/catalog/load-catalog.ts';
import type { StreamConnection } from '../stream/connection.ts';
import { openKeyValue } from '../stream/key-value.ts';
import type { AppenderLimits } from '../stream/log/event-appender.ts';
import { appendRules, newestVersion } from '../stream/rules/append-rules.ts';
import { chooseEngineSettings, type EngineSettingsConfig } from '../stream/rules/engine-settings.ts';
import { STATE_BUCKET } from '../stream/topology.ts';

const CATALOG_KEY = 'catalog';

interface SeededCatalog {
  readonly version: number;
  readonly digest: string;
  /** Absent where they were activated before it could be chosen. */
  readonly distinctEventsMax?: number;
}

/**
 * Activates the shipped rules unless exactly these, with these settings, were activated before, or somebody has activated
 * other rules since: those are not replaced behind their backs.
 */
export async function activateCatalog(
  connection: StreamConnection,
  config: AppenderLimits & EngineSettingsConfig,
  log: Logger,
): Promise<void> {
  const documents = loadCatalog().map((entry) => entry.document);
  if (documents.length === 0) {
    throw new WeirError(
      'part.missing',
      'the rule catalog is not beside the compiled code; build with bootstrap/bootstrap.mjs',
    );
  }
  const digest = digestHex(new TextEncoder().encode(JSON.stringify(documents)));
  const settings = await chooseEngineSettings(connection, config);
  const { distinctEventsMax } = settings;
  const bucket = openKeyValue(connection, STATE_BUCKET);
  const known = await bucket.get(CATALOG_KEY);
  const seeded = known === undefined ? undefined : (JSON.parse(new TextDecoder().decode(known.value)) as SeededCatalog);
  const seededMax = seeded?.distinctEventsMax ?? DEFAULT_ENGINE_SETTINGS.distinctEventsMax;
  if (seeded?.digest === digest && seededMax === distinctEventsMax) return;
  if ((await newestVersion(connection)) > (seeded?.version ?? 0)) {
    log.info(
      { seeded: seeded?.version, distinctEventsMax },
      'the shipped rules or the settings have changed; the rules activated since stay live, with theirs, until the next import',
    );
    return;
  }
  // At the first start no processor runs yet: it reads this first.
  const comment = 'The rules shipped with Weir';
  const { version } = await appendRules(connection, config, log, { documents, settings, author: 'weir', comment });
  await bucket.put(CATALOG_KEY, new TextEncoder().encode(JSON.stringify({ version, digest, distinctEventsMax })));
  log.info({ version, rules: documents.length, distinctEventsMax }, 'activated the shipped rule catalog');
}
