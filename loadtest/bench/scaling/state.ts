/**
 * `npm run bench -- state`: what a large state costs. Fills an engine with customers and a month of their events, then goes
 * on with traffic while checkpoints are copied in slices as the processor copies them: memory, time of a checkpoint, the
 * longest time that no frame was answered, collector pauses, and the start from the checkpoint.
 */
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PerformanceObserver } from 'node:perf_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { DAY_MS } from '../../../core/clock.ts';
import { DEFAULT_ENGINE_SETTINGS } from '../../../core/codec/entry.ts';
import { createEngine, type Engine, restoreEngine } from '../../../processors/engine/engine.ts';
import type { MemoryPart } from '../../../processors/engine/memory/memory-report.ts';
import { createSnapshotRoom } from '../../../processors/snapshot-room.ts';
import { type BenchWindow, createBenchStream, FRAME_EVENTS } from './bench-stream.ts';

export interface StateReport {
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
  readonly checkpointMiB: number;
  /** From its beginning to its bytes, and to its file, with traffic between the slices. */
  readonly checkpointSeconds: number;
  readonly writtenSeconds: number;
  /** Wall time between two answered frames, the longest: with a checkpoint under way, and without. */
  readonly longestStallMs: number;
  readonly longestStepGapMs: number;
  /** The longest single slice of a checkpoint. */
  readonly longestSliceMs: number;
  readonly gcPauses: number;
  readonly gcPausesOver20Ms: number;
  readonly longestGcPauseMs: number;
  /** From the file to an engine that has answered a frame. */
  readonly restoreSeconds: number;
  readonly trafficEvents: number;
  readonly trafficCpuNsPerEvent: number;
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
/** As the processor's checkpointer. */
const READ_BYTES = 64 * 1_048_576;
const SLICE_PAGES = 64;
const TRAFFIC_FRAMES = 4_000;
const MIB = 1_048_576;
const PAUSE_MAX_MS = 20;
/** The first frames after the fill, on which the collector still works off the fill's own garbage. */
const SETTLE_FRAMES = 300;

/** `onLine` is told how far it is. */
export async function runStateBench(customers: number, onLine: (line: string) => void): Promise<StateReport> {
  const settings = { ...DEFAULT_ENGINE_SETTINGS, historyMs: SPAN_MS };
  const stream = createBenchStream({ customers, spanMs: SPAN_MS, eventsPerCustomer: EVENTS_PER_CUSTOMER });
  const engine = createEngine();
  engine.step(1, stream.rules(WINDOWS, settings));
  const fillMs = performance.now();
  const events = customers * EVENTS_PER_CUSTOMER;
  for (let made = 0; made < events; made += FRAME_EVENTS) {
    engine.step(engine.position + 1, stream.frame());
    if (made % (events / 10) < FRAME_EVENTS) onLine(`${Math.round((made / events) * 100)} % filled`);
  }
  const fillSeconds = (performance.now() - fillMs) / 1_000;
  // Encoding is the benchmark's own work: all frames of the traffic are there before it begins.
  const frames = Array.from({ length: TRAFFIC_FRAMES }, () => stream.frame());
  const folder = await mkdtemp(join(tmpdir(), 'weir-state-'));
  try {
    const gc = watchCollector();
    const traffic = await runTraffic(engine, frames, join(folder, 'checkpoint'));
    const pauses = await gc.stop();
    const stats = engine.stats();
    if (stats.poison > 0) throw new Error(`${stats.poison} entries are poison`);
    const memory = process.memoryUsage();
    const memoryRows = engine.memory().map((part) => memoryRow(part, customers));
    const stateBytes = Object.values(stats.bytes).reduce((sum, value) => sum + value, 0);
    onLine('restoring');
    const restoreMs = performance.now();
    const restored = restoreEngine(await readWhole(join(folder, 'checkpoint')));
    const at = restored.position - traffic.firstPosition;
    restored.step(restored.position + 1, frames[at] ?? stream.frame());
    const restoreSeconds = (performance.now() - restoreMs) / 1_000;
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
      ...traffic.report,
      ...pauses,
      restoreSeconds: round(restoreSeconds),
      memory: memoryRows,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** `readFile` ends at 2 GiB. */
async function readWhole(file: string): Promise<Uint8Array> {
  const handle = await open(file);
  try {
    const bytes = new Uint8Array((await handle.stat()).size);
    for (let at = 0; at < bytes.length; ) {
      const { bytesRead } = await handle.read(bytes, at, Math.min(READ_BYTES, bytes.length - at), at);
      if (bytesRead === 0) throw new RangeError(`the file ended at ${at}`);
      at += bytesRead;
    }
    return bytes;
  } finally {
    await handle.close();
  }
}

/** Half of the frames alone, then the rest with a checkpoint in slices between them. */
async function runTraffic(engine: Engine, frames: readonly Uint8Array[], file: string) {
  const firstPosition = engine.position;
  const cpu = process.cpuUsage();
  let at = 0;
  const step = (): void => {
    const frame = frames[at % frames.length];
    if (frame === undefined) throw new RangeError('there are no frames');
    engine.step(engine.position + 1, frame);
    at++;
  };
  let lastMs = performance.now();
  let longestStepGapMs = 0;
  for (let i = 0; i < frames.length / 2; i++) {
    step();
    await nextTurn();
    const nowMs = performance.now();
    if (i > SETTLE_FRAMES) longestStepGapMs = Math.max(longestStepGapMs, nowMs - lastMs);
    lastMs = nowMs;
  }
  const used = process.cpuUsage(cpu);
  const cpuNs = ((used.user + used.system) * 1_000) / (at * FRAME_EVENTS);

  const startedMs = performance.now();
  const room = await createSnapshotRoom().reserve(engine.snapshotBytes);
  lastMs = performance.now();
  let longestStallMs = 0;
  let longestSliceMs = 0;
  const snapshot = engine.beginSnapshot(room);
  for (let isMore = true; isMore; ) {
    const sliceMs = performance.now();
    isMore = snapshot.copy(SLICE_PAGES);
    longestSliceMs = Math.max(longestSliceMs, performance.now() - sliceMs);
    if (at < frames.length) step();
    const nowMs = performance.now();
    longestStallMs = Math.max(longestStallMs, nowMs - lastMs);
    lastMs = nowMs;
    await nextTurn();
  }
  const bytes = snapshot.take();
  longestStallMs = Math.max(longestStallMs, performance.now() - lastMs);
  const checkpointSeconds = (performance.now() - startedMs) / 1_000;
  const handle = await open(file, 'w');
  try {
    for (let from = 0; from < bytes.length; from += MIB) await handle.write(bytes.subarray(from, from + MIB));
  } finally {
    await handle.close();
  }
  return {
    firstPosition,
    report: {
      checkpointMiB: Math.round(bytes.length / MIB),
      checkpointSeconds: round(checkpointSeconds),
      writtenSeconds: round((performance.now() - startedMs) / 1_000),
      longestStallMs: round(longestStallMs),
      longestStepGapMs: round(longestStepGapMs),
      longestSliceMs: round(longestSliceMs),
      trafficEvents: at * FRAME_EVENTS,
      trafficCpuNsPerEvent: Math.round(cpuNs),
    },
  };
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
