import { Registry } from 'prom-client';
import { afterEach, describe, expect, test } from 'vitest';
import { sinkPosition } from '../../../storage/queries/sink-position.ts';
import { digestOutcomes } from '../../../storage/queries/store-totals.ts';
import type { SinkOptions } from '../../../storage/sink/run-sink.ts';
import { transactionNumber } from '../../support/events/transactions.ts';
import { offerFor, outcomeFrame, outcomesOf } from '../../support/storage/outcome-frames.ts';
import { readSums, startSink } from '../../support/storage/run-sink.ts';
import { startTestStore, type TestStore } from '../../support/storage/store.ts';
import { until } from '../../support/until.ts';

let t: TestStore;
afterEach(() => t.close());

/** Frames of ten transactions with their decisions and alerts; every seventh answer comes in two parts. */
function makeFrames(count: number): Uint8Array[] {
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

async function undisturbed(frames: readonly Uint8Array[], rowsMax: number) {
  const reference = await startTestStore();
  await startSink(reference.store, frames, { rowsMax }).done;
  const result = { sums: await readSums(reference.store), digest: await digestOutcomes(reference.store) };
  await reference.close();
  return result;
}

/** Every count and sum multiplied; the number of distinct events stays. */
function times(sums: unknown, factor: number): unknown {
  return JSON.parse(JSON.stringify(sums), (name, value: unknown) =>
    typeof value === 'number' && name !== 'distinct_events' ? value * factor : value,
  );
}

type StoreCalls = SinkOptions['store'];

/** The sink's process dies at its `step`-th call to the store: the call happens or not, and nothing ever returns. */
function dyingAt(store: StoreCalls, step: number, happens: boolean): { store: StoreCalls; died: Promise<void> } {
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
    await startSink(t.store, frames, { rowsMax: 120 }).done;
    const once = await readSums(t.store);
    let rounds = 1;
    // Each round is the same frames again under sequences that follow, so that sums must grow by the same amounts.
    const roundsOf = (count: number) =>
      async function* (fromSeq: number) {
        for (let seq = fromSeq; seq <= frames.length * count; seq++) {
          yield { seq, bytes: frames[(seq - 1) % frames.length] as Uint8Array };
        }
      };
    // Position, then per batch: intent, fence, four blocks, completion. Two batches and the beginning of a third.
    for (let step = 1; step <= 16; step++) {
      for (const happens of [false, true]) {
        rounds++;
        const dying = dyingAt(t.store, step, happens);
        const first = startSink(dying.store, [], { rowsMax: 120, outcomes: roundsOf(rounds) });
        await dying.died;
        // The next life has other limits, and must still repeat the batch as it was begun.
        await startSink(t.store, [], { rowsMax: 300, outcomes: roundsOf(rounds) }).done;
        expect({ step, happens, sums: await readSums(t.store) }).toEqual({ step, happens, sums: times(once, rounds) });
        void first.stop();
      }
    }
  }, 120_000);

  test('would double rows if its tokens were not the same again (negative control)', async () => {
    const frames = makeFrames(10);
    t = await startTestStore();
    let calls = 0;
    const tokenless: StoreCalls = {
      ...t.store,
      insertBlock: (table, block) => t.store.insertBlock(table, block, `call-${calls++}`),
    };
    // Position, intent, fence, four blocks: dies before the completion, with every block in.
    const dying = dyingAt(tokenless, 8, false);
    const first = startSink(dying.store, frames, { rowsMax: 120 });
    await dying.died;
    await startSink(tokenless, frames, { rowsMax: 120 }).done;
    expect(await readSums(t.store)).toMatchObject({ raw: { transactions: 140, distinct_events: 90 } });
    void first.stop();
  });

  test('and was only asleep finds the mark of the other and writes nothing more', async () => {
    const frames = makeFrames(24);
    t = await startTestStore();
    let release: () => void = () => undefined;
    const asleep = new Promise<void>((done) => {
      release = done;
    });
    let inserts = 0;
    let fellAsleep: () => void = () => undefined;
    const sleeping = new Promise<void>((done) => {
      fellAsleep = done;
    });
    const drowsy: StoreCalls = {
      query: t.store.query,
      execute: t.store.execute,
      async insertBlock(...args) {
        inserts++;
        if (inserts === 8) {
          fellAsleep();
          await asleep;
        }
        return t.store.insertBlock(...args);
      },
    };
    const first = startSink(drowsy, frames, { rowsMax: 120 });
    const outcome = first.done.then(
      () => 'ended',
      (error: { code?: string }) => error.code,
    );
    await sleeping;
    await startSink(t.store, frames, { rowsMax: 300 }).done;
    const sums = await readSums(t.store);
    release();
    expect(await outcome).toBe('store.fenced');
    expect(await readSums(t.store)).toEqual(sums);
    expect(sums).toEqual((await undisturbed(frames, 120)).sums);
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
