/**
 * `npm run bench -- hot-keys`: CPU of the window store an event, where keys have many: 25,000 a key in 30 days, five windows
 * of an aggregate read and the event stored. Values are compared with those of a sorted list in the same run.
 */
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../core/clock.ts';
import { Slab } from '../../../processors/engine/memory/slab.ts';
import { planWindows, type WindowPlan } from '../../../processors/engine/windows/window-plan.ts';
import { readWindows } from '../../../processors/engine/windows/window-read.ts';
import { WindowStore } from '../../../processors/engine/windows/window-store.ts';
import type { Requirement, WindowAggregate } from '../../../rules/requirement.ts';

export interface HotKeysRow {
  readonly aggregate: string;
  readonly eventsPerKey: number;
  /** How late every tenth event is at most; 0 where none is. */
  readonly late: string;
  readonly windows: string;
  readonly measuredEvents: number;
  /** CPU of the process, nanoseconds an event, all its windows read and the event stored. */
  readonly cpuNs: number;
}

interface HotKeysReport {
  readonly rows: readonly HotKeysRow[];
}

const LENGTHS = { '1m': MINUTE_MS, '1h': HOUR_MS, '1d': DAY_MS, '7d': 7 * DAY_MS, '30d': 30 * DAY_MS } as const;
/** Of these, the longest holds 3,333 events of a key of 25,000. */
const SHORT_LENGTHS = { '1m': MINUTE_MS, '1h': HOUR_MS, '1d': DAY_MS, '2d': 2 * DAY_MS, '4d': 4 * DAY_MS } as const;
const CASES: readonly { readonly aggregate: WindowAggregate; readonly lengths: Readonly<Record<string, number>> }[] = [
  { aggregate: 'sum', lengths: LENGTHS },
  { aggregate: 'max', lengths: LENGTHS },
  { aggregate: 'stddev', lengths: LENGTHS },
  { aggregate: 'percentile', lengths: LENGTHS },
  { aggregate: 'distinct', lengths: SHORT_LENGTHS },
  { aggregate: 'distinct', lengths: LENGTHS },
];
const KEYS = 20;
const EVENTS_PER_KEY = 25_000;
const SPAN_MS = 30 * DAY_MS;
const STEP_MS = SPAN_MS / (KEYS * EVENTS_PER_KEY);
const LATENESS_MS = 7 * DAY_MS;
const LATE = { '0': 0, '1h': HOUR_MS, '6d': 6 * DAY_MS } as const;
const LATE_EVERY = 10;
const START_MS = 1_780_000_000_000;
const WARM_UP_MS = 500;
const MEASURED_MS = 1_000;
const MEASURED_EVENTS = 200_000;
const ROUND_EVENTS = 200;
const COMPARED_EVENTS = 40;
const NO_MAX = 2 ** 24;
/** Spreads of more events are computed from exact sums. */
const SUMMED_ABOVE = 512;

/** `onRow` is told each row as it is done. */
export function runHotKeysBench(onRow: (row: HotKeysRow) => void): HotKeysReport {
  const rows: HotKeysRow[] = [];
  for (const [late, lateMs] of Object.entries(LATE)) {
    for (const { aggregate, lengths } of CASES) {
      const { events, cpuNs } = measure(aggregate, Object.values(lengths), lateMs);
      const windows = Object.keys(lengths).join(' ');
      const row = { aggregate, eventsPerKey: EVENTS_PER_KEY, late, windows, measuredEvents: events, cpuNs };
      rows.push(row);
      onRow(row);
    }
  }
  return { rows };
}

function measure(aggregate: WindowAggregate, lengthsMs: readonly number[], lateMs: number) {
  const keys = new HotKeys(aggregate, lengthsMs, lateMs);
  for (let i = 0; i < KEYS * EVENTS_PER_KEY; i++) keys.store();
  const warmUntil = performance.now() + WARM_UP_MS;
  while (performance.now() < warmUntil) keys.readAndStore();
  const before = process.cpuUsage();
  const untilMs = performance.now() + MEASURED_MS;
  let events = 0;
  while (events < MEASURED_EVENTS && performance.now() < untilMs) {
    for (let i = 0; i < ROUND_EVENTS; i++) keys.readAndStore();
    events += ROUND_EVENTS;
  }
  const { user, system } = process.cpuUsage(before);
  for (let i = 0; i < COMPARED_EVENTS; i++) keys.compareAndStore();
  return { events, cpuNs: Math.round(((user + system) * 1_000) / events) };
}

interface HotEvent {
  readonly key: number;
  readonly timeMs: number;
  readonly value: number;
}

/** A stream of events of few keys, and the windows over them. */
class HotKeys {
  readonly #aggregate: WindowAggregate;
  readonly #plan: WindowPlan;
  readonly #windows = new WindowStore(new Slab());
  readonly #lateMs: number;
  readonly #values: unknown[] = [];
  /** By key, for the comparison: times and values in the order of the log. */
  readonly #times: number[][] = Array.from({ length: KEYS }, () => []);
  readonly #numbers: number[][] = Array.from({ length: KEYS }, () => []);
  #made = 0;
  #state = 12_345;

  constructor(aggregate: WindowAggregate, lengthsMs: readonly number[], lateMs: number) {
    const of = aggregate === 'distinct' ? '$.instrument.token' : '$.amount';
    const percent = aggregate === 'percentile' ? { p: 95 } : {};
    const requirements = lengthsMs.map((lastMs, index): Requirement => {
      const params = { aggregate, of, over: ['customer'], lastMs, offsetMs: 0, where: {}, ...percent } as const;
      return { index, id: `w${index}`, kind: 'window', params: { ...params, type: 'transaction' } };
    });
    this.#aggregate = aggregate;
    this.#plan = planWindows(requirements, new Set(), () => 1);
    this.#lateMs = lateMs;
  }

  store(): void {
    this.#store(this.#next());
  }

  readAndStore(): void {
    const event = this.#next();
    this.#read(event);
    this.#store(event);
  }

  /** Throws where a window differs from what the events say. */
  compareAndStore(): void {
    const event = this.#next();
    this.#read(event);
    for (const { index, lastMs, exactEventsMax } of this.#plan.groups[0]?.reads ?? []) {
      const inside: number[] = [];
      this.#times[event.key]?.forEach((timeMs, i) => {
        if (timeMs > event.timeMs - lastMs && timeMs <= event.timeMs)
          inside.push(this.#numbers[event.key]?.[i] as number);
      });
      // An estimate, and what is rounded at every step.
      if (this.#aggregate === 'distinct' && inside.length > exactEventsMax) continue;
      if (this.#aggregate === 'stddev' && inside.length <= SUMMED_ABOVE) continue;
      inside.push(event.value);
      const wanted = definitionOf(this.#aggregate, inside);
      if (this.#values[index] !== wanted)
        throw new Error(`${this.#aggregate} of ${inside.length} events is ${this.#values[index]}, not ${wanted}`);
    }
    this.#store(event);
  }

  #next(): HotEvent {
    const i = this.#made++;
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    const mixed = Math.imul(this.#state ^ (this.#state >>> 15), 0x2c1b3c6d) >>> 0;
    const isLate = this.#lateMs > 0 && mixed % LATE_EVERY === 0;
    const timeMs = START_MS + Math.floor(i * STEP_MS) - (isLate ? mixed % this.#lateMs : 0);
    return { key: i % KEYS, timeMs, value: 100 + (this.#state % 20_000) };
  }

  #read({ key, timeMs, value }: HotEvent): void {
    const [group] = this.#plan.groups;
    if (group === undefined) return;
    readWindows(
      this.#windows,
      group,
      this.#windows.cells.find(group.series.id, key + 1, 0, 0),
      0,
      timeMs,
      value,
      this.#values,
    );
  }

  #store({ key, timeMs, value }: HotEvent): void {
    const [series] = this.#plan.series;
    if (series === undefined) return;
    const cell = this.#windows.cells.findOrAdd(series.id, series.columns, key + 1, 0, 0);
    this.#windows.insert(cell, series, timeMs, value, 0, series.reachMs + LATENESS_MS, NO_MAX, 0);
    this.#times[key]?.push(timeMs);
    this.#numbers[key]?.push(value);
  }
}

/** Of at least one whole number; the event at hand is the last. */
function definitionOf(aggregate: WindowAggregate, values: readonly number[]): number | undefined {
  if (aggregate === 'sum') return values.reduce((sum, value) => sum + value, 0);
  if (aggregate === 'max') return values.reduce((best, value) => Math.max(best, value));
  if (aggregate === 'distinct') return new Set(values).size;
  if (aggregate === 'percentile') return [...values].sort((a, b) => a - b)[Math.ceil(0.95 * values.length) - 1];
  const n = BigInt(values.length);
  const sum = values.reduce((all, value) => all + BigInt(value), 0n);
  const squares = values.reduce((all, value) => all + BigInt(value) ** 2n, 0n);
  return Math.sqrt(Number(n * squares - sum * sum) / (values.length * (values.length - 1)));
}
