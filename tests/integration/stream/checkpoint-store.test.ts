import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openCheckpointStore } from '../../../stream/checkpoint-store.ts';
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

describe('the checkpoint store', () => {
  it('is empty at first', async () => {
    expect(await openCheckpointStore(c, { kept: 3 }).list()).toEqual([]);
  });

  it('gives back what was saved, byte for byte, whatever its size', async () => {
    const store = openCheckpointStore(c, { kept: 3 });
    for (const [position, size] of [
      [1, 0],
      [2, 1],
      [3, 5_000_001],
    ] as const) {
      const bytes = randomBytes(size);
      await store.save(position, bytes);
      const [newest] = await store.list();
      expect(newest).toMatchObject({ position, bytes: size });
      expect(Buffer.compare(await store.load(newest?.name ?? ''), bytes)).toBe(0);
    }
  });

  it('keeps the newest few and nothing of the others', async () => {
    const store = openCheckpointStore(c, { kept: 3 });
    for (let position = 10; position <= 100; position += 10) await store.save(position, randomBytes(1_200_000));
    expect((await store.list()).map((checkpoint) => checkpoint.position)).toEqual([100, 90, 80]);
    expect((await chunks()).map(([, count]) => count)).toEqual([3, 3, 3]);
    expect((await c.manager.streams.info(STREAM)).state.messages).toBe(3 * 3 + 3);
  });

  it.each(['one chunk', 'every chunk'])(
    'says that a checkpoint is damaged when %s is missing, and still loads the one before it',
    async (lost) => {
      const store = openCheckpointStore(c, { kept: 3 });
      const good = randomBytes(2_000_000);
      await store.save(1, good);
      const goodChunks = new Set((await chunks()).map(([subject]) => subject));
      await store.save(2, randomBytes(2_000_000));
      const [damaged] = (await chunks()).map(([subject]) => subject).filter((subject) => !goodChunks.has(subject));
      const chunk = await c.manager.streams.getMessage(STREAM, { last_by_subj: damaged ?? '' });
      if (lost === 'one chunk') await c.manager.streams.deleteMessage(STREAM, chunk?.seq ?? 0);
      else await c.manager.streams.purge(STREAM, { filter: damaged ?? '' });
      const [newest, previous] = await store.list();
      await expect(store.load(newest?.name ?? '')).rejects.toMatchObject({ code: 'checkpoint.damaged' });
      expect(Buffer.compare(await store.load(previous?.name ?? ''), good)).toBe(0);
    },
  );

  it('says that a checkpoint is damaged when its bytes changed', async () => {
    const store = openCheckpointStore(c, { kept: 1 });
    await store.save(1, randomBytes(400_000));
    const [[subject] = ['']] = await chunks();
    const chunk = await c.manager.streams.getMessage(STREAM, { last_by_subj: subject });
    const changed = Buffer.from(chunk?.data ?? []);
    changed.writeUInt8(changed.readUInt8(1_000) ^ 1, 1_000);
    await c.manager.streams.deleteMessage(STREAM, chunk?.seq ?? 0);
    await c.jetstream.publish(subject, changed);
    const [newest] = await store.list();
    await expect(store.load(newest?.name ?? '')).rejects.toMatchObject({ code: 'checkpoint.damaged' });
  });

  it('says so when there is no such checkpoint', async () => {
    await expect(openCheckpointStore(c, { kept: 1 }).load('slot-9')).rejects.toMatchObject({
      code: 'checkpoint.damaged',
    });
  });

  it('removes the chunks that a crash in the middle of saving has left', async () => {
    await c.jetstream.publish(`$O.${CHECKPOINT_BUCKET}.C.unfinished`, randomBytes(1_000));
    const store = openCheckpointStore(c, { kept: 3 });
    await store.save(1, randomBytes(1_000));
    expect((await chunks()).map(([subject]) => subject)).not.toContain(`$O.${CHECKPOINT_BUCKET}.C.unfinished`);
    expect(await store.list()).toHaveLength(1);
  });

  it('finishes saving when the server is killed meanwhile, and what was saved survives', async () => {
    const store = openCheckpointStore(c, { kept: 2 });
    const before = randomBytes(1_000_000);
    await store.save(1, before);
    const bytes = randomBytes(60_000_000);
    const saving = store.save(2, bytes);
    await nats.kill();
    await nats.restart();
    await saving;
    const [newest, previous] = await store.list();
    expect([newest?.position, previous?.position]).toEqual([2, 1]);
    expect(Buffer.compare(await store.load(newest?.name ?? ''), bytes)).toBe(0);
    expect(Buffer.compare(await store.load(previous?.name ?? ''), before)).toBe(0);
  });
});
