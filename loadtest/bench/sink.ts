/**
 * `npm run bench -- sink`: CPU time of the sink and of ClickHouse an event. Outcome frames are made beforehand by a real engine
 * with a hundred rules and lie in a real log; a real sink then carries them into an embedded ClickHouse with the tables of
 * production. A batch ends at a number of rows instead of a time, so that one machine's pace does not decide what is measured.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import pino from 'pino';
import { Registry } from 'prom-client';
import { ByteWriter } from '../../core/codec/byte-writer.ts';
import { DEFAULT_ENGINE_SETTINGS } from '../../core/codec/entry.ts';
import { createEngine } from '../../processors/engine/engine.ts';
import { startEmbeddedClickHouse } from '../../storage/embedded/start-embedded-clickhouse.ts';
import { migrate } from '../../storage/migrate.ts';
import { openStore, type Store } from '../../storage/open-store.ts';
import { readNumber } from '../../storage/row.ts';
import { runSink } from '../../storage/sink/run-sink.ts';
import { connectStream, type StreamConnection } from '../../stream/connection.ts';
import { startNatsServer } from '../../stream/embedded/nats-server.ts';
import { logState, readLog } from '../../stream/log/log-reader.ts';
import { ensureTopology, STREAMS } from '../../stream/topology.ts';
import { hundredRules } from '../driver/hundred-rules.ts';
import { eventFrame, frameOf } from './event-frames.ts';

interface SinkBenchRow {
  readonly what: string;
  readonly usPerEvent: number;
}

export interface SinkBenchReport {
  readonly events: number;
  readonly eventsPerBatch: number;
  readonly bytesPerEvent: number;
  readonly rows: readonly SinkBenchRow[];
  /** Rows and rollups as they are in the tables afterwards: two versions of the sink can be compared by it. */
  readonly stored: Readonly<Record<string, number>>;
}

const MEMORY_BYTES_MAX = 1_500_000_000;
/** Of Linux; what `/proc` counts CPU time in. */
const TICKS_PER_SECOND = 100;
const SETTLE_POLL_MS = 250;
const LOG_BYTES_MAX = 2_147_483_648;
const PUBLISHED_AT_ONCE = 256;
const log = pino({ level: 'silent' });

/** The first half of the events warms compiler and server; the second half counts. Needs Linux for ClickHouse's CPU time. */
export async function runSinkBench(events: number, perFrame: number, perBatch: number): Promise<SinkBenchReport> {
  const frames = makeFrames(events, perFrame);
  const bytes = frames.reduce((sum, { length }) => sum + length, 0);
  const dataDir = await mkdtemp(join(tmpdir(), 'weir-bench-'));
  const account = { user: 'weir', password: randomBytes(16).toString('hex') };
  const nats = await startNatsServer({ dataDir, log, ...account });
  const server = await startEmbeddedClickHouse({
    dataDir,
    memoryBytesMax: MEMORY_BYTES_MAX,
    log,
    user: 'weir',
    database: 'weir',
  });
  const connection = await connectStream({ url: nats.url, ...account, name: 'bench', log });
  try {
    await fillLog(connection, frames.splice(0));
    const { url, user, password } = server;
    const store = await openStore({ url, user, password, database: 'weir', log });
    await migrate(store, { transactionTtlDays: 730, locationTtlDays: 90 });
    const last = (await logState(connection, 'OUTCOMES')).lastSeq;
    const half = last >> 1;
    await carry(store, connection, half, perBatch);
    await untilMerged(store);
    const clickHouseBefore = cpuMicros(server);
    const natsBefore = cpuMicros(nats);
    const sinkBefore = process.cpuUsage();
    await carry(store, connection, last, perBatch);
    const { user: userMicros, system } = process.cpuUsage(sinkBefore);
    const clickHouse = cpuMicros(server) - clickHouseBefore;
    const natsMicros = cpuMicros(nats) - natsBefore;
    await untilMerged(store);
    const merges = cpuMicros(server) - clickHouseBefore - clickHouse;
    const counted = (last - half) * perFrame;
    const perEvent = (micros: number): number => Math.round((micros / counted) * 100) / 100;
    const stored = await countStored(store);
    await store.close();
    return {
      events,
      eventsPerBatch: perBatch,
      bytesPerEvent: Math.round(bytes / events),
      rows: [
        { what: 'sink', usPerEvent: perEvent(userMicros + system) },
        { what: 'nats-server', usPerEvent: perEvent(natsMicros) },
        { what: 'ClickHouse, while the sink writes', usPerEvent: perEvent(clickHouse) },
        { what: 'ClickHouse, merges after it', usPerEvent: perEvent(merges) },
      ],
      stored,
    };
  } finally {
    await connection.close();
    await server.stop();
    await nats.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

function makeFrames(events: number, perFrame: number): Uint8Array[] {
  const engine = createEngine();
  const settings = DEFAULT_ENGINE_SETTINGS;
  const documents = hundredRules();
  const writer = new ByteWriter(1 << 16);
  const ruleset = { kind: 'ruleset', version: 1, settings, author: 'bench', comment: '', documents } as const;
  engine.step(1, frameOf(writer, [ruleset]));
  const frames: Uint8Array[] = [];
  for (let from = 0; from < events; from += perFrame) {
    const frame = eventFrame(writer, from, Math.min(events, from + perFrame));
    for (const part of engine.step(engine.position + 1, frame)) frames.push(part.slice());
  }
  return frames;
}

async function fillLog(c: StreamConnection, frames: readonly Uint8Array[]): Promise<void> {
  await ensureTopology(c, { NATS_REPLICAS: 1, WEIR_LOG_BYTES_MAX: LOG_BYTES_MAX, WEIR_LOG_AGE_DAYS: 1 });
  for (let from = 0; from < frames.length; from += PUBLISHED_AT_ONCE) {
    const some = frames.slice(from, from + PUBLISHED_AT_ONCE);
    await Promise.all(some.map((frame) => c.jetstream.publish(STREAMS.OUTCOMES, frame)));
  }
}

/** Frames up to `end`, from where the store is. */
async function carry(store: Store, c: StreamConnection, end: number, perBatch: number): Promise<void> {
  await runSink({
    store,
    outcomes: async function* (fromSeq, signal) {
      for await (const message of readLog(c, 'OUTCOMES', { fromSeq, signal })) {
        yield message;
        if (message.seq >= end) return;
      }
    },
    // A transaction and its decision.
    limits: { rowsMax: perBatch * 2, lingerMs: 60_000 },
    clock: { nowMs: () => Date.now() },
    log,
    metrics: new Registry(),
  }).done;
}

function cpuMicros({ pid }: { readonly pid: number }): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // The name in brackets may hold blanks; user and system time are the 14th and 15th field.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1e6) / TICKS_PER_SECOND;
}

async function untilMerged(store: Store): Promise<void> {
  for (let quiet = 0; quiet < 4; ) {
    await wait(SETTLE_POLL_MS);
    const [row] = await store.query('merges', 'SELECT count() AS running FROM system.merges');
    quiet = row !== undefined && readNumber(row, 'running') === 0 ? quiet + 1 : 0;
  }
}

async function countStored(store: Store): Promise<Record<string, number>> {
  const [row] = await store.query(
    'stored',
    `SELECT (SELECT count() FROM transactions) AS transactions, (SELECT count() FROM decisions) AS decisions,
 (SELECT count() FROM alerts) AS alerts, (SELECT sum(t.transactions) FROM kpi_day AS t) AS in_rollups`,
  );
  return Object.fromEntries(Object.keys(row ?? {}).map((name) => [name, readNumber(row ?? {}, name)]));
}
