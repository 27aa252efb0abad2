/**
 * `npm run bench -- scaling`: CPU of the engine per event, frame in to outcome out, as customers, window lengths and the
 * number of windows grow. Each row is a fresh engine on the same kind of stream; its ratio is to the first row of the run.
 */
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../../core/clock.ts';
import { ByteWriter } from '../../../core/codec/byte-writer.ts';
import { DEFAULT_ENGINE_SETTINGS, encodeEntry } from '../../../core/codec/entry.ts';
import { encodeFrame } from '../../../core/codec/frame.ts';
import type { EventOf } from '../../../core/events/event.ts';
import { createEngine } from '../../../processors/engine/engine.ts';

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

const FRAME_EVENTS = 100;
const CHUNK_FRAMES = 200;
const MEASURED_EVENTS = 200_000;
/** Events of a customer before measuring, so that keys and windows are there. */
const EVENTS_PER_CUSTOMER = 2;
const WARM_UP_EVENTS_MIN = 60_000;
const START_MS = 1_780_000_000_000;
const KEYS = ['customer', 'card', 'device', 'merchant'] as const;
const AGGREGATES = ['count', 'sum'] as const;
/** Window lengths are shares of the longest. */
const SHARES = [1, 1 / 2, 1 / 4, 1 / 12, 1 / 30] as const;
const MERCHANTS_SHARE = 20;
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
  const stream = createStream(shape);
  let seq = 0;
  engine.step(++seq, stream.rules());
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

interface Stream {
  rules(): Uint8Array;
  frame(): Uint8Array;
}

/** Event time runs so that the longest window holds about ten events of a customer, whatever its length. */
function createStream({ customers, windows, longestMs }: Shape): Stream {
  const writer = new ByteWriter();
  const frameWriter = new ByteWriter();
  const stepMs = longestMs / (customers * 10);
  let made = 0;
  const encode = (entry: Parameters<typeof encodeEntry>[1]): Uint8Array => {
    writer.reset();
    encodeEntry(writer, entry);
    return writer.take();
  };
  const event = (): EventOf<'transaction'> => {
    const mixed = Math.imul(made ^ (made >>> 15), 0x2c1b3c6d) >>> 0;
    const customer = mixed % customers;
    const timeMs = START_MS + Math.floor(made * stepMs);
    const id = `e-${made++}`;
    return {
      type: 'transaction',
      id,
      source: 'bench',
      subject: `c-${customer}`,
      timeMs,
      offsetMinutes: 0,
      receivedMs: timeMs,
      data: {
        amount: 100 + (mixed % 20_000),
        currency: 'CNY',
        kind: 'purchase',
        status: 'approved',
        channel: 'pos',
        merchant: { id: `m-${customer % Math.ceil(customers / MERCHANTS_SHARE)}`, city: 'Linjiang' },
        instrument: { token: `k-${customer}` },
        device: { id: `d-${customer}` },
      },
    };
  };
  return {
    rules: () => {
      const ruleset = { kind: 'ruleset', version: 1, author: 'bench', comment: '' } as const;
      const documents = rulesFor(windows, longestMs);
      return encodeFrame(frameWriter, [encode({ ...ruleset, settings: DEFAULT_ENGINE_SETTINGS, documents })]);
    },
    frame: () =>
      encodeFrame(
        frameWriter,
        Array.from({ length: FRAME_EVENTS }, () => encode({ kind: 'event', event: event() })),
      ),
  };
}

/** A rule a window; none of them fires, so that what is measured is reading and keeping windows. */
function rulesFor(windows: number, longestMs: number): object[] {
  return Array.from({ length: windows }, (_, i) => {
    const over = KEYS[i % KEYS.length];
    const aggregate = AGGREGATES[Math.floor(i / KEYS.length) % AGGREGATES.length];
    const share = SHARES[Math.floor(i / (KEYS.length * AGGREGATES.length)) % SHARES.length] ?? 1;
    // Beyond forty windows the lengths begin anew, each a little shorter than its like.
    const round = Math.floor(i / (KEYS.length * AGGREGATES.length * SHARES.length));
    const seconds = Math.max(1, Math.floor((longestMs * share) / SECOND_MS) - round);
    return {
      id: `w${i}`,
      version: 1,
      name: `w${i}`,
      on: ['transaction'],
      conditions: {
        all: [
          {
            fact: 'window',
            params: { aggregate, over, last: `${seconds}s`, ...(aggregate === 'sum' ? { of: '$.amount' } : {}) },
            operator: 'lessThan',
            value: 0,
          },
        ],
      },
      event: { type: 'fraud', params: { action: 'score', score: 1, code: `w${i}`, message: 'never' } },
    };
  });
}
