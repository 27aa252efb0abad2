/**
 * `npm run bench -- windows`: the engine's window store against the obvious way, a list of events per key that is
 * scanned again for each window, on the same stream; every value of the two is compared.
 */
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../core/clock.ts';
import { Slab } from '../../processors/engine/memory/slab.ts';
import { planWindows } from '../../processors/engine/windows/window-plan.ts';
import { readWindows } from '../../processors/engine/windows/window-read.ts';
import { WindowStore } from '../../processors/engine/windows/window-store.ts';
import type { Requirement, WindowAggregate } from '../../rules/requirement.ts';

interface WindowsBenchRow {
  readonly aggregates: string;
  readonly keys: number;
  readonly eventsPerKey: number;
  readonly windows: number;
  /** Nanoseconds an event, all its windows read and the event stored. */
  readonly weirNs: number;
  readonly rescanNs: number;
  readonly ratio: number;
}

export interface WindowsBenchReport {
  readonly rows: readonly WindowsBenchRow[];
}

const LENGTHS_MS = [MINUTE_MS, HOUR_MS, DAY_MS, 7 * DAY_MS, 30 * DAY_MS] as const;
/** Measured apart: a sum is a subtraction of prefixes, a maximum has to look at the events. */
const AGGREGATE_SETS: readonly (readonly WindowAggregate[])[] = [['count', 'sum', 'avg'], ['max']];
const REACH_MS = 30 * DAY_MS;
const EVENTS_PER_KEY_MAX = 32_768;
const SHAPES = [
  { keys: 100_000, events: 1_000_000 },
  { keys: 10_000, events: 1_000_000 },
  { keys: 100, events: 200_000 },
] as const;

interface Stream {
  readonly key: Uint32Array;
  readonly timeMs: Float64Array;
  readonly amount: Float64Array;
}

/** `scale` shrinks the streams, for a quick look. */
export function runWindowsBench(scale = 1): WindowsBenchReport {
  const cases = SHAPES.flatMap((shape) => AGGREGATE_SETS.map((aggregates) => ({ ...shape, aggregates })));
  const rows = cases.map(({ keys, events, aggregates }) => {
    const stream = makeStream(keys, Math.max(1_000, Math.floor(events * scale)));
    const weir = runStore(stream, aggregates);
    const rescan = runRescan(stream, keys, aggregates);
    for (let i = 0; i < weir.values.length; i++) {
      if (weir.values[i] !== rescan.values[i]) {
        throw new Error(`value ${i}: the store says ${weir.values[i]}, the scan ${rescan.values[i]}`);
      }
    }
    return {
      aggregates: aggregates.join(' '),
      keys,
      eventsPerKey: Math.round(stream.key.length / keys),
      windows: LENGTHS_MS.length * aggregates.length,
      weirNs: Math.round(weir.ns),
      rescanNs: Math.round(rescan.ns),
      ratio: Math.round((rescan.ns / weir.ns) * 10) / 10,
    };
  });
  return { rows };
}

/** Two months of event time, whatever the number of events, so that every window fills and empties. */
function makeStream(keys: number, events: number): Stream {
  const stepMs = (60 * DAY_MS) / events;
  const stream = { key: new Uint32Array(events), timeMs: new Float64Array(events), amount: new Float64Array(events) };
  let state = 12_345;
  for (let i = 0; i < events; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    stream.key[i] = 1 + ((Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) >>> 0) % keys);
    stream.timeMs[i] = 1_780_000_000_000 + Math.floor(i * stepMs);
    stream.amount[i] = 100 + (state % 20_000);
  }
  return stream;
}

/** Values of every hundredth event are kept for the comparison. */
const COMPARED_EVERY = 97;

function runStore(stream: Stream, aggregates: readonly WindowAggregate[]): { ns: number; values: unknown[] } {
  const requirements: Requirement[] = [];
  for (const aggregate of aggregates) {
    for (const lastMs of LENGTHS_MS) {
      const index = requirements.length;
      requirements.push({
        index,
        id: `w${index}`,
        kind: 'window',
        params: { aggregate, of: '$.amount', over: ['customer'], lastMs, offsetMs: 0, type: 'transaction', where: {} },
      });
    }
  }
  let nextSeries = 1;
  const plan = planWindows(requirements, new Set(), () => nextSeries++);
  const store = new WindowStore(new Slab());
  const values: unknown[] = new Array(requirements.length).fill(undefined);
  const kept: unknown[] = [];
  const start = performance.now();
  for (let i = 0; i < stream.key.length; i++) {
    const key = stream.key[i] as number;
    const timeMs = stream.timeMs[i] as number;
    const amount = stream.amount[i] as number;
    for (const group of plan.groups) {
      readWindows(store, group, store.cells.find(group.series.id, key, 0, 0), 0, timeMs, amount, values);
    }
    for (const series of plan.series) {
      const cell = store.cells.findOrAdd(series.id, series.columns, key, 0, 0);
      store.insert(cell, series, timeMs, amount, 0, REACH_MS, EVENTS_PER_KEY_MAX, 0);
    }
    if (i % COMPARED_EVERY === 0) kept.push(...values);
  }
  return { ns: ((performance.now() - start) * 1e6) / stream.key.length, values: kept };
}

interface Held {
  readonly timeMs: number;
  readonly amount: number;
}

function runRescan(
  stream: Stream,
  keys: number,
  aggregates: readonly WindowAggregate[],
): { ns: number; values: unknown[] } {
  const lists: Held[][] = Array.from({ length: keys + 1 }, () => []);
  const values: unknown[] = new Array(aggregates.length * LENGTHS_MS.length).fill(undefined);
  const kept: unknown[] = [];
  const start = performance.now();
  for (let i = 0; i < stream.key.length; i++) {
    const timeMs = stream.timeMs[i] as number;
    const list = lists[stream.key[i] as number] as Held[];
    list.push({ timeMs, amount: stream.amount[i] as number });
    while (list[0] !== undefined && list[0].timeMs <= timeMs - REACH_MS) list.shift();
    let at = 0;
    for (const aggregate of aggregates) {
      for (const lastMs of LENGTHS_MS) values[at++] = scan(list, timeMs - lastMs, aggregate);
    }
    if (i % COMPARED_EVERY === 0) kept.push(...values);
  }
  return { ns: ((performance.now() - start) * 1e6) / stream.key.length, values: kept };
}

function scan(list: readonly Held[], afterMs: number, aggregate: WindowAggregate): number {
  let count = 0;
  let sum = 0;
  let max = Number.NEGATIVE_INFINITY;
  for (let i = list.length - 1; i >= 0; i--) {
    const held = list[i] as Held;
    if (held.timeMs <= afterMs) break;
    count++;
    sum += held.amount;
    if (held.amount > max) max = held.amount;
  }
  if (aggregate === 'count') return count;
  if (aggregate === 'sum') return sum;
  return aggregate === 'avg' ? sum / count : max;
}
