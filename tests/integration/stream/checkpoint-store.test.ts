import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { WeirError } from '../../../core/errors.ts';
import { type CheckpointStore, openCheckpointStore } from '../../../stream/checkpoints/checkpoint-store.ts';
import type { StreamConnection } from '../../../stream/connection.ts';
import { CHECKPOINT_BUCKET } from '../../../stream/topology.ts';
import { type NatsFixture, startNats } from '../../support/stream/nats.ts';

const STREAM = `OBJ_${CHECKPOINT_BUCKET}`;

let nats: NatsFixture;
let c: StreamConnection;
beforeAll(async () => {
  nats = await startNats();
  c = await nats.connect();
});
afterAll(() => nats.stop());
beforeEach(async () => {
  await c.manager.streams.purge(STREAM);
});

/** Subjects of stored chunks with their number of messages. */
async function chunks(): Promise<[string, number][]> {
  const info = await c.manager.streams.info(STREAM, { subjects_filter: `$O.${CHECKPOINT_BUCKET}.C.>` });
  return Object.entries(info.state.subjects ?? {});
}

const metas = async (): Promise<number> =>
  (await c.manager.streams.info(STREAM)).state.messages - (await chunks()).reduce((sum, [, count]) => sum + count, 0);

const MANIFEST = new TextEncoder().encode('manifest');
const open = (o: { kept: number; orphanAgeMs?: number }): CheckpointStore => openCheckpointStore(c, o);

/** Saves a checkpoint of these shards, those that are there already as they are. */
async function save(store: CheckpointStore, position: number, shards: ReadonlyMap<string, Uint8Array>): Promise<void> {
  const saving = await store.begin();
  for (const [shard, bytes] of shards) if (!saving.holds(shard)) await saving.put(shard, bytes);
  const bytes = [...shards.values()].reduce((sum, shard) => sum + shard.length, 0);
  await saving.finish({ position, manifest: MANIFEST, shards: [...shards.keys()], bytes });
}

async function read(
  store: CheckpointStore,
  name: string | undefined,
  shard: string,
  size: number,
): Promise<Uint8Array> {
  const room = new Uint8Array(size);
  await (await store.open(name ?? '')).read(shard, room, () => undefined);
  return room;
}

/** Subjects of the chunks of a shard: the only ones that its put added. */
async function chunksAddedBy(put: () => Promise<unknown>): Promise<string[]> {
  const before = new Set((await chunks()).map(([subject]) => subject));
  await put();
  return (await chunks()).map(([subject]) => subject).filter((subject) => !before.has(subject));
}

describe('the checkpoint store', () => {
  it('is empty at first', async () => {
    expect(await open({ kept: 3 }).list()).toEqual([]);
  });

  it('gives back what was saved, byte for byte, whatever its size', async () => {
    const store = open({ kept: 3 });
    const sizes = { none: 0, one: 1, many: 5_000_001 };
    const shards = new Map(Object.entries(sizes).map(([name, size]) => [name, new Uint8Array(randomBytes(size))]));
    await save(store, 7, shards);
    const [newest] = await store.list();
    expect(newest).toMatchObject({ position: 7, bytes: 5_000_002 });
    expect(Buffer.compare((await store.open(newest?.name ?? '')).manifest, MANIFEST)).toBe(0);
    for (const [name, bytes] of shards)
      expect(Buffer.compare(await read(store, newest?.name, name, bytes.length), bytes)).toBe(0);
  });

  it('keeps the newest few, shares what they share, and keeps nothing of the others', async () => {
    const store = open({ kept: 3 });
    const shared = randomBytes(1_200_000);
    for (let position = 10; position <= 100; position += 10) {
      const shards = new Map([['shared', shared]]);
      shards.set(`own.${position}`, randomBytes(600_000));
      // A shard lives for as long as one of those that are kept refers to it.
      shards.set(`of.${Math.floor(position / 40)}`, randomBytes(100));
      await save(store, position, shards);
    }
    expect((await store.list()).map((checkpoint) => checkpoint.position)).toEqual([100, 90, 80]);
    for (const { name, position } of await store.list()) {
      expect(Buffer.compare(await read(store, name, 'shared', shared.length), shared)).toBe(0);
      await read(store, name, `own.${position}`, 600_000);
      await read(store, name, 'of.2', 100);
    }
    // Three manifests, three own shards, one that all share and one that the last share; nothing is left of what is gone.
    expect((await chunks()).map(([, count]) => count).sort()).toEqual([1, 1, 1, 1, 2, 2, 2, 3]);
    expect(await metas()).toBe(8);
    const fewer = open({ kept: 1 });
    await save(fewer, 110, new Map([['shared', shared]]));
    expect((await fewer.list()).map((checkpoint) => checkpoint.position)).toEqual([110]);
    expect(await metas()).toBe(2);
  });

  it('asks for what is behind a name only of manifests, and of shards that go', async () => {
    const store = open({ kept: 2 });
    const held = new Map(Array.from({ length: 50 }, (_, i) => [`held.${i}`, randomBytes(10)]));
    for (let position = 1; position <= 2; position++)
      await save(store, position, new Map([...held, [`own.${position}`, randomBytes(10)]]));
    const asked: string[] = [];
    const other = await nats.connect();
    const listening = other.nats.subscribe(`$JS.API.STREAM.MSG.GET.${STREAM}`, {
      callback: (_, message) => {
        asked.push(message.json<{ last_by_subj?: string }>().last_by_subj ?? '');
      },
    });
    await other.nats.flush();
    const saving = await store.begin();
    await saving.finish({ position: 3, manifest: MANIFEST, shards: [...held.keys()], bytes: 500 });
    await other.nats.flush();
    listening.unsubscribe();
    const names = asked.map((subject) => Buffer.from(subject.split('.').at(-1) ?? '', 'base64url').toString());
    // The slots when it begins, the slot that is put, the shard that goes with what was in it.
    expect(names.sort()).toEqual(['shard-own.1', 'slot-0', 'slot-0', 'slot-1']);
    expect((await store.list()).map(({ position }) => position)).toEqual([3, 2]);
  });

  it('is listed while another removes what is there, each checkpoint once', async () => {
    const store = open({ kept: 3 });
    await save(store, 1, new Map(Array.from({ length: 200 }, (_, i) => [`s-${i}`, randomBytes(10)])));
    const other = await nats.connect();
    const { state } = await c.manager.streams.info(STREAM, { subjects_filter: `$O.${CHECKPOINT_BUCKET}.M.>` });
    const manifest = (await c.manager.streams.getMessage(STREAM, { seq: state.last_seq }))?.subject;
    const subjects = Object.keys(state.subjects ?? {}).filter((subject) => subject !== manifest);
    while (subjects.length > 0) {
      const listing = store.list();
      for (const filter of subjects.splice(0, 5)) await other.manager.streams.purge(STREAM, { filter });
      expect((await listing).map(({ position }) => position)).toEqual([1]);
    }
  });

  it.each(['one chunk', 'every chunk'])(
    'says that a shard is damaged when %s is missing, and still reads the checkpoint before it',
    async (lost) => {
      const store = open({ kept: 3 });
      const good = randomBytes(2_000_000);
      await save(store, 1, new Map([['good', good]]));
      const [damaged = ''] = await chunksAddedBy(async () => (await store.begin()).put('bad', randomBytes(2_000_000)));
      await save(store, 2, new Map([['bad', randomBytes(2_000_000)]]));
      const chunk = await c.manager.streams.getMessage(STREAM, { last_by_subj: damaged });
      if (lost === 'one chunk') await c.manager.streams.deleteMessage(STREAM, chunk?.seq ?? 0);
      else await c.manager.streams.purge(STREAM, { filter: damaged });
      const [newest, previous] = await store.list();
      await expect(read(store, newest?.name, 'bad', 2_000_000)).rejects.toMatchObject({ code: 'checkpoint.damaged' });
      expect(Buffer.compare(await read(store, previous?.name, 'good', good.length), good)).toBe(0);
    },
  );

  it("reads all of it once the server was started again, wherever the server's own blocks begin", async () => {
    const store = open({ kept: 1 });
    // Blocks are of 8 MB: the tenth begins within a shard.
    const shards = new Map(Array.from({ length: 12 }, (_, i) => [`s.${i}`, new Uint8Array(randomBytes(8_388_608))]));
    await save(store, 1, shards);
    await nats.kill();
    await nats.restart();
    const [newest] = await store.list();
    for (const [shard, bytes] of shards)
      expect(Buffer.compare(await read(store, newest?.name, shard, bytes.length), bytes)).toBe(0);
  });

  it.each(['a shard', 'a manifest'])('tells when the bytes of %s changed', async (what) => {
    const store = open({ kept: 1 });
    const saving = await store.begin();
    const saved = new Uint8Array(randomBytes(400_000));
    const [shardChunks = ''] = await chunksAddedBy(() => saving.put('one', saved));
    const [manifestChunks = ''] = await chunksAddedBy(() =>
      saving.finish({ position: 1, manifest: randomBytes(2_000), shards: ['one'], bytes: 400_000 }),
    );
    const subject = what === 'a shard' ? shardChunks : manifestChunks;
    const chunk = await c.manager.streams.getMessage(STREAM, { last_by_subj: subject });
    const changed = Buffer.from(chunk?.data ?? []);
    changed.writeUInt8(changed.readUInt8(1_000) ^ 1, 1_000);
    await c.manager.streams.deleteMessage(STREAM, chunk?.seq ?? 0);
    await c.jetstream.publish(subject, changed);
    const [newest] = await store.list();
    // A shard is compared by whoever reads it, and knows its digest.
    const room = new Uint8Array(400_000);
    const check = (): void => {
      if (Buffer.compare(room, saved) !== 0) throw new WeirError('checkpoint.damaged', 'it is altered');
    };
    const reading = store.open(newest?.name ?? '').then((stored) => stored.read('one', room, check));
    await expect(reading).rejects.toMatchObject({ code: 'checkpoint.damaged' });
  });

  it('says so when there is no such checkpoint, no such shard, or one of another length', async () => {
    const store = open({ kept: 1 });
    await save(store, 1, new Map([['one', randomBytes(100)]]));
    await expect(store.open('slot-9')).rejects.toMatchObject({ code: 'checkpoint.damaged' });
    await expect(read(store, 'slot-0', 'two', 100)).rejects.toMatchObject({ code: 'checkpoint.damaged' });
    await expect(read(store, 'slot-0', 'one', 99)).rejects.toMatchObject({ code: 'checkpoint.damaged' });
    await expect(read(store, 'slot-0', 'one', 101)).rejects.toMatchObject({ code: 'checkpoint.damaged' });
  });

  it('removes what a crash in the middle of saving has left, once it is old, and reuses it until then', async () => {
    await c.jetstream.publish(`$O.${CHECKPOINT_BUCKET}.C.unfinished`, randomBytes(1_000));
    const crashed = open({ kept: 3, orphanAgeMs: 60_000 });
    await (await crashed.begin()).put('left', randomBytes(1_000));
    const young = await crashed.begin();
    expect(young.holds('left')).toBe(true);
    await young.finish({ position: 1, manifest: MANIFEST, shards: [], bytes: 0 });
    expect(await chunks()).toHaveLength(3);
    const old = await open({ kept: 3, orphanAgeMs: 0 }).begin();
    expect(old.holds('left')).toBe(false);
    expect(await chunks()).toHaveLength(1);
    expect(await metas()).toBe(1);
    expect(await crashed.list()).toHaveLength(1);
  });

  it('finishes saving when the server is killed meanwhile, and what was saved survives', async () => {
    const store = open({ kept: 2 });
    const before = randomBytes(1_000_000);
    await save(store, 1, new Map([['before', before]]));
    const saving = await store.begin();
    const shards = new Map(Array.from({ length: 8 }, (_, i) => [`big.${i}`, new Uint8Array(randomBytes(8_000_000))]));
    const puts = [...shards].map(([shard, bytes]) => saving.put(shard, bytes));
    await nats.kill();
    await nats.restart();
    // Whoever was interrupted must not have its bytes written to: an attempt that was given up may still read them.
    expect(await Promise.all(puts)).toContain(false);
    await saving.finish({ position: 2, manifest: MANIFEST, shards: [...shards.keys()], bytes: 64_000_000 });
    const [newest, previous] = await store.list();
    expect([newest?.position, previous?.position]).toEqual([2, 1]);
    for (const [shard, bytes] of shards)
      expect(Buffer.compare(await read(store, newest?.name, shard, bytes.length), bytes)).toBe(0);
    expect(Buffer.compare(await read(store, previous?.name, 'before', before.length), before)).toBe(0);
  });
});
