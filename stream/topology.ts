/**
 * Every stream, bucket and subject of Weir, in one place. The three logs keep by limits and refuse when they are full:
 * an old message leaves by age only, so that nothing that was acknowledged makes room for something newer.
 */
import {
  DiscardPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  RetentionPolicy,
  StorageType,
  StoreCompression,
  type StreamConfig,
  type StreamInfo,
} from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { Objm } from '@nats-io/obj';
import { nanos } from '@nats-io/transport-node';
import { DAY_MS } from '../core/clock.ts';
import type { Config } from '../core/config.ts';
import type { StreamConnection } from './connection.ts';
import { retryTransient } from './retry.ts';

export const STREAMS = {
  EVENTS: 'weir.log.events',
  OUTCOMES: 'weir.log.outcomes',
  QUARANTINE: 'weir.log.quarantine',
} as const;
export type StreamName = keyof typeof STREAMS;

/** Subjects of core NATS: nothing here is stored. */
export const SUBJECTS = {
  intakeEvents: 'weir.intake.events',
  queryCustomer: 'weir.query.customer',
  queryDecision: 'weir.query.decision',
  progress: 'weir.progress',
  metrics: 'weir.metrics',
} as const;

export const CHECKPOINT_BUCKET = 'weir-checkpoints';
export const STATE_BUCKET = 'weir-state';

/** A message id is recognised for this long; retries of one append end well before. */
export const DUPLICATE_WINDOW_MS = 120_000;
/** Frames stay below 256 KiB and outcome parts below 900 KiB; this is the server's default for any message. */
export const MESSAGE_BYTES_MAX = 1_048_576;
const QUARANTINE_SHARE = 0.1;
const LOG_BYTES_MIN = 67_108_864;
const TOPOLOGY_TIMEOUT_MS = 60_000;

const STREAM_NAME_IN_USE = 10058;
/** No room on the server, in the account, and (10005) on enough servers of a cluster. */
const NO_ROOM: readonly number[] = [10047, 10023, 10028, 10005];

export type TopologyConfig = Pick<Config, 'NATS_REPLICAS' | 'WEIR_LOG_BYTES_MAX' | 'WEIR_LOG_AGE_DAYS'>;

/**
 * Creates what is missing and brings what is there to the configured limits; any number of processes may do so at
 * once. Where the server has less room than configured, a log gets the half of it that fits, and a warning says so.
 * Throws `log.unavailable` when the server does not answer.
 */
export async function ensureTopology(c: StreamConnection, config: TopologyConfig): Promise<void> {
  const logBytes = config.WEIR_LOG_BYTES_MAX;
  await ensureLog(c, logConfig('EVENTS', logBytes, config));
  await ensureLog(c, logConfig('OUTCOMES', logBytes, config));
  const quarantine = logConfig('QUARANTINE', Math.ceil(logBytes * QUARANTINE_SHARE), config);
  // A buffer on the way to the store, where refused events have their home: one bad producer that fills it must not stop
  // the others, so the oldest make room.
  quarantine.discard = DiscardPolicy.Old;
  if (c.features.has('compression')) quarantine.compression = StoreCompression.S2;
  await ensureLog(c, quarantine);
  const replicas = config.NATS_REPLICAS;
  await retryTransient(c, 'creating the state bucket', TOPOLOGY_TIMEOUT_MS, () =>
    new Kvm(c.jetstream).create(STATE_BUCKET, { history: 1, replicas }),
  );
  await retryTransient(c, 'creating the checkpoint bucket', TOPOLOGY_TIMEOUT_MS, () =>
    new Objm(c.jetstream).create(CHECKPOINT_BUCKET, { replicas, storage: StorageType.File }),
  );
}

type LogConfig = Partial<StreamConfig> & { name: StreamName; max_bytes: number };

function logConfig(name: StreamName, bytesMax: number, config: TopologyConfig): LogConfig {
  return {
    name,
    subjects: [STREAMS[name]],
    retention: RetentionPolicy.Limits,
    discard: DiscardPolicy.New,
    storage: StorageType.File,
    num_replicas: config.NATS_REPLICAS,
    max_bytes: bytesMax,
    max_age: nanos(config.WEIR_LOG_AGE_DAYS * DAY_MS),
    max_msg_size: MESSAGE_BYTES_MAX,
    duplicate_window: nanos(DUPLICATE_WINDOW_MS),
    // A hole in the middle of a log would look like a loss; only age takes messages away.
    deny_delete: true,
  };
}

async function ensureLog(c: StreamConnection, wanted: LogConfig): Promise<void> {
  for (let bytes = wanted.max_bytes; ; bytes = Math.floor(bytes / 2)) {
    const config = { ...wanted, max_bytes: bytes };
    try {
      await retryTransient(c, `creating ${config.name}`, TOPOLOGY_TIMEOUT_MS, () => addOrUpdate(c, config));
      if (bytes < wanted.max_bytes) {
        c.log.warn(
          { stream: config.name, wantedBytes: wanted.max_bytes, bytes },
          'the server has no room for a log of the configured size; it is smaller',
        );
      }
      return;
    } catch (error) {
      if (!isNoRoom(error) || bytes / 2 < Math.min(LOG_BYTES_MIN, wanted.max_bytes)) throw error;
    }
  }
}

async function addOrUpdate(c: StreamConnection, config: LogConfig): Promise<StreamInfo> {
  const present = await findStream(c, config.name);
  if (present === undefined) {
    try {
      return await c.manager.streams.add(config);
    } catch (error) {
      // Another process created it first, with its own limits.
      if (error instanceof JetStreamApiError && error.code === STREAM_NAME_IN_USE) return addOrUpdate(c, config);
      throw error;
    }
  }
  try {
    return await c.manager.streams.update(config.name, { ...present, ...config });
  } catch (error) {
    if (!isNoRoom(error) || present.max_bytes <= 0 || present.max_bytes > config.max_bytes) throw error;
    // A log that is there is never made smaller because there is no room to make it larger.
    return await c.manager.streams.update(config.name, { ...present, ...config, max_bytes: present.max_bytes });
  }
}

async function findStream(c: StreamConnection, name: StreamName): Promise<StreamConfig | undefined> {
  try {
    return (await c.manager.streams.info(name)).config;
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound) return undefined;
    throw error;
  }
}

function isNoRoom(error: unknown): boolean {
  return error instanceof JetStreamApiError && NO_ROOM.includes(error.code);
}
