/** Offers over `/v1/live`: what is shown, taken back and waited for, and what a slow client may never do to another. */
import { Compile } from 'typebox/compile';
import { beforeEach, describe, expect, it } from 'vitest';
import { ServerMessage as ServerMessageSchema } from '../../../api/live/messages.ts';
import { HOUR_MS, idsOf, NOW_MS, offer, typesOf, withdrawn } from '../../support/api/live-outcomes.ts';
import {
  createMemoryOutcomes,
  cursorsOf,
  type LiveClient,
  type LiveWorld,
  type MemoryOutcomes,
  startLiveWorld,
} from '../../support/api/live-world.ts';
import { until } from '../../support/until.ts';

describe('offers', () => {
  let log: MemoryOutcomes;
  let world: LiveWorld;
  beforeEach(async () => {
    log = createMemoryOutcomes();
    world = await startLiveWorld(log);
    return () => world.close();
  });

  const subscribe = async (customer: string, cursor?: string): Promise<LiveClient> => {
    const client = await world.connect('app', customer);
    client.send({ type: 'subscribe', channel: 'offers', ...(cursor !== undefined && { cursor }) });
    await until('subscribed', 20_000, () => typesOf(client).includes('subscribed'));
    return client;
  };

  it('come as the contract says', async () => {
    const client = await subscribe('c-1');
    log.append([offer('c-1', { offerId: 'x' })]);
    await until('the offer', 20_000, () => idsOf(client.messages).length === 1);
    expect(client.messages.at(-1)).toEqual({
      type: 'offer',
      cursor: '1.0',
      data: {
        offerId: 'x',
        campaignId: 'hotel',
        title: '酒店',
        body: 'near you',
        reason: 'near',
        time: new Date(NOW_MS).toISOString(),
        validUntil: new Date(NOW_MS + HOUR_MS).toISOString(),
        place: { id: 'p-1', name: 'Hôtel', category: 'hotel', lat: 1, lon: 2 },
        distanceM: 13,
      },
    });
    const schema = Compile(ServerMessageSchema);
    for (const message of client.messages) expect(schema.Check(message)).toBe(true);
    await client.end();
  });

  it('that have expired are not shown, live, from memory or from the store', async () => {
    log.append([offer('c-1', { offerId: 'stored-old', validForMs: -1 }), offer('c-1', { offerId: 'stored-new' })]);
    log.store();
    log.append([offer('c-1', { offerId: 'held-old', validForMs: -1 }), offer('c-1', { offerId: 'held-new' })]);
    await until('the hub', 20_000, () => world.hub.outcomeSeq === 2);
    const client = await subscribe('c-1');
    log.append([offer('c-1', { offerId: 'live-old', validForMs: -1 }), offer('c-1', { offerId: 'live-new' })]);
    await until('the live one', 20_000, () => idsOf(client.messages).includes('live-new'));
    expect(idsOf(client.messages)).toEqual(['stored-new', 'held-new', 'live-new']);
    await client.end();
  });

  it('that were withdrawn are not shown, and those that were shown are taken back', async () => {
    log.append([offer('c-1', { offerId: 'a' })]);
    log.append([offer('c-1', { offerId: 'b' })]);
    log.store();
    // Withdrawn in the log, not yet in the store: only the hub knows.
    log.append([withdrawn('c-1', 'a')]);
    await until('the hub', 20_000, () => world.hub.outcomeSeq === 3);
    const client = await subscribe('c-1');
    await until('b', 20_000, () => idsOf(client.messages).includes('b'));
    log.append([withdrawn('c-1', 'b')]);
    await until('the withdrawal', 20_000, () =>
      client.messages.some((message) => message.type === 'withdrawn' && message.data.offerId === 'b'),
    );
    expect(idsOf(client.messages)).toEqual(['b']);
    await client.end();
  });

  it('that have left memory before the store had them are waited for, not skipped', async () => {
    const small = createMemoryOutcomes();
    const tight = await startLiveWorld(small, {
      limits: { offers: { itemsKept: 3, itemsMax: 6 }, alerts: { itemsKept: 3, itemsMax: 6 } },
    });
    for (let i = 0; i < 20; i++) small.append([offer('c-1')]);
    await until('the hub', 20_000, () => tight.hub.outcomeSeq === 20);
    expect(tight.hub.offers.floorSeq).toBeGreaterThan(small.storedSeq);
    const client = await tight.connect('app', 'c-1');
    client.send({ type: 'subscribe', channel: 'offers', cursor: '2.0' });
    await until('a look at the store', 20_000, () => small.offerQueries >= 3);
    expect(cursorsOf(client.messages)).toEqual([]);
    small.append([offer('c-1')]);
    small.store(15);
    await until('all', 20_000, () => cursorsOf(client.messages).length === 19);
    expect(cursorsOf(client.messages)).toEqual(Array.from({ length: 19 }, (_, i) => `${i + 3}.0`));
    await client.end();
    await tight.close();
  });

  it('with a cursor of another log are told so, and all that holds follows', async () => {
    log.append([offer('c-1', { offerId: 'a' })]);
    await until('the hub', 20_000, () => world.hub.outcomeSeq === 1);
    const client = await subscribe('c-1', '999.0');
    await until('the offer', 20_000, () => idsOf(client.messages).includes('a'));
    expect(client.messages[1]).toMatchObject({ type: 'error', code: 'cursor.unknown' });
    await client.end();
  });

  it('in parts of a frame come when the frame is whole, in order', async () => {
    const client = await subscribe('c-1');
    log.append([offer('c-1', { offerId: 'p0' })], { part: 0, final: false, inputSeq: 7 });
    log.append([offer('c-1', { offerId: 'p1' })], { part: 1, final: true, inputSeq: 7 });
    await until('both', 20_000, () => idsOf(client.messages).length === 2);
    expect(idsOf(client.messages)).toEqual(['p0', 'p1']);
    expect(cursorsOf(client.messages)).toEqual(['1.0', '2.0']);
    expect(world.hub.position).toBe(7);
    await client.end();
  });

  it('go on after the hub began anew, without a gap', async () => {
    const client = await subscribe('c-1');
    log.append([offer('c-1', { offerId: 'a' })]);
    await until('a', 20_000, () => idsOf(client.messages).includes('a'));
    log.breakReaders(new Error('the log broke'));
    expect((await client.closed).code).toBe(1012);
    log.append([offer('c-1', { offerId: 'b' })]);
    const again = await until('a new socket', 20_000, async () => {
      const next = await world.connect('app', 'c-1');
      if (world.hub.following) return next;
      await next.end();
      return undefined;
    });
    again.send({ type: 'subscribe', channel: 'offers', cursor: cursorsOf(client.messages).at(-1) });
    await until('b', 20_000, () => idsOf(again.messages).includes('b'));
    expect(idsOf(again.messages)).toEqual(['b']);
    await again.end();
  });
});

describe('a slow client', () => {
  it('is cut off with 4408 while others get everything', { timeout: 30_000 }, async () => {
    const log = createMemoryOutcomes();
    const world = await startLiveWorld(log, { env: { WEIR_SOCKET_BUFFER_BYTES_MAX: '262144' } });
    const slow = await world.connect('app', 'slow');
    const fast = await world.connect('app', 'fast');
    for (const client of [slow, fast]) client.send({ type: 'subscribe', channel: 'offers' });
    await until('both', 20_000, () => [slow, fast].every((client) => typesOf(client).includes('subscribed')));
    slow.socket.pause();
    const body = 'x'.repeat(20_000);
    let sent = 0;
    await until('the cut', 20_000, async () => {
      for (let i = 0; i < 10; i++) log.append([{ ...offer('slow'), body }, offer('fast')]);
      sent += 10;
      await until('fast', 20_000, () => idsOf(fast.messages).length === sent);
      return (await world.metrics.getSingleMetricAsString('weir_live_slow_clients_total')).includes(' 1');
    });
    slow.socket.resume();
    expect([4408, 1006]).toContain((await slow.closed).code);
    log.append([offer('fast')]);
    await until('fast', 20_000, () => idsOf(fast.messages).length === sent + 1);
    await fast.end();
    await world.close();
  });
});
