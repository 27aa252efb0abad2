/** Sinks for tests: over frames in memory, to the end, with limits small enough to make many batches. */
import { Registry } from 'prom-client';
import type { Store } from '../../../storage/open-store.ts';
import { digestOutcomes } from '../../../storage/queries/store-totals.ts';
import { type RunningSink, runSink, type SinkOptions } from '../../../storage/sink/run-sink.ts';
import { transactionNumber } from '../events/transactions.ts';
import { memoryLog, offerFor, outcomeFrame, outcomesOf } from './outcome-frames.ts';
import { silentLog, startTestStore } from './store.ts';

export const testClock = { nowMs: () => 1_790_000_000_000 };

export interface TestSinkOptions {
  readonly rowsMax?: number;
  readonly lingerMs?: number;
  readonly standbyMs?: number;
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
    limits: { rowsMax: o.rowsMax ?? 1_000, lingerMs: o.lingerMs ?? 20, standbyMs: o.standbyMs ?? 100 },
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

/** Frames of ten transactions with their decisions and alerts; every seventh answer comes in two parts. */
export function makeFrames(count: number): Uint8Array[] {
  const frames: Uint8Array[] = [];
  for (let n = 0; frames.length < count; n++) {
    const events = Array.from({ length: 10 }, (_, i) => transactionNumber(n * 10 + i));
    const outcomes = [...outcomesOf(events), offerFor(events[0] ?? transactionNumber(0), 0)];
    if (n % 7 !== 6) frames.push(outcomeFrame(n + 1, outcomes));
    else {
      frames.push(outcomeFrame(n + 1, outcomes.slice(0, 9), { final: false }));
      frames.push(outcomeFrame(n + 1, outcomes.slice(9), { part: 1 }));
    }
  }
  return frames;
}

/** What a sink that nothing happens to leaves in a store of its own. */
export async function undisturbed(frames: readonly Uint8Array[], rowsMax: number) {
  const reference = await startTestStore();
  await startSink(reference.store, frames, { rowsMax }).done;
  const result = { sums: await readSums(reference.store), digest: await digestOutcomes(reference.store) };
  await reference.close();
  return result;
}
