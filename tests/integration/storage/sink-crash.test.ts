import { Registry } from 'prom-client';
import { afterEach, describe, expect, test } from 'vitest';
import { sinkPosition } from '../../../storage/queries/sink-position.ts';
import { digestOutcomes } from '../../../storage/queries/store-totals.ts';
import type { SinkStore } from '../../../storage/sink/write-batch.ts';
import { outcomeFrame } from '../../support/storage/outcome-frames.ts';
import { makeFrames, readSums, startSink, undisturbed } from '../../support/storage/run-sink.ts';
import { startTestStore, type TestStore } from '../../support/storage/store.ts';
import { until } from '../../support/until.ts';

/** Rows alone end a batch, however busy the machine. */
const NO_LINGER_MS = 60_000;

let t: TestStore;
afterEach(() => t.close());

/** Every count and sum multiplied; the number of distinct events stays. */
function times(sums: unknown, factor: number): unknown {
  return JSON.parse(JSON.stringify(sums), (name, value: unknown) =>
    typeof value === 'number' && name !== 'distinct_events' ? value * factor : value,
  );
}

/** The sink's process dies at its `step`-th call to the store: the call happens or not, and nothing ever returns. */
function dyingAt(store: SinkStore, step: number, happens: boolean): { store: SinkStore; died: Promise<void> } {
  let calls = 0;
  let die: () => void = () => undefined;
  const died = new Promise<void>((done) => {
    die = done;
  });
  const guard = async <T>(call: () => Promise<T>): Promise<T> => {
    calls++;
    if (calls < step) return call();
    if (calls === step && happens) await call();
    if (calls >= step) {
      die();
      await new Promise(() => undefined);
    }
    return call();
  };
  return {
    died,
    store: {
      capabilities: store.capabilities,
      query: (...args) => guard(() => store.query(...args)),
      execute: (...args) => guard(() => store.execute(...args)),
      insertBlock: (...args) => guard(() => store.insertBlock(...args)),
    },
  };
}

describe('a sink that dies', () => {
  test('between any two of its steps is followed by one that makes counts, sums and rollups exact', async () => {
    const frames = makeFrames(14);
    t = await startTestStore();
    await startSink(t.store, frames, { rowsMax: 120, lingerMs: NO_LINGER_MS }).done;
    const once = await readSums(t.store);
    let rounds = 1;
    // Each round is the same frames again under sequences that follow, so that sums must grow by the same amounts.
    const roundsOf = (count: number) =>
      async function* (fromSeq: number) {
        for (let seq = fromSeq; seq <= frames.length * count; seq++) {
          yield { seq, bytes: frames[(seq - 1) % frames.length] as Uint8Array };
        }
      };
    // Position, then per batch: intent, look, four blocks, completion. Two batches and the beginning of a third.
    for (let step = 1; step <= 16; step++) {
      for (const happens of [false, true]) {
        rounds++;
        const dying = dyingAt(t.store, step, happens);
        const first = startSink(dying.store, [], { rowsMax: 120, lingerMs: NO_LINGER_MS, outcomes: roundsOf(rounds) });
        await dying.died;
        // The next life has other limits, and must still repeat the batch as it was begun.
        await startSink(t.store, [], { rowsMax: 300, lingerMs: NO_LINGER_MS, outcomes: roundsOf(rounds) }).done;
        expect({ step, happens, sums: await readSums(t.store) }).toEqual({ step, happens, sums: times(once, rounds) });
        void first.stop();
      }
    }
  }, 120_000);

  test('would double rows if its tokens were not the same again (negative control)', async () => {
    const frames = makeFrames(10);
    t = await startTestStore();
    let calls = 0;
    const tokenless: SinkStore = {
      ...t.store,
      insertBlock: (block, _token, guard) => t.store.insertBlock(block, `call-${calls++}`, guard),
    };
    // Position, intent, look, four blocks: dies before the completion, with every block in.
    const dying = dyingAt(tokenless, 8, false);
    const first = startSink(dying.store, frames, { rowsMax: 120, lingerMs: NO_LINGER_MS });
    await dying.died;
    await startSink(tokenless, frames, { rowsMax: 120, lingerMs: NO_LINGER_MS }).done;
    expect(await readSums(t.store)).toMatchObject({ raw: { transactions: 140, distinct_events: 90 } });
    void first.stop();
  });
});

describe('ClickHouse killed while the sink writes', () => {
  test('comes back on its port and holds every row and every rollup exactly once', async () => {
    const frames = makeFrames(900);
    const wanted = await undisturbed(frames, 5_000);
    t = await startTestStore();
    const metrics = new Registry();
    let outcomeSeq = 0;
    const sink = startSink(t.store, frames, {
      rowsMax: 400,
      metrics,
      onProgress: (progress) => {
        outcomeSeq = progress.outcomeSeq;
      },
    });
    for (const mark of [150, 400, 650]) {
      await until(`outcome ${mark}`, 30_000, () => outcomeSeq >= mark);
      await t.kill();
      await t.restart();
    }
    await sink.done;
    expect(outcomeSeq).toBe(frames.length);
    expect(await readSums(t.store)).toEqual(wanted.sums);
    expect(await digestOutcomes(t.store)).toEqual(wanted.digest);
    const text = await metrics.metrics();
    expect(text).toMatch(/weir_sink_retries_total\{step="\w+"\} [1-9]/);
  }, 60_000);

  test('while it is away the sink stops reading and keeps at most two batches', async () => {
    t = await startTestStore();
    const frames = makeFrames(400);
    await startSink(t.store, frames.slice(0, 1)).done;
    await t.kill();
    let read = 0;
    const sink = startSink(t.store, frames, {
      rowsMax: 200,
      outcomes: async function* (fromSeq) {
        for (let seq = fromSeq; seq <= frames.length; seq++) {
          read++;
          yield { seq, bytes: frames[seq - 1] as Uint8Array };
        }
      },
    });
    await t.restart();
    await until('first reads', 20_000, () => read > 0);
    await t.kill();
    // Nothing more comes in once both batches are full; a frame here has about 24 rows.
    let last = -1;
    await until('reading to stop', 20_000, async () => {
      const before = read;
      await new Promise((done) => setTimeout(done, 400));
      last = read;
      return before === read;
    });
    expect(last).toBeLessThan(400);
    await t.restart();
    await sink.done;
    expect(read).toBe(399);
    expect((await sinkPosition(t.store)).outcomeSeq).toBe(400);
  }, 60_000);
});

describe('outcome frames that the sink cannot use', () => {
  test('are counted and passed over, and the position goes on', async () => {
    t = await startTestStore();
    const metrics = new Registry();
    const frames = [...makeFrames(2), new Uint8Array([1, 2, 3]), outcomeFrame(50, [])];
    await startSink(t.store, frames, { metrics }).done;
    expect(await metrics.getSingleMetricAsString('weir_sink_unreadable_total')).toContain('{what="frame"} 1');
    expect(await sinkPosition(t.store)).toEqual({ inputSeq: 50, outcomeSeq: 4, settled: true });
  });

  test('and frames that the log has dropped are counted', async () => {
    t = await startTestStore();
    const metrics = new Registry();
    const frames = makeFrames(5);
    await startSink(t.store, frames, {
      metrics,
      outcomes: async function* () {
        for (const seq of [4, 5]) yield { seq, bytes: frames[seq - 1] as Uint8Array };
      },
    }).done;
    expect(await metrics.getSingleMetricAsString('weir_sink_missing_frames_total')).toContain(' 3');
    expect((await sinkPosition(t.store)).outcomeSeq).toBe(5);
  });
});
