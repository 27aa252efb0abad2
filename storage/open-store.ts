/**
 * The connection to ClickHouse, embedded or not: queries with limits and ids, statements, and inserts of whole blocks.
 * Every failure leaves here as a coded error: `store.unavailable` may pass by itself, `store.query_failed` will not.
 */
import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { type ClickHouseClient, ClickHouseError, type ClickHouseSettings, createClient } from '@clickhouse/client';
import type { Logger } from 'pino';
import { WeirError } from '../core/errors.ts';
import type { Capabilities } from './capabilities.ts';
import { isRow, type Row } from './row.ts';

const STORE_LIMITS = {
  /** A query that reads for longer is ended by the server. */
  queryTimeoutMs: 15_000,
  /** An insert or a statement that takes longer is given up here; it may still happen there. */
  requestTimeoutMs: 60_000,
  resultRowsMax: 200_000,
  connectionsMax: 16,
  /** Below the server's keep-alive, so that no request goes out on a socket that is being closed. */
  idleSocketMs: 1_500,
} as const;

/** ClickHouse's own codes for "not now": overload, memory, shutdown, too many parts, network. */
// biome-ignore format: a list of numbers reads better in lines
const PASSING_CODES = new Set([
  '159', '160', '202', '203', '209', '210', '236', '241', '242', '243', '252', '319', '394', '439', '999',
]);

/** `throwIf`, which nothing else here uses. */
const THROWN_BY_GUARD = '395';

export interface OpenStoreOptions {
  readonly url: string;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
  /** Makes all tables replicated, on this cluster. */
  readonly cluster?: string;
  /** How long to wait for the first answer. */
  readonly readyTimeoutMs?: number;
}

export interface QueryOptions {
  readonly timeoutMs?: number;
  readonly rowsMax?: number;
  readonly signal?: AbortSignal;
}

export interface NativeBlock {
  readonly table: string;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly bytes: Uint8Array;
}

/** A question whose answer must be 1, or the insert is refused: it is put by the server, whenever the insert gets there. */
export interface InsertGuard {
  /** An expression; a SELECT in brackets, as a rule. */
  readonly sql: string;
  readonly params: Readonly<Record<string, unknown>>;
}

export interface Store {
  readonly database: string;
  readonly capabilities: Capabilities;
  /** Rows of a SELECT without FORMAT; `name` becomes part of the query id. Past `rowsMax` it fails, it never cuts. */
  query(name: string, sql: string, params?: Readonly<Record<string, unknown>>, o?: QueryOptions): Promise<Row[]>;
  /** An insert with a token that its table has seen changes nothing and succeeds. */
  execute(sql: string, params?: Readonly<Record<string, unknown>>, o?: { readonly token?: string }): Promise<void>;
  /**
   * One Native block. The same token again on the same table changes nothing, in the table or in views behind it. Throws
   * `store.fenced` where the guard does not hold when the server takes the insert up.
   */
  insertBlock(block: NativeBlock, token?: string, guard?: InsertGuard): Promise<void>;
  close(): Promise<void>;
}

/** Throws a `WeirError` `store.unavailable` when nothing answers within `readyTimeoutMs`. */
export async function openStore(o: OpenStoreOptions): Promise<Store> {
  const { url, user, password, database, log } = o;
  const connect = (to: string | undefined, connections: number) =>
    createClient({
      url,
      username: user,
      password,
      ...(to === undefined ? {} : { database: to }),
      application: 'weir',
      request_timeout: STORE_LIMITS.requestTimeoutMs,
      max_open_connections: connections,
      keep_alive: { enabled: true, idle_socket_ttl: STORE_LIMITS.idleSocketMs },
      log: { level: 127 },
    });
  // A database that does not exist yet cannot be named when connecting.
  const first = connect('system', 1);
  try {
    await untilAnswered(first, o.readyTimeoutMs ?? 10_000);
    await guard(() =>
      first.command({
        query: `CREATE DATABASE IF NOT EXISTS ${quoteName(database)}${o.cluster === undefined ? '' : ` ON CLUSTER '${o.cluster}'`}`,
      }),
    );
    const capabilities = await detectCapabilities(first, o.cluster);
    log.info({ url, database, version: capabilities.version, embedded: capabilities.embedded }, 'store is open');
    return createStore(connect(database, STORE_LIMITS.connectionsMax), database, capabilities);
  } finally {
    await first.close();
  }
}

function createStore(client: ClickHouseClient, database: string, capabilities: Capabilities): Store {
  return {
    database,
    capabilities,
    async query(name, sql, params = {}, options = {}) {
      const timeoutMs = options.timeoutMs ?? STORE_LIMITS.queryTimeoutMs;
      const queryId = `weir-${name}-${randomUUID()}`;
      const giveUp = AbortSignal.timeout(timeoutMs + 2_000);
      const settings: ClickHouseSettings = {
        max_execution_time: timeoutMs / 1_000,
        max_result_rows: String(options.rowsMax ?? STORE_LIMITS.resultRowsMax),
        output_format_json_quote_64bit_integers: 0,
        output_format_json_quote_denormals: 0,
        cancel_http_readonly_queries_on_client_close: 1,
      };
      try {
        return await guard(async () => {
          const answer = await client.query({
            query: sql,
            format: 'JSONEachRow',
            query_id: queryId,
            query_params: { ...params },
            abort_signal: options.signal === undefined ? giveUp : AbortSignal.any([giveUp, options.signal]),
            clickhouse_settings: settings,
          });
          return (await answer.json<unknown>()).filter(isRow);
        });
      } catch (error) {
        if (giveUp.aborted || options.signal?.aborted === true) await killQuery(client, queryId);
        throw error;
      }
    },
    async execute(sql, params = {}, { token } = {}) {
      const settings = { ...tokenSetting(token), async_insert: 0 } as const;
      await guard(() => client.command({ query: sql, query_params: { ...params }, clickhouse_settings: settings }));
    },
    async insertBlock(block, token, condition) {
      await guard(async () => {
        const answer = await client.exec({
          query: insertStatement(block, condition),
          query_params: { ...condition?.params },
          values: Readable.from([block.bytes], { objectMode: false }),
          clickhouse_settings: {
            ...tokenSetting(token),
            deduplicate_blocks_in_dependent_materialized_views: 1,
            async_insert: 0,
            input_format_native_allow_types_conversion: 1,
            // Rows that came in over many months are rare and legitimate: a replayed log, or a wrong clock once.
            max_partitions_per_insert_block: '0',
          },
        });
        for await (const _ of answer.stream);
      });
    },
    close: () => client.close(),
  };
}

function tokenSetting(token: string | undefined): ClickHouseSettings {
  return token === undefined ? {} : { insert_deduplication_token: token };
}

function insertStatement({ table, columns }: NativeBlock, condition: InsertGuard | undefined): string {
  const names = columns.map(({ name }) => quoteName(name)).join(', ');
  const into = `INSERT INTO ${quoteName(table)} (${names})`;
  if (condition === undefined) return `${into} FORMAT Native`;
  const structure = columns.map(({ name, type }) => `${quoteName(name)} ${type}`).join(', ');
  return `${into} SELECT ${names} FROM input(${quoteText(structure)}) WHERE throwIf(NOT (${condition.sql}), 'overtaken') = 0 FORMAT Native`;
}

function quoteText(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}

/** Back-quoted for SQL. */
function quoteName(name: string): string {
  return `\`${name.replace(/[\\`]/g, '\\$&')}\``;
}

async function untilAnswered(client: ClickHouseClient, timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  for (let pauseMs = 20; ; pauseMs = Math.min(pauseMs * 2, 500)) {
    const answer = await client.ping({ select: true });
    if (answer.success) return;
    if (performance.now() > deadline) {
      throw new WeirError('store.unavailable', `ClickHouse does not answer: ${answer.error.message}`, {
        cause: answer.error,
      });
    }
    await wait(pauseMs);
  }
}

async function detectCapabilities(client: ClickHouseClient, cluster: string | undefined): Promise<Capabilities> {
  return guard(async () => {
    const answer = await client.query({
      query: "SELECT version() AS version, countIf(macro = 'weir_embedded') AS embedded FROM system.macros",
      format: 'JSONEachRow',
      clickhouse_settings: { output_format_json_quote_64bit_integers: 0 },
    });
    const row = (await answer.json<unknown>()).find(isRow);
    return {
      version: String(row?.version ?? 'unknown'),
      embedded: row?.embedded === 1,
      ...(cluster === undefined ? {} : { cluster }),
    };
  });
}

/** The server goes on with a query whose client has gone; tell it not to. Failing at that is no failure of its own. */
async function killQuery(client: ClickHouseClient, queryId: string): Promise<void> {
  await client
    .command({ query: 'KILL QUERY WHERE query_id = {id:String} ASYNC', query_params: { id: queryId } })
    .catch(() => undefined);
}

async function guard<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw toStoreError(error);
  }
}

function toStoreError(error: unknown): WeirError {
  if (error instanceof WeirError) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof ClickHouseError && error.code === THROWN_BY_GUARD) {
    return new WeirError('store.fenced', 'the guard of an insert does not hold', { cause: error });
  }
  const refused = error instanceof ClickHouseError && !PASSING_CODES.has(error.code);
  const code = refused ? 'store.query_failed' : 'store.unavailable';
  const shown = error instanceof ClickHouseError ? `${error.type ?? 'error'} ${error.code}: ${message}` : message;
  return new WeirError(code, shown.slice(0, 2_000), { cause: error });
}
