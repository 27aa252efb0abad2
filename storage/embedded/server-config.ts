/**
 * Writes the two files that the embedded ClickHouse starts from. Everything that may vary is escaped, so that a path
 * or a name can never become markup. `default` cannot be removed (the engine's own session needs it), so it is left
 * with one session, which is taken, and with no right but to open the listener.
 */
import { createHash } from 'node:crypto';

const USER_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,62}$/;

/** Table engines that Weir's own user may create; never `*`, since `File` and `URL` reach outside the database. */
const TABLE_ENGINES = [
  'MergeTree',
  'SummingMergeTree',
  'ReplacingMergeTree',
  'AggregatingMergeTree',
  'Memory',
] as const;

const KEEP_ALIVE_SECONDS = 3;
const CONNECTIONS_MAX = 256;
/**
 * Merges wait for about so many parts of one size, where ClickHouse by itself waits for five: a row is rewritten a third less often,
 * which is most of what storing it costs, and a table has some twice as many parts to read.
 */
const MERGE_SELECTOR_BASE = 10;
/** As `nice` counts: what comes in goes before its merging. Linux allows that to a server with CAP_SYS_NICE; otherwise nothing changes. */
export const MERGING_NICE = 19;
/** The engine's own session opens a listener and waits; it needs next to nothing. */
const HOLD_MEMORY_BYTES_MAX = 100_000_000;

export interface ServerConfigOptions {
  /** Absolute path of the users file. */
  readonly usersFile: string;
  readonly memoryBytesMax: number;
  /** Fresh for each start: proves that it is this server that answers. */
  readonly nonce: string;
}

export function writeServerConfig(o: ServerConfigOptions): string {
  return `<clickhouse>
  <users_config>${escapeXml(o.usersFile)}</users_config>
  <logger><console>0</console><level>warning</level></logger>
  <keep_alive_timeout>${KEEP_ALIVE_SECONDS}</keep_alive_timeout>
  <max_connections>${CONNECTIONS_MAX}</max_connections>
  <max_server_memory_usage>${Math.floor(o.memoryBytesMax)}</max_server_memory_usage>
  <mark_cache_size>134217728</mark_cache_size>
  <background_pool_size>2</background_pool_size>
  <background_schedule_pool_size>4</background_schedule_pool_size>
  <os_threads_nice_value_merge_mutate>${MERGING_NICE}</os_threads_nice_value_merge_mutate>
  <merge_tree>
    <merge_selector_base>${MERGE_SELECTOR_BASE}</merge_selector_base>
    <number_of_free_entries_in_pool_to_execute_mutation>1</number_of_free_entries_in_pool_to_execute_mutation>
    <number_of_free_entries_in_pool_to_lower_max_size_of_merge>1</number_of_free_entries_in_pool_to_lower_max_size_of_merge>
    <number_of_free_entries_in_pool_to_execute_optimize_entire_partition>1</number_of_free_entries_in_pool_to_execute_optimize_entire_partition>
  </merge_tree>
  <http_handlers><rule><url>/metrics</url><methods>GET</methods><handler><type>prometheus</type></handler></rule><defaults/></http_handlers>
  <macros><instance>${escapeXml(o.nonce)}</instance><weir_embedded>1</weir_embedded></macros>
</clickhouse>
`;
}

export interface UsersConfigOptions {
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly memoryBytesMax: number;
}

/** Throws a `RangeError` where `user` or `database` is not a plain identifier. */
export function writeUsersConfig(o: UsersConfigOptions): string {
  for (const name of [o.user, o.database]) {
    if (!USER_NAME.test(name)) throw new RangeError(`"${name}" is not a plain identifier`);
  }
  if (o.user === 'default') throw new RangeError('the user "default" belongs to the engine itself');
  const passwordHash = createHash('sha256').update(o.password, 'utf8').digest('hex');
  const grants = [
    `GRANT ALL ON ${o.database}.*`,
    'GRANT SELECT ON system.*',
    ...TABLE_ENGINES.map((engine) => `GRANT TABLE ENGINE ON ${engine}`),
  ];
  return `<clickhouse>
  <profiles>
    <default><max_memory_usage>${Math.floor(o.memoryBytesMax * 0.7)}</max_memory_usage></default>
    <hold><max_sessions_for_user>1</max_sessions_for_user><max_memory_usage>${HOLD_MEMORY_BYTES_MAX}</max_memory_usage></hold>
  </profiles>
  <quotas><default/></quotas>
  <users>
    <default><password></password><networks><ip>127.0.0.1</ip></networks><profile>hold</profile><quota>default</quota>
      <grants><query>GRANT SYSTEM LISTEN ON *.*</query></grants></default>
    <${o.user}><password_sha256_hex>${passwordHash}</password_sha256_hex><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota>
      <grants>${grants.map((grant) => `<query>${escapeXml(grant)}</query>`).join('')}</grants></${o.user}>
  </users>
</clickhouse>
`;
}

/** Text for use in XML content. Throws a `RangeError` on characters that XML cannot hold. */
export function escapeXml(text: string): string {
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    const allowed = code === 0x9 || code === 0xa || code === 0xd || (code >= 0x20 && (code < 0xd800 || code > 0xdfff));
    if (!allowed) throw new RangeError(`character U+${code.toString(16).padStart(4, '0')} cannot be written in XML`);
  }
  return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}
