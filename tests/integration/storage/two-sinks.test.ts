/** Several sinks at once over one log and one ClickHouse: whatever falls between whose steps, each row comes in once. */
import { randomUUID } from 'node:crypto';
import { Registry } from 'prom-client';
import { afterEach, describe, expect, test } from 'vitest';
import type { Store } from '../../../storage/open-store.ts';
import { sinkPosition } from '../../../storage/queries/sink-position.ts';
import { storeTotals } from '../../../storage/queries/store-totals.ts';
import type { SinkStore } from '../../../storage/sink/write-batch.ts';
import { makeFrames, readSums, startSink, undisturbed } from '../../support/storage/run-sink.ts';
import { startTestStore, type TestStore } from '../../support/storage/store.ts';
import { until } from '../../support/until.ts';

/** Rows alone end a batch, however busy the machine. */
const NO_LINGER_MS = 60_000;
const TIMEOUT_MS = 120_000;

let t: TestStore;
afterEach(() => t.close());

type CallName = 'query' | 'execute' | 'insertBlock';

/** The sink's process is stopped right before its `nth` call of that kind, until it is woken. */
function sleepingBefore(
  store: SinkStore,
  isKind: (call: CallName, args: readonly unknown[]) => boolean,
  nth: number,
): { store: SinkStore; asleep: Promise<void>; wake: () => void } {
  let calls = 0;
  let wake: () => void = () => undefined;
  const woken = new Promise<void>((done) => {
    wake = done;
  });
  let fallAsleep: () => void = () => undefined;
  const asleep = new Promise<void>((done) => {
    fallAsleep = done;
  });
  const guard = async <T>(name: CallName, args: readonly unknown[], call: () => Promise<T>): Promise<T> => {
    if (isKind(name, args) && ++calls >= nth) {
      fallAsleep();
      await woken;
    }
    return call();
  };
  return {
    asleep,
    wake,
    store: {
      capabilities: store.capabilities,
      query: (...args) => guard('query', args, () => store.query(...args)),
      execute: (...args) => guard('execute', args, () => store.execute(...args)),
      insertBlock: (...args) => guard('insertBlock', args, () => store.insertBlock(...args)),
    },
  };
}

/** As after many more batches: no table knows a token any more. */
async function forgetTokens(store: Store): Promise<void> {
  for (const table of [
    'transactions',
    'decisions',
    'alerts',
    'offers',
    'kpi_minute',
    'kpi_hour',
    'kpi_day',
    'sink_batches',
  ])
    for (const window of [0, 1_000])
      await store.execute(`ALTER TABLE ${table} MODIFY SETTING non_replicated_deduplication_window = ${window}`);
}

describe('two sinks', () => {
  test(
    'one of which was asleep: it writes nothing more of what it held, and stands by',
    async () => {
      const frames = makeFrames(24);
      t = await startTestStore();
      const sleeper = sleepingBefore(t.store, (call) => call === 'insertBlock', 8);
      const metrics = new Registry();
      const first = startSink(sleeper.store, frames, { rowsMax: 120, lingerMs: NO_LINGER_MS, metrics });
      await sleeper.asleep;
      await startSink(t.store, frames, { rowsMax: 300, lingerMs: NO_LINGER_MS }).done;
      const sums = await readSums(t.store);
      sleeper.wake();
      await first.done;
      expect(await metrics.getSingleMetricAsString('weir_sink_overtaken_total')).toContain(' 1');
      expect(await readSums(t.store)).toEqual(sums);
      expect(sums).toEqual((await undisturbed(frames, 120)).sums);
    },
    TIMEOUT_MS,
  );

  /** Both have looked and both find the place free; only then do both leave their intents. */
  async function interleave(frames: readonly Uint8Array[], spoil: (store: SinkStore) => SinkStore) {
    const isIntent = (call: CallName, [, params]: readonly unknown[]) =>
      call === 'execute' && (params as { state?: string }).state === 'intent';
    const short = sleepingBefore(spoil(t.store), (call) => call === 'insertBlock', 2);
    const long = sleepingBefore(spoil(t.store), isIntent, 1);
    const a = startSink(short.store, frames, { rowsMax: 120, lingerMs: NO_LINGER_MS });
    const b = startSink(long.store, frames, { rowsMax: 300, lingerMs: NO_LINGER_MS });
    // One block of the shorter range is in, the others wait; now the other sink leaves its intent for the longer one.
    await Promise.all([short.asleep, long.asleep]);
    await until('a block', 10_000, async () =>
      Object.values((await storeTotals(t.store)).rows).some((rows) => rows > 0),
    );
    long.wake();
    await b.done;
    short.wake();
    await a.done;
  }

  test(
    'that begin at one place write up to the same end, each row once',
    async () => {
      const frames = makeFrames(24);
      t = await startTestStore();
      await interleave(frames, (store) => store);
      expect(await readSums(t.store)).toEqual((await undisturbed(frames, 120)).sums);
    },
    TIMEOUT_MS,
  );

  test(
    'would write rows twice if the second intent came in as well (negative control)',
    async () => {
      const frames = makeFrames(24);
      t = await startTestStore();
      await interleave(frames, (store) => ({
        ...store,
        execute: (sql, params, o) =>
          store.execute(sql.includes('sink_batches') ? sql.slice(0, sql.indexOf('WHERE')) : sql, params, {
            ...o,
            token: randomUUID(),
          }),
      }));
      expect(await readSums(t.store)).not.toEqual((await undisturbed(frames, 120)).sums);
    },
    TIMEOUT_MS,
  );

  test(
    'that run all the time take turns, whatever limits they have',
    async () => {
      const frames = makeFrames(40);
      t = await startTestStore();
      const sinks = [130, 170, 210].map((rowsMax) => startSink(t.store, frames, { rowsMax, standbyMs: 30 }));
      await Promise.all(sinks.map(({ done }) => done));
      expect(await readSums(t.store)).toEqual((await undisturbed(frames, 2_000)).sums);
      expect(await sinkPosition(t.store)).toMatchObject({ outcomeSeq: frames.length, settled: true });
    },
    TIMEOUT_MS,
  );

  /** The other does all of the sleeper's work, and the tokens of that are forgotten: what the store holds then, and afterwards. */
  async function outsleepTokens(spoil: (store: SinkStore) => SinkStore) {
    const frames = makeFrames(24);
    t = await startTestStore();
    const sleeper = sleepingBefore(spoil(t.store), (call) => call === 'insertBlock', 2);
    const first = startSink(sleeper.store, frames, { rowsMax: 120, lingerMs: NO_LINGER_MS });
    await sleeper.asleep;
    await startSink(t.store, frames, { rowsMax: 120, lingerMs: NO_LINGER_MS }).done;
    const before = await readSums(t.store);
    await forgetTokens(t.store);
    sleeper.wake();
    await first.done;
    return { before, after: await readSums(t.store) };
  }

  test(
    'one of which sleeps for longer than insert tokens are kept: the server refuses its block',
    async () => {
      const { before, after } = await outsleepTokens((store) => store);
      expect(after).toEqual(before);
    },
    TIMEOUT_MS,
  );

  test(
    'would write rows twice then without the guard (negative control)',
    async () => {
      const { before, after } = await outsleepTokens((store) => ({
        ...store,
        insertBlock: (block, token) => store.insertBlock(block, token),
      }));
      expect(after).not.toEqual(before);
    },
    TIMEOUT_MS,
  );
});
