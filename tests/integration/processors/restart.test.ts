import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeQuarantineRecord } from '../../../core/codec/quarantine-record.ts';
import type { WeirError } from '../../../core/errors.ts';
import { createEngine } from '../../../processors/engine/engine.ts';
import { openCheckpointStore } from '../../../stream/checkpoints/checkpoint-store.ts';
import { STREAMS } from '../../../stream/topology.ts';
import { BASE_MS, busyLog, essence, undisturbed } from '../../support/engine/busy-log.ts';
import { aPayment, encodeEntries } from '../../support/engine/engine.ts';
import { appendFrames, readAnswers, startProcessor } from '../../support/engine/processor.ts';
import { type NatsFixture, startNats } from '../../support/stream/nats.ts';
import { until } from '../../support/until.ts';

const FRAMES = 400;

describe('the processor', () => {
  let nats: NatsFixture;
  const frames = busyLog(FRAMES);
  const expected = undisturbed(frames);

  beforeAll(async () => {
    nats = await startNats();
  });
  afterAll(async () => {
    await nats.stop();
  });

  it('answers each frame exactly once, with the bytes of an undisturbed run, through crashes at random points', async () => {
    const feeder = await nats.connect('feeder');
    const feeding = appendFrames(feeder, frames);
    let crashes = 0;
    let roll = 7;
    for (let position = 0; position < FRAMES; ) {
      const processor = await startProcessor(await nats.connect(`processor-${crashes}`), {
        WEIR_CHECKPOINT_INTERVAL_MS: 20,
      });
      roll = (Math.imul(roll, 1_103_515_245) + 12_345) >>> 0;
      const crashAt = Math.max(position, processor.position) + 1 + (roll % 60);
      await until('the next crash', 30_000, () => processor.position >= Math.min(crashAt, FRAMES));
      position = processor.position;
      crashes++;
      if (position < FRAMES) await processor.abort();
      else {
        // All may have been published by the one before: until its lease has run out this one only follows, and saves nothing.
        await processor.whenLeading;
        await processor.stop();
      }
    }
    await feeding;
    expect(crashes).toBeGreaterThan(5);
    expect(essence(await readAnswers(feeder))).toEqual(expected);
  });

  it('has put the damaged entry into quarantine once and gone on', async () => {
    const connection = await nats.connect('reader');
    const answers = await readAnswers(connection);
    const poison = answers.flatMap(({ frame }) => frame.outcomes.filter(({ kind }) => kind === 'poison'));
    expect(poison).toHaveLength(1);
    const { state } = await connection.manager.streams.info('QUARANTINE');
    expect(state.messages).toBe(1);
    const kept = await connection.manager.streams.getMessage('QUARANTINE', { seq: state.first_seq });
    const { message } = decodeQuarantineRecord(kept?.data ?? new Uint8Array(0));
    const [position = 0, digest] = /position (\d+), digest (\w+)/.exec(message)?.slice(1) ?? [];
    const engine = createEngine();
    frames.slice(0, Number(position)).forEach((frame, i) => {
      engine.step(i + 1, frame);
    });
    expect(engine.stats()).toMatchObject({ poison: 1, digest });
  });

  it('continues from the checkpoint of a clean stop without publishing or replaying anything', async () => {
    const connection = await nats.connect('processor-again');
    const [newest] = await openCheckpointStore(connection, { kept: 3 }).list();
    expect(newest?.position).toBe(FRAMES);
    const processor = await startProcessor(connection);
    expect(processor.position).toBe(FRAMES);
    await processor.stop();
    expect(await processor.metrics.getSingleMetricAsString('weir_processor_suppressed_parts_total')).toMatch(/ 0$/m);
    expect(await readAnswers(connection)).toHaveLength(expected.length);
  });

  it('falls back to the checkpoint before a damaged one, and to the whole log without any, with the same answers', async () => {
    const connection = await nats.connect('processor-damaged');
    const store = openCheckpointStore(connection, { kept: 3 });
    const damaged = { position: FRAMES + 1, manifest: Uint8Array.of(1, 2, 3), shards: [], bytes: 3 };
    await (await store.begin()).finish(damaged);
    const processor = await startProcessor(connection);
    expect(processor.position).toBe(FRAMES);
    expect(await processor.metrics.getSingleMetricAsString('weir_processor_checkpoints_passed_over_total')).toMatch(
      / 1$/m,
    );
    await processor.abort();

    for (const { name } of await store.list())
      await connection.manager.streams.purge('OBJ_weir-checkpoints').then(() => name);
    const replayed = await startProcessor(connection, { WEIR_CHECKPOINT_INTERVAL_MS: 60_000 });
    await until('the replay', 30_000, () => replayed.position === FRAMES);
    const engine = createEngine();
    frames.forEach((frame, i) => {
      engine.step(i + 1, frame);
    });
    expect(replayed.digest()).toBe(engine.stats().digest);
    expect(await replayed.metrics.getSingleMetricAsString('weir_processor_replay_mismatches_total')).toMatch(/ 0$/m);
    await replayed.abort();
    expect(essence(await readAnswers(connection))).toEqual(expected);
  });

  it('stops itself when another writes to OUTCOMES, and what it had to say is said once', async () => {
    const processor = await startProcessor(await nats.connect('fenced'));
    await processor.whenLeading;
    const connection = await nats.connect('other');
    const [last] = (await readAnswers(connection)).slice(-1);
    const more = [0, 1, 2].map((n) =>
      encodeEntries([
        { kind: 'event', event: aPayment('c-9', BASE_MS + (FRAMES + n) * 1_000_000, {}, { id: `more-${n}` }) },
      ]),
    );
    const engine = createEngine();
    const parts = [...frames, ...more].map((frame, i) => engine.step(i + 1, frame));
    // A writer that did not ask for the lease answers the first of them.
    await connection.jetstream.publish(STREAMS.OUTCOMES, parts[FRAMES]?.[0] ?? new Uint8Array(0));
    await appendFrames(connection, more);
    await expect(processor.done).rejects.toMatchObject({ code: 'log.fenced' });
    const rest = await startProcessor(connection);
    await until('the rest', 30_000, () => rest.position === FRAMES + 3);
    await rest.stop();
    const answers = await readAnswers(connection);
    expect(last?.inputSeq).toBe(FRAMES);
    expect(answers.slice(-3).map(({ inputSeq }) => inputSeq)).toEqual([FRAMES + 1, FRAMES + 2, FRAMES + 3]);
    expect(answers).toHaveLength(expected.length + 3);
  });

  it('tells what it knows of a customer, by its id, and answers an unknown one with a coded error', async () => {
    const connection = await nats.connect('asking');
    const processor = await startProcessor(await nats.connect('answering'));
    const ask = (customer: unknown) =>
      connection.request('weir.query.customer', new TextEncoder().encode(JSON.stringify({ customer })), 5_000);
    // The server may hear the question before it hears of the one who answers.
    const answer = await until('an answer', 10_000, () =>
      ask('c-1').catch((error: WeirError) => (error.code === 'part.not_ready' ? undefined : Promise.reject(error))),
    );
    const known: unknown = JSON.parse(new TextDecoder().decode(answer));
    expect(known).toMatchObject({ customer: 'c-1', provisional: false, rulesetVersion: 1 });
    await expect(ask('nobody')).rejects.toMatchObject({ code: 'customer.not_found' });
    await expect(ask(5)).rejects.toMatchObject({ code: 'request.invalid' });
    await processor.stop();
  });
});
