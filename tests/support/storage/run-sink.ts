/** Sinks for tests: over frames in memory, to the end, with limits small enough to make many batches. */
import { Registry } from 'prom-client';
import type { Store } from '../../../storage/open-store.ts';
import { type RunningSink, runSink, type SinkOptions } from '../../../storage/sink/run-sink.ts';
import { memoryLog } from './outcome-frames.ts';
import { silentLog } from './store.ts';

export const testClock = { nowMs: () => 1_790_000_000_000 };

export interface TestSinkOptions {
  readonly rowsMax?: number;
  readonly lingerMs?: number;
  readonly end?: boolean;
  readonly metrics?: Registry;
  readonly onProgress?: NonNullable<SinkOptions['onProgress']>;
  readonly outcomes?: SinkOptions['outcomes'];
}

export function startSink(
  store: SinkOptions['store'],
  frames: readonly Uint8Array[],
  o: TestSinkOptions = {},
): RunningSink {
  return runSink({
    store,
    outcomes: o.outcomes ?? memoryLog(frames, { end: o.end ?? true }),
    limits: { rowsMax: o.rowsMax ?? 1_000, lingerMs: o.lingerMs ?? 20 },
    clock: testClock,
    log: silentLog,
    metrics: o.metrics ?? new Registry(),
    ...(o.onProgress === undefined ? {} : { onProgress: o.onProgress }),
  });
}

/** Rollups and rows, summed: equal numbers in equal fields, or something was lost or doubled. */
export async function readSums(store: Store): Promise<Record<string, unknown>> {
  const raw = await store.query(
    'sums-raw',
    `SELECT count() AS transactions, sum(toInt128(amount)) AS volume, uniqExact(event_id, source) AS distinct_events,
 (SELECT count() FROM decisions) AS decisions, (SELECT count() FROM alerts) AS alerts, (SELECT count() FROM offers) AS offers
FROM transactions`,
  );
  const rollups: Record<string, unknown> = {};
  for (const table of ['kpi_minute', 'kpi_hour', 'kpi_day']) {
    const rows = await store.query(
      'sums-rollup',
      `SELECT sum(t.transactions) AS transactions, sum(t.volume) AS volume, sum(t.alerts) AS alerts, sum(t.offers) AS offers FROM ${table} AS t`,
    );
    rollups[table] = rows[0];
  }
  return { raw: raw[0], rollups };
}
