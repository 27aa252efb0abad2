/** Whose process is known to have ended holds no lease; whatever is said of the living, no answer comes twice. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { splitFrame } from '../../../core/codec/frame.ts';
import { createEngine } from '../../../processors/engine/engine.ts';
import { openKeyValue } from '../../../stream/key-value.ts';
import { STATE_BUCKET, STREAMS } from '../../../stream/topology.ts';
import { busyLog, essence, undisturbed } from '../../support/engine/busy-log.ts';
import { appendFrames, readAnswers, type StartedProcessor, startProcessor } from '../../support/engine/processor.ts';
import { type NatsFixture, startNats } from '../../support/stream/nats.ts';
import { until } from '../../support/until.ts';

const FRAMES = 200;
const WAIT_MS = 30_000;
/** Longer than any test: a lease that is not given back stays taken. */
const FOR_EVER = { WEIR_LEASE_MS: 60_000 };
/** In the head of an answer: whether it is its last part. */
const FINAL_OFFSET = 11;
const frames = busyLog(FRAMES);
const expected = undisturbed(frames);

let nats: NatsFixture;
const processors: StartedProcessor[] = [];

const start = async (config = {}): Promise<StartedProcessor> => {
  const processor = await startProcessor(await nats.connect(), { WEIR_CHECKPOINT_INTERVAL_MS: 60_000, ...config });
  processors.push(processor);
  return processor;
};
const lease = async (): Promise<{ holder: string; renewal: number }> => {
  const stored = await openKeyValue(await nats.connect(), STATE_BUCKET).get('lease.processor');
  return JSON.parse(new TextDecoder().decode(stored?.value));
};

beforeEach(async () => {
  nats = await startNats();
});
afterEach(async () => {
  for (const processor of processors.splice(0)) await processor.abort();
  await nats.stop();
});

describe('a processor that knows its predecessor to be dead', () => {
  it('takes the lease as soon as it has replayed what is published, however long the lease', async () => {
    const connection = await nats.connect();
    const first = await start(FOR_EVER);
    await first.whenLeading;
    await appendFrames(connection, frames.slice(0, 120));
    await until('the first answers', WAIT_MS, () => first.position === 120);
    await first.abort();
    await appendFrames(connection, frames.slice(120));
    const second = await start(FOR_EVER);
    second.markEnded(['somebody else', first.id]);
    await second.whenLeading;
    await until('the rest', WAIT_MS, () => second.position === FRAMES);
    expect(essence(await readAnswers(connection))).toEqual(expected);
    expect((await lease()).holder).toBe(`test/${second.id}`);
  });

  it('takes it as a standby when it is told', async () => {
    const connection = await nats.connect();
    const leader = await start(FOR_EVER);
    await leader.whenLeading;
    const standby = await start(FOR_EVER);
    await appendFrames(connection, frames.slice(0, 110));
    await until('the standby', WAIT_MS, () => standby.position === 110);
    await leader.abort();
    standby.markEnded([leader.id]);
    await standby.whenLeading;
    await appendFrames(connection, frames.slice(110));
    await until('the rest', WAIT_MS, () => standby.position === FRAMES);
    expect(essence(await readAnswers(connection))).toEqual(expected);
  });

  it('takes it where the dead one left half an answer', async () => {
    const connection = await nats.connect();
    const record = { holder: 'test/dead', epoch: 1, renewal: 0, released: false, inputSeq: 0, outcomeSeq: 0 };
    const bucket = openKeyValue(connection, STATE_BUCKET);
    await bucket.put('lease.processor', new TextEncoder().encode(JSON.stringify(record)));
    await appendFrames(connection, frames.slice(0, 3));
    const engine = createEngine();
    for (const [i, frame] of frames.slice(0, 3).entries()) {
      const [part] = engine.step(i + 1, frame).map((bytes) => bytes.slice());
      const head = splitFrame(part ?? new Uint8Array(0))[0];
      if (i === 2 && head !== undefined) head[FINAL_OFFSET] = 0;
      if (part !== undefined) await connection.jetstream.publish(STREAMS.OUTCOMES, part);
    }
    const successor = await start(FOR_EVER);
    successor.markEnded(['dead']);
    await successor.whenLeading;
    await until('the rest of it', WAIT_MS, () => successor.position === 3);
  });
});

describe('a living holder', () => {
  it('keeps its lease, whoever else has ended', async () => {
    const leader = await start();
    await leader.whenLeading;
    const standby = await start();
    standby.markEnded(['somebody else', 'test', `${leader.id}0`]);
    const { renewal } = await lease();
    await until('renewals', WAIT_MS, async () => (await lease()).renewal > renewal + 5);
    expect([leader.isLeading, standby.isLeading]).toEqual([true, false]);
    expect((await lease()).holder).toBe(`test/${leader.id}`);
  });

  it('that is declared dead by mistake loses it, and every answer comes once, whoever of the two is fenced out', async () => {
    const connection = await nats.connect();
    const leader = await start();
    await leader.whenLeading;
    const other = await start();
    const feeding = appendFrames(connection, frames);
    await until('traffic', WAIT_MS, () => leader.position > 40);
    other.markEnded([leader.id]);
    await expect(leader.done).rejects.toMatchObject({ code: expect.stringMatching(/^(log\.fenced|lease\.lost)$/) });
    await feeding;
    await other.abort();
    const third = await start();
    third.markEnded([other.id]);
    await until('the rest', WAIT_MS, () => third.position === FRAMES);
    expect(essence(await readAnswers(connection))).toEqual(expected);
  });
});
