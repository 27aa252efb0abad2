/**
 * The simulated nats-server against a real one: the same conversation, the same answers. What the simulation proves is
 * worth as much as this agreement.
 */
import { AckPolicy, DeliverPolicy } from '@nats-io/jetstream';
import { headers, type Msg, nanos } from '@nats-io/transport-node';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { parseConfig } from '../../../core/config.ts';
import { openCheckpointStore } from '../../../stream/checkpoints/checkpoint-store.ts';
import { connectStream, type StreamConnection } from '../../../stream/connection.ts';
import { openKeyValue } from '../../../stream/key-value.ts';
import { logState, readLast, readLog } from '../../../stream/log/log-reader.ts';
import { ensureTopology, STATE_BUCKET, STREAMS } from '../../../stream/topology.ts';
import { noTroubles, SimulatedServer } from '../../simulation/nats/server.ts';
import { Network } from '../../simulation/nats/socket.ts';
import { createRandom } from '../../simulation/world/random.ts';
import { Scheduler } from '../../simulation/world/scheduler.ts';
import { installWorld } from '../../simulation/world/virtual-globals.ts';
import { startNats } from '../../support/stream/nats.ts';

const PORT = 4222;
const CHECKPOINT_BYTES = 1_300_000;

/** What was answered, without times and names that are made up for each run. */
async function converse(c: StreamConnection): Promise<unknown[]> {
  const heard: unknown[] = [];
  const publish = async (fields: Record<string, string>, size = 3): Promise<void> => {
    const head = headers();
    for (const [name, value] of Object.entries(fields)) head.set(name, value);
    const answer = await c.nats.request(STREAMS.OUTCOMES, new Uint8Array(size), { headers: head, timeout: 2_000 });
    const { seq, duplicate, stream, error } = answer.json<Record<string, unknown>>();
    const refusal = error as { code?: number; err_code?: number; description?: string } | undefined;
    heard.push({ fields, seq, duplicate: duplicate === true, stream, refusal });
  };
  await publish({});
  await publish({ 'Nats-Msg-Id': 'a' });
  await publish({ 'Nats-Msg-Id': 'a' });
  await publish({ 'Nats-Msg-Id': 'b', 'Nats-Expected-Last-Sequence': '1' });
  await publish({ 'Nats-Msg-Id': 'b', 'Nats-Expected-Last-Sequence': '2' });
  await publish({ 'Nats-Msg-Id': 'a', 'Nats-Expected-Last-Sequence': '77' });
  await publish({ 'Nats-Msg-Id': 'c', 'Nats-Expected-Last-Sequence': '3', 'Nats-Expected-Last-Msg-Id': 'a' });
  await publish({ 'Nats-Msg-Id': 'c', 'Nats-Expected-Last-Sequence': '3', 'Nats-Expected-Last-Msg-Id': 'b' });
  await publish({ 'Nats-Msg-Id': 'd' }, 40_000);

  const said = async (what: string, question: Promise<unknown>): Promise<void> => {
    const answer = await question.catch((error: Error & { code?: unknown; status?: unknown }) => ({
      error: error.name,
      code: error.code,
      status: error.status,
    }));
    heard.push({ what, answer });
  };
  await said('nobody', c.nats.request('weir.nobody.listens', '', { timeout: 2_000 }));
  const { firstSeq, lastSeq, messages } = await logState(c, 'OUTCOMES');
  heard.push({ firstSeq, lastSeq, messages });
  const last = await readLast(c, 'OUTCOMES');
  heard.push({ last: last?.seq, bytes: last?.bytes.length, empty: await readLast(c, 'EVENTS') });
  await said(
    'message',
    c.manager.streams
      .getMessage('OUTCOMES', { seq: 2 })
      .then((m) => [m?.seq, m?.header.get('Nats-Msg-Id'), m?.subject]),
  );
  await said('missing message', c.manager.streams.getMessage('OUTCOMES', { seq: 99 }));
  await said('missing stream', c.manager.streams.info('NOWHERE'));

  const read: unknown[] = [];
  for await (const message of readLog(c, 'OUTCOMES', { fromSeq: 2, signal: new AbortController().signal })) {
    read.push([message.seq, message.bytes.length, message.pending]);
    if (message.seq === lastSeq) break;
  }
  heard.push(read);
  await converseWithConsumers(c, heard);

  const kv = openKeyValue(c, STATE_BUCKET);
  const [one, two] = [new Uint8Array([1]), new Uint8Array([2])];
  heard.push(await kv.get('k'), await kv.create('k', one), await kv.create('k', two), await kv.update('k', two, 1));
  heard.push(await kv.update('k', one, 1), (await kv.get('k'))?.revision, await kv.put('k', one));

  const store = openCheckpointStore(c, { kept: 2 });
  const bytes = Uint8Array.from({ length: CHECKPOINT_BYTES }, (_, i) => i % 251);
  for (const position of [3, 5, 9]) {
    const saving = await store.begin();
    const shards = ['every', `of.${position}`];
    for (const shard of shards) if (!saving.holds(shard)) heard.push(await saving.put(shard, bytes));
    await saving.finish({ position, manifest: bytes.subarray(0, 100), shards, bytes: bytes.length });
  }
  const list = await store.list();
  heard.push(list.map((info) => [info.position, info.bytes]));
  const stored = await store.open(list[0]?.name ?? '');
  const room = new Uint8Array(bytes.length);
  await stored.read('of.9', room, () => undefined);
  heard.push(stored.manifest, Buffer.compare(room, bytes), c.features.has('compression'));
  await stored.read('of.3', room, () => undefined).catch((error: Error) => heard.push(error.message));
  return heard;
}

/** Consumers before, within and behind the log, and what a pull is told. */
async function converseWithConsumers(c: StreamConnection, heard: unknown[]): Promise<void> {
  for (const from of [1, 3, 500]) {
    const { delivered, num_pending, name } = await c.manager.consumers.add('OUTCOMES', {
      ack_policy: AckPolicy.None,
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: from,
      mem_storage: true,
      num_replicas: 1,
    });
    const told: unknown[] = [];
    await new Promise<void>((resolve) => {
      const subscription = c.nats.subscribe(`told.${from}`, {
        callback: (_, message: Msg) => {
          const place = message.reply?.split('.').slice(5, 7);
          told.push([message.subject, place, message.headers?.code, message.headers?.get('Nats-Last-Consumer')]);
          if (message.headers?.code !== 100) return;
          subscription.unsubscribe();
          resolve();
        },
      });
      const pull = { batch: 2, expires: nanos(20_000), idle_heartbeat: nanos(600) };
      c.nats.publish(`$JS.API.CONSUMER.MSG.NEXT.OUTCOMES.${name}`, JSON.stringify({ ...pull, batch: 10 }), {
        reply: `told.${from}`,
      });
    });
    heard.push({ from, delivered: delivered.stream_seq, num_pending, told });
    heard.push(await c.manager.consumers.delete('OUTCOMES', name));
    await c.nats
      .request(`$JS.API.CONSUMER.MSG.NEXT.OUTCOMES.${name}`, '{"batch":1}', { timeout: 300 })
      .catch((error: Error) => heard.push(error.name));
  }
}

async function converseWithSimulation(): Promise<unknown[]> {
  const scheduler = new Scheduler();
  const random = createRandom(1);
  const world = scheduler.createOwner('world');
  const count = (): void => undefined;
  const network = new Network(scheduler, random, world, { latencyMs: 0.2, spikeChance: 0, spikeMs: 0 }, count);
  const disk = { streams: new Map(), defects: {} };
  network.listen(PORT, new SimulatedServer({ scheduler, random, disk, troubles: noTroubles(), count }));
  const remove = installWorld(scheduler, random, (owner, port, onConnect) => network.dial(owner, port, onConnect));
  let heard: unknown[] | undefined;
  try {
    const client = scheduler.createOwner('client');
    scheduler.after(0, client, () => {
      const talk = async (): Promise<void> => {
        const c = await connectStream({ url: `127.0.0.1:${PORT}`, name: 'talk', log: pino({ level: 'silent' }) });
        await ensureTopology(c, parseConfig({}));
        heard = await converse(c);
      };
      talk().catch((error: unknown) => scheduler.fail(error));
    });
    await scheduler.runUntil(120_000, () => heard !== undefined);
  } finally {
    remove();
  }
  if (heard === undefined) throw new Error('the conversation with the simulation did not end');
  return heard;
}

it('answers as a real nats-server does', async () => {
  const nats = await startNats();
  try {
    const real = await converse(await nats.connect());
    expect(await converseWithSimulation()).toEqual(real);
    expect(real.length).toBeGreaterThan(25);
  } finally {
    await nats.stop();
  }
});
