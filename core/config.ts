/**
 * Every setting of Weir, its default and its meaning, in one schema keyed by the environment variable's name.
 * `parseConfig` gives a frozen config or reports all problems at once; `.env.example` is checked against this by a test.
 * What changes a decision takes effect through the log: `WEIR_DISTINCT_EVENTS_MAX` travels there with the next rule set.
 */
import Type, { type Static } from 'typebox';
import Value from 'typebox/value';
import { type Problem, WeirError } from './errors.ts';

const MIB = 1_048_576;
const count = (fallback: number, description: string, minimum = 1) =>
  Type.Integer({ minimum, maximum: Number.MAX_SAFE_INTEGER, default: fallback, description });
const text = (fallback: string, description: string) => Type.String({ default: fallback, description });

export const ConfigSchema = Type.Object({
  NODE_ENV: Type.Enum(['development', 'production', 'test'], {
    default: 'development',
    description: 'production turns the demo sign-in off',
  }),
  HOST: text('127.0.0.1', 'Address the HTTP server listens on'),
  PORT: Type.Integer({
    minimum: 0,
    maximum: 65_535,
    default: 8080,
    description: 'Port of the HTTP server, 0 for a free one',
  }),
  WEIR_DATA_DIR: text('.weir', 'Where the embedded parts keep their data'),
  LOG_LEVEL: Type.Enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
    default: 'info',
    description: 'Least level that is logged',
  }),
  NATS_URL: text('', 'A JetStream server or cluster; empty starts an embedded nats-server'),
  NATS_CREDS_FILE: text('', 'Credentials file for NATS_URL'),
  NATS_REPLICAS: Type.Integer({
    minimum: 1,
    maximum: 5,
    default: 1,
    description: 'Replicas of each stream and bucket',
  }),
  CLICKHOUSE_URL: text('', 'An HTTP address of ClickHouse; empty starts the embedded one'),
  CLICKHOUSE_USER: text('default', 'User for CLICKHOUSE_URL'),
  CLICKHOUSE_PASSWORD: text('', 'Password for CLICKHOUSE_URL'),
  CLICKHOUSE_DATABASE: Type.String({
    pattern: '^[a-z_][a-z0-9_]{0,62}$',
    default: 'weir',
    description: 'Database that holds all tables',
  }),
  JWT_SECRET: text('', 'HMAC secret of the tokens, at least 32 characters; empty makes one in the data directory'),
  WEIR_FRAME_LINGER_MS: count(3, 'How long ingest waits to fill a frame', 0),
  WEIR_DECISION_LINGER_MS: count(1, 'How long decisions that come close together wait for one another', 0),
  WEIR_FRAME_ENTRIES_MAX: count(500, 'Entries in a frame'),
  WEIR_FRAME_BYTES_MAX: Type.Integer({
    minimum: 4_096,
    maximum: 262_144,
    default: 131_072,
    description: 'Bytes in a frame',
  }),
  WEIR_APPEND_IN_FLIGHT_MAX: count(64, 'Frames sent to the log and not yet acknowledged'),
  WEIR_APPEND_QUEUE_ENTRIES_MAX: count(50_000, 'Entries waiting for a frame; past it, ingest answers 503'),
  WEIR_APPEND_TIMEOUT_MS: count(10_000, 'How long an append is retried before ingest answers 503'),
  WEIR_BACKLOG_FRAMES_MAX: count(20_000, 'Frames the processor may be behind before ingest answers 503'),
  WEIR_LOG_BYTES_MAX: count(
    20_000 * MIB,
    'Bytes kept in each of EVENTS and OUTCOMES; a full log refuses, it never drops',
  ),
  WEIR_LOG_AGE_DAYS: count(30, 'Days that EVENTS and OUTCOMES are kept'),
  WEIR_BODY_BYTES_MAX: count(16 * MIB, 'Bytes of a request body as sent'),
  WEIR_BODY_INFLATED_BYTES_MAX: count(64 * MIB, 'Bytes of a request body after decompression'),
  WEIR_EVENT_BYTES_MAX: Type.Integer({
    minimum: 256,
    maximum: 60_000,
    default: 32_768,
    description: 'Bytes of one event',
  }),
  WEIR_EVENT_DEPTH_MAX: count(16, 'Depth of nesting in one event'),
  WEIR_BATCH_EVENTS_MAX: count(20_000, 'Events in one request'),
  WEIR_EVENT_FUTURE_MAX_MS: count(300_000, 'How far ahead of the clock an event time may lie'),
  WEIR_DECISION_TIMEOUT_MS: Type.Integer({
    minimum: 1,
    maximum: 30_000,
    default: 500,
    description: 'How long POST /v1/decisions waits unless the request says otherwise',
  }),
  WEIR_DECISION_FALLBACK: Type.Enum(['approve', 'review', 'decline'], {
    default: 'review',
    description: 'The decision when none came in time; it is marked as degraded',
  }),
  WEIR_REQUESTS_PER_MINUTE_MAX: count(600_000, 'Requests per minute and token; past it 429'),
  WEIR_CHECKPOINT_INTERVAL_MS: count(60_000, 'Longest time between checkpoints of the engine'),
  WEIR_CHECKPOINT_EVENTS_MAX: count(1_000_000, 'Events before the next checkpoint: what a restart has to play again'),
  WEIR_CHECKPOINTS_KEPT: count(3, 'Checkpoints kept; a damaged one falls back to the one before it'),
  WEIR_CHECKPOINT_COPY_DIR: text(
    '',
    'Where a processor keeps a copy of its newest checkpoint, from which it starts faster; empty: in the data directory',
  ),
  WEIR_CHECKPOINT_COPY_BYTES_MAX: count(
    8_192 * MIB,
    'Bytes of that copy, twice the state while a checkpoint is saved; past it shards are read from NATS, 0 for no copy',
    0,
  ),
  WEIR_DISTINCT_EVENTS_MAX: Type.Optional(
    Type.Integer({
      minimum: 512,
      maximum: 65_536,
      description:
        'Events in a window up to which distinct values are counted one by one, and beyond which they are estimated; goes into the log with the next rule set, and empty leaves what was set before, 4096 at first',
    }),
  ),
  WEIR_OUTCOMES_IN_FLIGHT_MAX: count(64, 'Outcome frames sent and not yet acknowledged'),
  WEIR_LEASE_MS: Type.Integer({
    minimum: 100,
    maximum: 60_000,
    default: 1_000,
    description: 'How long the leading processor may be silent before a standby takes over',
  }),
  WEIR_SINK_ROWS_MAX: count(200_000, 'Rows in one block for ClickHouse'),
  WEIR_SINK_LINGER_MS: count(400, 'How long the sink waits to fill a block, at least', 0),
  WEIR_SINK_LINGER_MAX_MS: count(2_000, 'How long it waits at most, where the store is slow', 0),
  WEIR_STORE_MEMORY_BYTES_MAX: count(3_000 * MIB, 'Memory of the embedded ClickHouse'),
  WEIR_TRANSACTION_TTL_DAYS: count(730, 'Days that transactions, decisions and alerts stay in ClickHouse'),
  WEIR_LOCATION_TTL_DAYS: count(90, 'Days that locations stay in ClickHouse'),
  WEIR_SOCKETS_MAX: count(10_000, 'Open WebSockets; past it a new one is closed'),
  WEIR_SOCKET_BUFFER_BYTES_MAX: count(4 * MIB, 'Bytes waiting for one WebSocket; past it close code 4408'),
  WEIR_RESUME_OFFERS_MAX: count(1_000, 'Offers replayed to a socket that resumes'),
});

export type Config = Readonly<Static<typeof ConfigSchema>>;

/** Throws a `WeirError` `config.invalid` that lists every problem. Unknown variables are ignored: the environment is shared. */
export function parseConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const given: Record<string, unknown> = {};
  for (const [name, schema] of Object.entries(ConfigSchema.properties)) {
    const value = env[name];
    if (value === undefined || value === '') continue;
    // As an integer, a fraction would be cut off instead of being refused.
    const isInteger = 'type' in schema && schema.type === 'integer';
    given[name] = Value.Convert(isInteger ? Type.Number() : schema, value);
  }
  const config = Value.Default(ConfigSchema, given);
  const problems: Problem[] = Value.Errors(ConfigSchema, config).map((error) => ({
    code: 'config.invalid',
    pointer: error.instancePath,
    message: `${error.instancePath.slice(1)} ${error.message}`,
  }));
  const { JWT_SECRET } = config as Config;
  if (problems.length === 0 && JWT_SECRET !== '' && JWT_SECRET.length < 32) {
    problems.push({
      code: 'config.invalid',
      pointer: '/JWT_SECRET',
      message: 'JWT_SECRET must have at least 32 characters',
    });
  }
  if (problems.length > 0) {
    throw new WeirError('config.invalid', problems.map((problem) => problem.message).join('; '), { problems });
  }
  return Object.freeze(config as Config);
}
