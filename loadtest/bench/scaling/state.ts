/**
 * `npm run bench -- state`: what a large state costs. Fills an engine with customers and a month of their events, then goes
 * on with traffic while checkpoints are saved as the processor saves them: memory, time of a checkpoint, the longest that a
 * frame waited, collector pauses, and the start from the checkpoint.
 */
import { join } from 'node:path';
import { PerformanceObserver } from 'node:perf_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { DAY_MS } from '../../../core/clock.ts';
import { DEFAULT_ENGINE_SETTINGS } from '../../../core/codec/entry.ts';
import { createEngine, type Engine } from '../../../processors/engine/engine.ts';
import type { MemoryPart } from '../../../processors/engine/memory/memory-report.ts';
import { warmSnapshot } from '../../../processors/engine/snapshots/warm-snapshot.ts';
import { type BenchWindow, createBenchStream, FRAME_EVENTS } from './bench-stream.ts';
import { writeFrames } from './frame-file.ts';
import { restoreNewest, runTraffic, startStores, type TrafficReport } from './state-traffic.ts';

export interface StateReport extends TrafficReport {
  readonly customers: number;
  readonly windows: number;
  readonly events: number;
  readonly windowKeys: number;
  readonly fillSeconds: number;
  /** Of the process, the state and everything else. */
  readonly residentMiB: number;
  readonly heapMiB: number;
  readonly stateMiB: number;
  readonly stateBytesPerCustomer: number;
  readonly gcPauses: number;
  readonly gcPausesOver20Ms: number;
  readonly longestGcPauseMs: number;
  /** To an engine that has answered a frame, from the copy on local disk */
  readonly restoreFromCopySeconds: number;
  /** and from nats-server. */
  readonly restoreFromStoreSeconds: number;
  readonly memory: readonly MemoryRow[];
}

/** A part of the state after the traffic. */
export interface MemoryRow {
  readonly part: string;
  readonly count: number;
  readonly mib: number;
  readonly bytesPerCustomer: number;
  /** Share that holds something. */
  readonly usedPercent: number;
}

const KEYS = ['customer', 'card', 'device', 'merchant'] as const;
const LENGTHS_SECONDS = [60, 3_600, 86_400, 7 * 86_400, 30 * 86_400] as const;
const WINDOWS: readonly BenchWindow[] = KEYS.flatMap((over, k) =>
  LENGTHS_SECONDS.map((seconds, l) => ({ over, seconds, aggregate: (k + l) % 2 === 0 ? 'sum' : 'count' }) as const),
);
const EVENTS_PER_CUSTOMER = 14;
const SPAN_MS = 30 * DAY_MS;
/** Enough for both checkpoints on a slow machine. */
const TRAFFIC_FRAMES = 12_000;
const MIB = 1_048_576;
const PAUSE_MAX_MS = 20;
/** The second one writes what changed since the first. */
const CHECKPOINTS = 2;

/** `onLine` is told how far it is. */
export async function runStateBench(customers: number, onLine: (line: string) => void): Promise<StateReport> {
  const settings = { ...DEFAULT_ENGINE_SETTINGS, historyMs: SPAN_MS };
  const stream = createBenchStream({ customers, spanMs: SPAN_MS, eventsPerCustomer: EVENTS_PER_CUSTOMER });
  warmSnapshot();
  const engine = createEngine();
  engine.step(1, stream.rules(WINDOWS, settings));
  const fillMs = performance.now();
  const events = customers * EVENTS_PER_CUSTOMER;
  for (let made = 0; made < events; made += FRAME_EVENTS) {
    engine.step(engine.position + 1, stream.frame());
    if (made % (events / 10) < FRAME_EVENTS) onLine(`${Math.round((made / events) * 100)} % filled`);
  }
  const fillSeconds = (performance.now() - fillMs) / 1_000;
  const firstPosition = engine.position;
  const { dataDir, store, copied, close } = await startStores();
  // Encoding is the benchmark's own work: all frames of the traffic are there before it begins.
  const frames = writeFrames(join(dataDir, 'frames'), TRAFFIC_FRAMES, () => stream.frame());
  try {
    const gc = watchCollector();
    const traffic = await runTraffic(engine, frames, copied, CHECKPOINTS);
    const pauses = await gc.stop();
    const stats = engine.stats();
    if (stats.poison > 0) throw new Error(`${stats.poison} entries are poison`);
    const memory = process.memoryUsage();
    const memoryRows = engine.memory().map((part) => memoryRow(part, customers));
    const stateBytes = Object.values(stats.bytes).reduce((sum, value) => sum + value, 0);
    const answerOne = (restored: Engine): void => {
      const { position } = restored;
      const sent = position - firstPosition;
      restored.step(position + 1, sent < frames.count ? frames.read(sent) : stream.frame());
    };
    onLine('restoring from the copy');
    const restoreFromCopySeconds = await secondsOf(async () => answerOne(await restoreNewest(copied)));
    onLine('restoring from the store');
    const restoreFromStoreSeconds = await secondsOf(async () => answerOne(await restoreNewest(store)));
    return {
      customers,
      windows: WINDOWS.length,
      events,
      windowKeys: stats.windowKeys,
      fillSeconds: round(fillSeconds),
      residentMiB: Math.round(memory.rss / MIB),
      heapMiB: Math.round(memory.heapUsed / MIB),
      stateMiB: Math.round(stateBytes / MIB),
      stateBytesPerCustomer: Math.round(stateBytes / customers),
      ...traffic,
      ...pauses,
      restoreFromCopySeconds,
      restoreFromStoreSeconds,
      memory: memoryRows,
    };
  } finally {
    frames.close();
    await close();
  }
}

async function secondsOf(work: () => Promise<void>): Promise<number> {
  const beganMs = performance.now();
  await work();
  return round((performance.now() - beganMs) / 1_000);
}

function watchCollector() {
  const pausesMs: number[] = [];
  const observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) pausesMs.push(duration);
  });
  observer.observe({ entryTypes: ['gc'] });
  return {
    async stop() {
      await nextTurn();
      for (const { duration } of observer.takeRecords()) pausesMs.push(duration);
      observer.disconnect();
      return {
        gcPauses: pausesMs.length,
        gcPausesOver20Ms: pausesMs.filter((ms) => ms > PAUSE_MAX_MS).length,
        longestGcPauseMs: round(Math.max(0, ...pausesMs)),
      };
    },
  };
}

function memoryRow({ part, count, bytes, usedBytes }: MemoryPart, customers: number): MemoryRow {
  return {
    part,
    count,
    mib: round(bytes / MIB),
    bytesPerCustomer: Math.round(bytes / customers),
    usedPercent: bytes === 0 ? 100 : Math.round((usedBytes / bytes) * 100),
  };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
