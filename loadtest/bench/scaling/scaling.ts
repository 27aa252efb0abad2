/**
 * `npm run bench -- scaling`: CPU of the engine per event, frame in to outcome out, as customers, window lengths and the
 * number of windows grow. Each row is a fresh engine on the same kind of stream; its ratio is to the first row of the run.
 */
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../../core/clock.ts';
import { DEFAULT_ENGINE_SETTINGS } from '../../../core/codec/entry.ts';
import { createEngine } from '../../../processors/engine/engine.ts';
import { type BenchWindow, createBenchStream, FRAME_EVENTS } from './bench-stream.ts';

interface Shape {
  readonly customers: number;
  readonly windows: number;
  readonly longestMs: number;
}

export interface ScalingRow {
  readonly varied: 'customers' | 'length' | 'windows';
  readonly customers: number;
  readonly windows: number;
  readonly longest: string;
  readonly events: number;
  /** CPU time of the process, nanoseconds an event. */
  readonly cpuNs: number;
  readonly ratio: number;
  readonly stateMiB: number;
}

export interface ScalingReport {
  readonly rows: readonly ScalingRow[];
}

const CHUNK_FRAMES = 200;
const MEASURED_EVENTS = 200_000;
/** Events of a customer before measuring, so that keys and windows are there. */
const EVENTS_PER_CUSTOMER = 2;
const WARM_UP_EVENTS_MIN = 60_000;
const KEYS = ['customer', 'card', 'device', 'merchant'] as const;
const AGGREGATES = ['count', 'sum'] as const;
/** Window lengths are shares of the longest. */
const SHARES = [1, 1 / 2, 1 / 4, 1 / 12, 1 / 30] as const;
const MIB = 1_048_576;

const CUSTOMERS = [1_000, 10_000, 100_000, 1_000_000] as const;
const LENGTHS = [
  ['1m', MINUTE_MS],
  ['1h', HOUR_MS],
  ['1d', DAY_MS],
  ['7d', 7 * DAY_MS],
  ['30d', 30 * DAY_MS],
] as const;
const WINDOWS = [1, 5, 20, 50, 100] as const;
const USUAL = { customers: 10_000, windows: 20, longestMs: DAY_MS } as const;

/** `scale` shrinks customers and events, for a quick look; `onRow` is told each row as it is done. */
export function runScalingBench(scale = 1, onRow: (row: ScalingRow) => void = () => undefined): ScalingReport {
  const rows: ScalingRow[] = [];
  let base: number | undefined;
  const add = (varied: ScalingRow['varied'], shape: Shape): void => {
    const customers = Math.max(100, Math.floor(shape.customers * scale));
    const { cpuNs, events, bytes } = measure({ ...shape, customers }, Math.floor(MEASURED_EVENTS * scale));
    base ??= cpuNs;
    const row = {
      varied,
      customers,
      windows: shape.windows,
      longest: LENGTHS.find(([, ms]) => ms === shape.longestMs)?.[0] ?? '',
      events,
      cpuNs: Math.round(cpuNs),
      ratio: Math.round((cpuNs / base) * 100) / 100,
      stateMiB: Math.round(bytes / MIB),
    };
    rows.push(row);
    onRow(row);
  };
  // The compiler learns the engine on a row that is thrown away.
  measure({ ...USUAL, customers: 1_000 }, Math.floor(MEASURED_EVENTS * scale));
  for (const customers of CUSTOMERS) add('customers', { ...USUAL, customers });
  for (const [, longestMs] of LENGTHS) add('length', { ...USUAL, longestMs });
  for (const windows of WINDOWS) add('windows', { ...USUAL, windows });
  return { rows };
}

function measure(shape: Shape, measuredEvents: number): { cpuNs: number; events: number; bytes: number } {
  const engine = createEngine();
  // The longest window holds about ten events of a customer, whatever its length.
  const stream = createBenchStream({ customers: shape.customers, spanMs: shape.longestMs, eventsPerCustomer: 10 });
  let seq = 0;
  engine.step(++seq, stream.rules(windowsOf(shape), DEFAULT_ENGINE_SETTINGS));
  const run = (events: number): number => {
    let cpuUs = 0;
    for (let left = events; left > 0; left -= FRAME_EVENTS * CHUNK_FRAMES) {
      const frames = Array.from({ length: Math.ceil(Math.min(left / FRAME_EVENTS, CHUNK_FRAMES)) }, () =>
        stream.frame(),
      );
      const before = process.cpuUsage();
      for (const frame of frames) engine.step(++seq, frame);
      const { user, system } = process.cpuUsage(before);
      cpuUs += user + system;
    }
    return cpuUs;
  };
  run(Math.max(Math.min(WARM_UP_EVENTS_MIN, measuredEvents), shape.customers * EVENTS_PER_CUSTOMER));
  const cpuUs = run(measuredEvents);
  const stats = engine.stats();
  if (stats.poison > 0) throw new Error(`${stats.poison} entries of the stream are poison`);
  const bytes = Object.values(stats.bytes).reduce((sum, value) => sum + value, 0);
  return { cpuNs: (cpuUs * 1_000) / measuredEvents, events: measuredEvents, bytes };
}

/** The four kinds of key in turn, then the aggregates, then shorter and shorter lengths. */
function windowsOf({ windows, longestMs }: Shape): BenchWindow[] {
  return Array.from({ length: windows }, (_, i) => {
    const over = KEYS[i % KEYS.length] ?? 'customer';
    const aggregate = AGGREGATES[Math.floor(i / KEYS.length) % AGGREGATES.length] ?? 'count';
    const share = SHARES[Math.floor(i / (KEYS.length * AGGREGATES.length)) % SHARES.length] ?? 1;
    // Beyond forty windows the lengths begin anew, each a little shorter than its like.
    const round = Math.floor(i / (KEYS.length * AGGREGATES.length * SHARES.length));
    return { over, aggregate, seconds: Math.max(1, Math.floor((longestMs * share) / SECOND_MS) - round) };
  });
}
