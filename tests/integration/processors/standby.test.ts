import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createEngine } from '../../../processors/engine/engine.ts';
import { openCheckpointStore } from '../../../stream/checkpoints/checkpoint-store.ts';
import { openKeyValue } from '../../../stream/key-value.ts';
import { STATE_BUCKET, STREAMS } from '../../../stream/topology.ts';
import { busyLog, essence, undisturbed } from '../../support/engine/busy-log.ts';
import { encodeEntries } from '../../support/engine/engine.ts';
import { appendFrames, readAnswers, type StartedProcessor, startProcessor } from '../../support/engine/processor.ts';
import { type NatsFixture, startNats } from '../../support/stream/nats.ts';
import { until } from '../../support/until.ts';

const FRAMES = 300;
const WAIT_MS = 30_000;
/** Longer than any test: a lease that is not given back stays taken. */
const FOR_EVER = { WEIR_LEASE_MS: 60_000 };

const frames = busyLog(FRAMES);
const expected = undisturbed(frames);

let nats: NatsFixture;
const processors: StartedProcessor[] = [];

const start = async (name: string, config = {}): Promise<StartedProcessor> => {
  const processor = await startProcessor(await nats.connect(name), config);
  processors.push(processor);
  return processor;
};
const figure = async (processor: StartedProcessor, name: string): Promise<number> => {
  const values = (await processor.metrics.getSingleMetric(`weir_processor_${name}`)?.get())?.values ?? [];
  return values.reduce((sum, { value }) => sum + value, 0);
};

beforeEach(async () => {
  nats = await startNats();
});
afterEach(async () => {
  for (const processor of processors.splice(0)) await processor.abort();
  await nats.stop();
});

describe('a second processor', () => {
  it('follows the first: compares every answer, comes to the same state, publishes and saves nothing', async () => {
    const leader = await start('leader');
    await leader.whenLeading;
    const standby = await start('standby', { WEIR_CHECKPOINT_INTERVAL_MS: 5 });
    const connection = await nats.connect();
    await appendFrames(connection, frames);
    await until('the leader', WAIT_MS, () => leader.position === FRAMES);
    await until('the standby', WAIT_MS, () => standby.position === FRAMES);
    expect(standby.isLeading).toBe(false);
    expect(standby.digest()).toBe(leader.digest());
    expect(await figure(standby, 'standby_compared_parts_total')).toBe(expected.length);
    expect(await figure(standby, 'replay_mismatches_total')).toBe(0);
    expect(await figure(standby, 'checkpoints_total')).toBe(0);
    expect([await figure(leader, 'leading'), await figure(standby, 'leading')]).toEqual([1, 0]);
    expect(essence(await readAnswers(connection))).toEqual(expected);
  });

  it('keeps up where nothing but ticks comes, which have no answer', async () => {
    const leader = await start('leader');
    await leader.whenLeading;
    const standby = await start('standby');
    const ticks = Array.from({ length: 20 }, (_, i) => encodeEntries([{ kind: 'tick', timeMs: 1_000 * (i + 1) }]));
    await appendFrames(await nats.connect(), ticks);
    await until('the standby', WAIT_MS, () => standby.position === ticks.length);
    expect(standby.isLeading).toBe(false);
  });

  it('takes over from one that dies in the middle, at the first answer that is missing, again and again', async () => {
    const connection = await nats.connect();
    let [leader, standby] = [await start('first'), await start('second')];
    await leader.whenLeading;
    const feeding = appendFrames(connection, frames);
    for (let position = 40; position < FRAMES; position += 60) {
      await until('traffic', WAIT_MS, () => leader.position >= position);
      await leader.abort();
      await standby.whenLeading;
      [leader, standby] = [standby, await start(`next at ${position}`)];
    }
    await feeding;
    await until('the rest', WAIT_MS, () => leader.position === FRAMES && standby.position === FRAMES);
    expect(essence(await readAnswers(connection))).toEqual(expected);
    expect(leader.digest()).toBe(standby.digest());
    expect(await figure(leader, 'lease_epoch')).toBe(6);
  });

  it('takes over at once from one that stops cleanly, however long the lease', async () => {
    const connection = await nats.connect();
    const leader = await start('leader', FOR_EVER);
    await leader.whenLeading;
    const standby = await start('standby', FOR_EVER);
    await appendFrames(connection, frames.slice(0, 100));
    await until('the standby', WAIT_MS, () => standby.position === 100);
    await leader.stop();
    await standby.whenLeading;
    await appendFrames(connection, frames.slice(100));
    await until('the rest', WAIT_MS, () => standby.position === FRAMES);
    expect(essence(await readAnswers(connection))).toEqual(expected);
  });

  it('stands by for as long as the first renews its lease', async () => {
    const leader = await start('leader', { WEIR_LEASE_MS: 100 });
    await leader.whenLeading;
    const standby = await start('standby', { WEIR_LEASE_MS: 100 });
    await appendFrames(await nats.connect(), frames);
    const renewals = async (): Promise<number> => {
      const stored = await openKeyValue(await nats.connect(), STATE_BUCKET).get('lease.processor');
      return (JSON.parse(new TextDecoder().decode(stored?.value)) as { renewal: number }).renewal;
    };
    await until('forty renewals', WAIT_MS, async () => (await renewals()) > 40);
    expect([leader.isLeading, standby.isLeading]).toEqual([true, false]);
  });

  it('reports an answer that is not its own, and goes on', async () => {
    const connection = await nats.connect();
    // Nobody leads while a record that is not released stands there.
    const record = { holder: 'nobody', epoch: 7, renewal: 0, released: false, inputSeq: 0, outcomeSeq: 0 };
    const bucket = openKeyValue(connection, STATE_BUCKET);
    await bucket.put('lease.processor', new TextEncoder().encode(JSON.stringify(record)));
    const standby = await start('standby', FOR_EVER);
    const engine = createEngine();
    await appendFrames(connection, frames.slice(0, 3));
    for (const [i, frame] of frames.slice(0, 3).entries())
      for (const part of engine.step(i + 1, frame)) {
        const bytes = part.slice();
        if (i === 1) bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
        await connection.jetstream.publish(STREAMS.OUTCOMES, bytes);
      }
    await until('the standby', WAIT_MS, () => standby.position === 3);
    expect(await figure(standby, 'replay_mismatches_total')).toBe(1);
    expect(await figure(standby, 'lease_epoch')).toBe(7);
  });

  it('starts from the checkpoint of a leader that goes on meanwhile', async () => {
    const connection = await nats.connect();
    const leader = await start('leader', { WEIR_CHECKPOINT_INTERVAL_MS: 20 });
    await leader.whenLeading;
    await appendFrames(connection, frames.slice(0, 200));
    const store = openCheckpointStore(connection, { kept: 3 });
    await until('a checkpoint', WAIT_MS, async () => (await store.list())[0]?.position === 200);
    const feeding = appendFrames(connection, frames.slice(200));
    const standby = await start('standby');
    await feeding;
    await until('the standby', WAIT_MS, () => standby.position === FRAMES);
    expect(await figure(standby, 'standby_compared_parts_total')).toBeLessThan(expected.length / 2);
    expect(await figure(standby, 'checkpoints_passed_over_total')).toBe(0);
    expect(standby.digest()).toBe(leader.digest());
  });
});

describe('a leader that was replaced in its sleep', () => {
  it('publishes nothing more and ends with a message that says who leads', async () => {
    const connection = await nats.connect();
    const leader = await start('leader');
    await leader.whenLeading;
    await appendFrames(connection, frames.slice(0, 50));
    await until('the first answers', WAIT_MS, () => leader.position === 50);
    const record = { holder: 'its successor', epoch: 2, renewal: 0, released: false, inputSeq: 0, outcomeSeq: 0 };
    const bucket = openKeyValue(connection, STATE_BUCKET);
    await bucket.put('lease.processor', new TextEncoder().encode(JSON.stringify(record)));
    await expect(leader.done).rejects.toMatchObject({
      code: 'lease.lost',
      message: expect.stringContaining('of epoch 1 was taken by its successor with epoch 2'),
    });
    await appendFrames(connection, frames.slice(50));
    expect((await readAnswers(connection)).every(({ inputSeq }) => inputSeq <= 50)).toBe(true);
  });
});
