/**
 * What the live hub starts from: figures per second and per minute by all four dimensions, at exactly one position. The hub
 * adds the OUTCOMES after `outcomeSeq`, so that what a screen shows is what the store will say.
 */
import { MINUTE_MS, SECOND_MS } from '../../core/clock.ts';
import type { KpiDimensions } from '../../core/outcomes/outcome.ts';
import type { Store } from '../open-store.ts';
import { type Row, readNumber, readText } from '../row.ts';
import {
  type KpiMeasures,
  MEASURE_NAMES,
  MEASURE_SUMS,
  RAW_MEASURES,
  RAW_TABLES,
  readMeasures,
} from './kpi-measures.ts';
import { readSettled } from './read-settled.ts';
import type { SinkPosition } from './sink-position.ts';

export interface KpiCell extends KpiDimensions, KpiMeasures {
  /** Start of the second or minute, milliseconds since the epoch. */
  readonly timeMs: number;
}

export interface KpiCells {
  /** Sequence in EVENTS that the cells hold for. */
  readonly position: number;
  /** The same in OUTCOMES: add what comes after it. */
  readonly outcomeSeq: number;
  /** Seconds and minutes from here on, by event time; without upper end, since clocks differ. */
  readonly secondsFromMs: number;
  readonly minutesFromMs: number;
  readonly seconds: readonly KpiCell[];
  readonly minutes: readonly KpiCell[];
}

/** The current second and minute are the last of the `seconds` and `minutes` asked for. */
export async function kpiCellsUpTo(
  store: Store,
  o: { readonly nowMs: number; readonly seconds?: number; readonly minutes?: number },
): Promise<KpiCells> {
  const secondsFromMs = floorTo(o.nowMs, SECOND_MS) - ((o.seconds ?? 120) - 1) * SECOND_MS;
  const minutesFromMs = floorTo(o.nowMs, MINUTE_MS) - ((o.minutes ?? 60) - 1) * MINUTE_MS;
  const read = async (at: SinkPosition, minutesSource: string) => {
    const [seconds, minutes] = await Promise.all([
      readCells(store, rawRows(), SECOND_MS, secondsFromMs, at),
      readCells(store, minutesSource, MINUTE_MS, minutesFromMs, at),
    ]);
    return { seconds, minutes };
  };
  const { value, position } = await readSettled(
    store,
    (at) => read(at, ROLLUP_ROWS),
    (at) => read(at, rawRows()),
  );
  return { position: position.inputSeq, outcomeSeq: position.outcomeSeq, secondsFromMs, minutesFromMs, ...value };
}

const DIMENSIONS = 'business_line, channel, region, currency';
const FROM_TIME = "fromUnixTimestamp64Milli({from:Int64}, 'UTC')";
const ROLLUP_ROWS = `SELECT toUnixTimestamp64Milli(bucket) AS t, ${DIMENSIONS}, ${MEASURE_NAMES.join(', ')}
FROM kpi_minute WHERE bucket >= ${FROM_TIME}`;

function rawRows(): string {
  return RAW_TABLES.map((table) => {
    const region = table === 'transactions' ? 'merchant_city AS region' : 'region';
    return `SELECT toUnixTimestamp64Milli(time) AS t, business_line, channel, ${region}, currency, ${RAW_MEASURES[table]}
FROM ${table} WHERE time >= ${FROM_TIME} AND outcome_seq <= {upTo:UInt64}`;
  }).join('\nUNION ALL ');
}

async function readCells(
  store: Store,
  source: string,
  widthMs: number,
  fromMs: number,
  at: SinkPosition,
): Promise<KpiCell[]> {
  const rows = await store.query(
    'kpi-cells',
    `SELECT t - positiveModulo(t, ${widthMs}) AS time_ms, ${DIMENSIONS}, ${MEASURE_SUMS}
FROM (${source}) GROUP BY time_ms, ${DIMENSIONS} ORDER BY time_ms, ${DIMENSIONS}`,
    { from: fromMs, upTo: at.outcomeSeq },
  );
  return rows.map(readCell);
}

function readCell(row: Row): KpiCell {
  return {
    timeMs: readNumber(row, 'time_ms'),
    businessLine: readText(row, 'business_line'),
    channel: readText(row, 'channel'),
    region: readText(row, 'region'),
    currency: readText(row, 'currency'),
    ...readMeasures(row),
  };
}

function floorTo(timeMs: number, widthMs: number): number {
  return Math.floor(timeMs / widthMs) * widthMs;
}
