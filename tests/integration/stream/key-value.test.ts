import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type KeyValue, openKeyValue } from '../../../stream/key-value.ts';
import { STATE_BUCKET } from '../../../stream/topology.ts';
import { type NatsFixture, startNats } from '../../support/stream/nats.ts';
import { textEntry } from '../../support/stream/stream.ts';

let nats: NatsFixture;
let kv: KeyValue;
beforeAll(async () => {
  nats = await startNats();
  kv = openKeyValue(await nats.connect(), STATE_BUCKET);
});
afterAll(() => nats.stop());

async function read(key: string): Promise<string | undefined> {
  const entry = await kv.get(key);
  return entry === undefined ? undefined : new TextDecoder().decode(entry.value);
}

describe('key and value', () => {
  it('has nothing under a key that was never written', async () => {
    expect(await kv.get('nothing')).toBeUndefined();
  });

  it('creates a key once', async () => {
    const revision = await kv.create('once', textEntry('first'));
    expect(revision).toBeGreaterThan(0);
    expect(await kv.create('once', textEntry('second'))).toBeUndefined();
    expect(await kv.get('once')).toMatchObject({ revision });
    expect(await read('once')).toBe('first');
  });

  it('updates only from the revision that the writer has seen', async () => {
    const first = (await kv.create('lease', textEntry('a'))) ?? 0;
    const second = (await kv.update('lease', textEntry('b'), first)) ?? 0;
    expect(second).toBeGreaterThan(first);
    expect(await kv.update('lease', textEntry('c'), first)).toBeUndefined();
    expect(await read('lease')).toBe('b');
    await kv.put('lease', textEntry('d'));
    expect(await kv.update('lease', textEntry('e'), second)).toBeUndefined();
    expect(await read('lease')).toBe('d');
  });

  it('gives one of many writers at once the new revision', async () => {
    const revision = (await kv.create('race', textEntry('start'))) ?? 0;
    const other = openKeyValue(await nats.connect('other'), STATE_BUCKET);
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? kv : other).update('race', textEntry(`${i}`), revision)),
    );
    expect(results.filter((result) => result !== undefined)).toHaveLength(1);
    expect(await read('race')).toBe(String(results.findIndex((result) => result !== undefined)));
  });

  it('keeps what was written across a kill of the server', async () => {
    await kv.put('durable', textEntry('here'));
    await nats.kill();
    const reading = read('durable');
    await nats.restart();
    expect(await reading).toBe('here');
  });
});
