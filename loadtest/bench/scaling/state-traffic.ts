/**
 * Traffic at a steady rate, alone and with a checkpoint under it that goes to a real nats-server: how long frames waited, and
 * what the checkpoint took. A frame is due at its time, whatever holds the engine up.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import pino from 'pino';
import { Registry } from 'prom-client';
import { openCheckpointCopy } from '../../../processors/checkpoints/checkpoint-copy.ts';
import { createCopyMetrics } from '../../../processors/checkpoints/copy-metrics.ts';
import { restoreCheckpoint } from '../../../processors/checkpoints/restore-checkpoint.ts';
import { saveCheckpoint } from '../../../processors/checkpoints/save-checkpoint.ts';
import { storeWithCopy } from '../../../processors/checkpoints/store-with-copy.ts';
import type { Engine } from '../../../processors/engine/engine.ts';
import { TURN_MS } from '../../../processors/run-processor.ts';
import { type CheckpointStore, openCheckpointStore } from '../../../stream/checkpoints/checkpoint-store.ts';
import { connectStream } from '../../../stream/connection.ts';
import { startNatsServer } from '../../../stream/embedded/nats-server.ts';
import { ensureTopology } from '../../../stream/topology.ts';
import { FRAME_EVENTS } from './bench-stream.ts';
import type { FrameFile } from './frame-file.ts';

const FRAMES_PER_SECOND = 200;
/** The first frames after the fill, on which the collector still works off the fill's own garbage. */
const SETTLE_FRAMES = 300;
const ALONE_FRAMES = 800;
const MIB = 1_048_576;
const USER = { user: 'weir', password: 'of the benchmark' };

export interface TrafficReport {
  readonly eventsPerSecond: number;
  readonly trafficEvents: number;
  readonly trafficCpuNsPerEvent: number;
  /** The longest that a frame's answer came after the frame was due, without a checkpoint. */
  readonly longestWaitAloneMs: number;
  readonly checkpoints: readonly CheckpointRow[];
}

export interface CheckpointRow {
  readonly mib: number;
  readonly seconds: number;
  readonly shardsWritten: number;
  readonly shardsKept: number;
  readonly undoMiB: number;
  readonly longestSliceMs: number;
  /** The longest that a frame's answer came after the frame was due. */
  readonly longestWaitMs: number;
  readonly residentMiB: number;
}

export interface BenchStores {
  /** What is in it goes with `close`. */
  readonly dataDir: string;
  readonly store: CheckpointStore;
  /** The same with a copy on local disk. */
  readonly copied: CheckpointStore;
  close(): Promise<void>;
}

/** A nats-server of its own with an empty checkpoint store, and an empty directory for the copy; `close` removes them. */
export async function startStores(): Promise<BenchStores> {
  const dataDir = await mkdtemp(join(tmpdir(), 'weir-state-'));
  const log = pino({ level: 'silent' });
  const server = await startNatsServer({ dataDir, ...USER, log });
  const connection = await connectStream({ url: server.url, ...USER, name: 'bench', log });
  await ensureTopology(connection, { NATS_REPLICAS: 1, WEIR_LOG_BYTES_MAX: 64 * MIB, WEIR_LOG_AGE_DAYS: 1 });
  const store = openCheckpointStore(connection, { kept: 2 });
  const metrics = createCopyMetrics(new Registry());
  const directory = join(dataDir, 'checkpoint-copy');
  const copy = await openCheckpointCopy({ directory, bytesMax: Number.POSITIVE_INFINITY, log, metrics });
  return {
    dataDir,
    store,
    copied: storeWithCopy(store, copy, metrics),
    async close() {
      await connection.close();
      await server.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** Some frames alone, then one checkpoint after the other with traffic under it until `checkpoints` are saved. */
export async function runTraffic(
  engine: Engine,
  frames: FrameFile,
  store: CheckpointStore,
  checkpoints: number,
): Promise<TrafficReport> {
  const traffic = new Traffic(engine, frames);
  const cpu = process.cpuUsage();
  await traffic.runUntil(() => traffic.sent >= ALONE_FRAMES);
  const used = process.cpuUsage(cpu);
  const longestWaitAloneMs = traffic.takeLongestWait();
  const events = traffic.sent * FRAME_EVENTS;
  const rows: CheckpointRow[] = [];
  while (rows.length < checkpoints) {
    const beganMs = performance.now();
    let isDone = false;
    const saving = saveCheckpoint(engine, store, async () => undefined).finally(() => {
      isDone = true;
    });
    await traffic.runUntil(() => isDone);
    const saved = await saving;
    rows.push({
      mib: Math.round(saved.bytes / MIB),
      seconds: round((performance.now() - beganMs) / 1_000),
      shardsWritten: saved.written,
      shardsKept: saved.kept,
      undoMiB: round(saved.undoBytes / MIB),
      longestSliceMs: round(saved.longestSliceMs),
      longestWaitMs: round(traffic.takeLongestWait()),
      residentMiB: Math.round(process.memoryUsage().rss / MIB),
    });
  }
  return {
    eventsPerSecond: FRAMES_PER_SECOND * FRAME_EVENTS,
    trafficEvents: traffic.sent * FRAME_EVENTS,
    trafficCpuNsPerEvent: Math.round(((used.user + used.system) * 1_000) / events),
    longestWaitAloneMs: round(longestWaitAloneMs),
    checkpoints: rows,
  };
}

/** The engine as the newest checkpoint left it. */
export async function restoreNewest(store: CheckpointStore): Promise<Engine> {
  const [newest] = await store.list();
  if (newest === undefined) throw new RangeError('there is no checkpoint');
  return restoreCheckpoint(await store.open(newest.name));
}

class Traffic {
  sent = 0;
  #longestWaitMs = 0;
  readonly #engine: Engine;
  readonly #frames: FrameFile;

  constructor(engine: Engine, frames: FrameFile) {
    this.#engine = engine;
    this.#frames = frames;
  }

  /**
   * At the rate until `isEnough`, which is asked between turns; without frames that are left, nothing is sent. As in the processor's
   * loop, frames that are due go first, for up to `TURN_MS`, and then everything else has its turn.
   */
  async runUntil(isEnough: () => boolean): Promise<void> {
    const firstMs = performance.now();
    const before = this.sent;
    while (!isEnough()) {
      const turnMs = performance.now();
      for (let nowMs = turnMs; nowMs - turnMs <= TURN_MS; nowMs = performance.now()) {
        const dueMs = firstMs + ((this.sent - before) * 1_000) / FRAMES_PER_SECOND;
        if (this.sent === this.#frames.count || nowMs < dueMs) break;
        this.#engine.step(this.#engine.position + 1, this.#frames.read(this.sent));
        this.sent++;
        if (this.sent > SETTLE_FRAMES) this.#longestWaitMs = Math.max(this.#longestWaitMs, performance.now() - dueMs);
      }
      await nextTurn();
    }
  }

  takeLongestWait(): number {
    const longestMs = this.#longestWaitMs;
    this.#longestWaitMs = 0;
    return longestMs;
  }
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
