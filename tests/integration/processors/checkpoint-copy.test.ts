import { appendFile, mkdtemp, readFile, rm, truncate, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { saveCheckpoint } from '../../../processors/checkpoints/save-checkpoint.ts';
import { storeWithCopy } from '../../../processors/checkpoints/store-with-copy.ts';
import { type Engine, restoreEngine } from '../../../processors/engine/engine.ts';
import { openCheckpointStore } from '../../../stream/checkpoints/checkpoint-store.ts';
import type { StreamConnection } from '../../../stream/connection.ts';
import { CHECKPOINT_BUCKET } from '../../../stream/topology.ts';
import { busyLog } from '../../support/engine/busy-log.ts';
import { engineAt, FRAMES, filesIn, openCopied, readsOf, stepTo } from '../../support/engine/copied-checkpoints.ts';
import { appendFrames, type StartedProcessor, startProcessor } from '../../support/engine/processor.ts';
import { wordsOf } from '../../support/engine/saved-states.ts';
import { type NatsFixture, startNats } from '../../support/stream/nats.ts';
import { until } from '../../support/until.ts';

let nats: NatsFixture;
let c: StreamConnection;
let root: string;
let directory: string;
let made = 0;
beforeAll(async () => {
  nats = await startNats();
  c = await nats.connect();
  root = await mkdtemp(join(tmpdir(), 'weir-copy-'));
});
afterAll(async () => {
  await nats.stop();
  await rm(root, { recursive: true, force: true });
});
beforeEach(async () => {
  await c.manager.streams.purge(`OBJ_${CHECKPOINT_BUCKET}`);
  directory = join(root, `copy-${made++}`);
});

const open = (bytesMax?: number) => openCopied(c, directory, bytesMax);

/** The digest of what was answered, and all words of the state: as if it had never been on a disk. */
function expectSame(restored: Engine, wanted: Engine): void {
  expect(restored.stats().digest).toBe(wanted.stats().digest);
  const inMemory = restoreEngine(wanted.snapshot());
  expect(Buffer.compare(wordsOf(restored.snapshot()), wordsOf(inMemory.snapshot()))).toBe(0);
}

/** An engine and its checkpoint, by a processor that has ended since; the names of its shards. */
async function saved(position: number): Promise<{ engine: Engine; shards: string[] }> {
  const engine = engineAt(position);
  await (await open()).save(engine);
  return { engine, shards: await filesIn(directory) };
}

describe('the copy of a checkpoint', () => {
  it('is all that a start reads, and brings back the same state', async () => {
    const { engine, shards } = await saved(100);
    expect(shards.length).toBeGreaterThan(8);
    const started = await open();
    const restored = await started.restore();
    expect(await readsOf(started)).toEqual({ copy: shards.length, store: 0, failed: 0 });
    expectSame(restored, engine);
    stepTo(restored, FRAMES);
    stepTo(engine, FRAMES);
    expect(restored.stats().digest).toBe(engine.stats().digest);
  });

  it.each([
    ['missing', 0, (path: string) => unlink(path)],
    ['shorter', 1, (path: string) => truncate(path, 4_096)],
    ['longer', 1, (path: string) => appendFile(path, Buffer.alloc(8))],
    ['altered in one bit', 1, alterOneBit],
    ['that of another shard', 1, async (path: string, other: string) => writeFile(path, await readFile(other))],
  ])(
    'is done without where a file is %s: that shard comes from the store, and is there at the next start',
    async (_, failed, spoil) => {
      const { engine, shards } = await saved(100);
      await spoil(join(directory, shards[0] ?? ''), join(directory, shards[1] ?? ''));
      const started = await open();
      expectSame(await started.restore(), engine);
      expect(await readsOf(started)).toEqual({ copy: shards.length - 1, store: 1, failed });
      const again = await open();
      expectSame(await again.restore(), engine);
      expect(await readsOf(again)).toEqual({ copy: shards.length, store: 0, failed: 0 });
    },
  );

  it('comes to be at a start from the store, on a disk that is new', async () => {
    const { engine, shards } = await saved(100);
    await rm(directory, { recursive: true });
    const first = await open();
    expectSame(await first.restore(), engine);
    expect(await readsOf(first)).toEqual({ copy: 0, store: shards.length, failed: 0 });
    expect(await filesIn(directory)).toEqual(shards);
    const second = await open();
    await second.restore();
    expect(await readsOf(second)).toEqual({ copy: shards.length, store: 0, failed: 0 });
  });

  it('holds the newest checkpoint alone, and nothing that a crash has left', async () => {
    const { engine, shards } = await saved(60);
    await writeFile(join(directory, `${shards[0]}.0123456789ab.part`), 'half');
    const next = await open();
    expect(await filesIn(directory)).toEqual(shards);
    stepTo(engine, 120);
    await next.save(engine);
    const files = await filesIn(directory);
    expect(files).toEqual(await next.shards());
    expect(files).not.toEqual(shards);
    expect(await next.figure('checkpoint_copy_bytes')).toBe(wordsOf(engine.snapshot()).length);
    const started = await open();
    expectSame(await started.restore(), engine);
    expect(await readsOf(started)).toEqual({ copy: files.length, store: 0, failed: 0 });
  });

  it('keeps the files of shards that did not change and are not written again', async () => {
    const engine = engineAt(200);
    const saving = await open();
    await saving.save(engine);
    const shards = await filesIn(directory);
    stepTo(engine, 201);
    await saving.save(engine);
    const files = await filesIn(directory);
    expect(files).toEqual(await saving.shards());
    expect(files.some((file) => shards.includes(file))).toBe(true);
    const started = await open();
    expectSame(await started.restore(), engine);
    expect(await readsOf(started)).toEqual({ copy: files.length, store: 0, failed: 0 });
  });

  it('disturbs neither a checkpoint nor a start where its directory cannot be, and says so once', async () => {
    directory = join(root, 'a-file', 'copy');
    await writeFile(join(root, 'a-file'), 'no directory');
    const engine = engineAt(100);
    const blocked = await open();
    await blocked.save(engine);
    expect(await blocked.figure('checkpoint_copy_failures_total{reason="write"}')).toBeGreaterThan(4);
    expect(blocked.warnings.filter((line) => line.includes('"reason":"write"'))).toHaveLength(1);
    expect(await blocked.figure('checkpoint_copy_bytes')).toBe(0);
    expectSame(await blocked.restore(), engine);
    expect((await readsOf(blocked)).copy).toBe(0);
  });

  it('takes no more than its bound, and reads the rest from the store', async () => {
    const engine = engineAt(100);
    const bytesMax = 5 * 32_768;
    const bounded = await open(bytesMax);
    await bounded.save(engine);
    stepTo(engine, 140);
    await bounded.save(engine);
    expect(await bounded.figure('checkpoint_copy_bytes')).toBe(bytesMax);
    expect(await bounded.figure('checkpoint_copy_failures_total{reason="full"}')).toBeGreaterThan(4);
    expect(await filesIn(directory)).toHaveLength(5);
    const started = await open(bytesMax);
    expectSame(await started.restore(), engine);
    expect(await readsOf(started)).toMatchObject({ copy: 5, failed: 0 });
  });

  it('is whole within a bound of little more than the state: earlier shards give way', async () => {
    const engine = engineAt(100);
    const bytesMax = wordsOf(engineAt(140).snapshot()).length + 4 * 32_768;
    const bounded = await open(bytesMax);
    await bounded.save(engine);
    stepTo(engine, 140);
    await bounded.save(engine);
    expect(await bounded.figure('checkpoint_copy_failures_total{reason="full"}')).toBe(0);
    const started = await open(bytesMax);
    expectSame(await started.restore(), engine);
    expect(await readsOf(started)).toMatchObject({ store: 0, failed: 0 });
  });

  it('of another Weir in the same directory is not used', async () => {
    const { engine, shards } = await saved(100);
    await c.manager.streams.purge(`OBJ_${CHECKPOINT_BUCKET}`);
    const other = engineAt(100, 8);
    await saveCheckpoint(other, openCheckpointStore(c, { kept: 3 }), async () => undefined);
    expect(engine.position).toBe(other.position);
    const started = await open();
    expectSame(await started.restore(), other);
    // What both wrote at the same position is the same bytes.
    const same = (await started.shards()).filter((shard) => shards.includes(shard)).length;
    expect(await readsOf(started)).toMatchObject({ copy: same, failed: 0 });
    expect(same).toBeLessThan(shards.length);
  });

  it('is not waited for where the disk hangs: what it may still read is not written to', async () => {
    const engine = engineAt(100);
    const never = () => new Promise<never>(() => undefined);
    const hung = storeWithCopy(
      openCheckpointStore(c, { kept: 3 }),
      { write: never, replace: never, keep: never, read: async () => false },
      { shardsRead: { inc: () => undefined } } as never,
    );
    const save = await hung.begin();
    expect(await save.put('0.1.0123456789abcdef', new Uint8Array(8))).toBe(false);
    await saveCheckpoint(engine, hung, async () => undefined);
    const started = await open();
    expectSame(await started.restore(), engine);
  });
});

describe('two processors in one directory', () => {
  it('start from the store where the other has removed what they looked for', async () => {
    const { engine } = await saved(60);
    const starting = await open();
    stepTo(engine, 120);
    await (await open()).save(engine);
    expectSame(await starting.restore(), engine);
    expect((await readsOf(starting)).failed).toBe(0);
  });

  it('leave each other their files, also one that slept and still believes to save', async () => {
    await saved(60);
    const sleeper = await open();
    const behind = await sleeper.restore();
    const successor = await open();
    const engine = engineAt(120);
    await successor.save(engine);
    const shards = await filesIn(directory);
    stepTo(behind, 90);
    await sleeper.save(behind);
    for (const shard of shards) expect(await filesIn(directory)).toContain(shard);
    const started = await open();
    expectSame(await started.restore(), engine);
    expect(await readsOf(started)).toEqual({ copy: shards.length, store: 0, failed: 0 });
  });
});

describe('a processor with a copy', () => {
  const read = async ({ metrics }: StartedProcessor, from: string): Promise<number> => {
    const text = await metrics.getSingleMetricAsString('weir_processor_checkpoint_shards_read_total');
    return Number(new RegExp(`from="${from}"} (\\d+)`).exec(text)?.[1] ?? 0);
  };

  it('starts from it after a stop and after a crash, and a standby keeps its own', async () => {
    const frames = busyLog(60);
    await appendFrames(c, frames.slice(0, 40));
    const own = { first: join(directory, 'processor'), second: join(directory, 'processor-2') };
    const first = await startProcessor(await nats.connect(), {}, own.first);
    await first.whenLeading;
    await until('the answers', 20_000, () => first.position === 40);
    await first.stop();
    const leader = await startProcessor(await nats.connect(), {}, own.first);
    expect(leader.position).toBe(40);
    expect([await read(leader, 'copy'), await read(leader, 'store')]).toEqual([1, 0]);
    const standby = await startProcessor(await nats.connect(), {}, own.second);
    expect([await read(standby, 'copy'), await read(standby, 'store')]).toEqual([0, 1]);
    await leader.whenLeading;
    const before = await filesIn(own.first);
    await appendFrames(c, frames.slice(40));
    // The one of another checkpoint: what is in the directory is written before it is removed there.
    await until('a checkpoint', 20_000, async () => {
      const files = await filesIn(own.first);
      return files.length === 1 && files[0] !== before[0];
    });
    await leader.abort();
    await until('the takeover', 20_000, () => standby.isLeading);
    const again = await startProcessor(await nats.connect(), {}, own.first);
    expect((await read(again, 'copy')) + (await read(again, 'store'))).toBe(1);
    await until('all answers', 20_000, () => standby.position === 60 && again.position === 60);
    expect(again.digest()).toBe(standby.digest());
    await again.stop();
    await standby.stop();
  });
});

async function alterOneBit(path: string): Promise<void> {
  const bytes = await readFile(path);
  bytes.writeUInt8(bytes.readUInt8(1_000) ^ 1, 1_000);
  await writeFile(path, bytes);
}
