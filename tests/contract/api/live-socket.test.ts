/** The protocol of `/v1/live`: who gets in, what each message does, and what ends a socket. */
import { connect as connectTcp } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WeirError } from '../../../core/errors.ts';
import { typesOf } from '../../support/api/live-outcomes.ts';
import {
  connectLive,
  createMemoryOutcomes,
  type LiveClient,
  type LiveWorld,
  liveAuth,
  type MemoryOutcomes,
  startLiveWorld,
} from '../../support/api/live-world.ts';
import { until } from '../../support/until.ts';

describe('a live socket', () => {
  let log: MemoryOutcomes;
  let world: LiveWorld;
  beforeAll(async () => {
    log = createMemoryOutcomes();
    world = await startLiveWorld(log, { env: { WEIR_SOCKETS_MAX: '50' } });
  });
  afterAll(() => world.close());

  describe('lets in', () => {
    it('a token in the header', async () => {
      const client = await world.connect('app', 'c-1');
      client.send({ type: 'subscribe', channel: 'offers' });
      await until('subscribed', 20_000, () => typesOf(client).includes('subscribed'));
      await client.end();
    });

    it('a token in the first message, and takes what follows without waiting', async () => {
      const client = await connectLive(world.url);
      client.send({ type: 'auth', token: world.token('app', 'c-1') });
      client.send({ type: 'subscribe', channel: 'offers' });
      await until('subscribed', 20_000, () => typesOf(client).includes('subscribed'));
      expect(client.messages[0]).toEqual({ type: 'ok', for: 'auth' });
      await client.end();
    });
  });

  describe('closes with 4401', () => {
    it('without a token within five seconds', async () => {
      const startedMs = performance.now();
      const client = await connectLive(world.url);
      expect((await client.closed).code).toBe(4401);
      const tookMs = performance.now() - startedMs;
      expect(tookMs).toBeGreaterThan(4_800);
      expect(tookMs).toBeLessThan(6_500);
    });

    it.each([
      ['a forged token in the header', 'abc.def.ghi'],
      ['a token of another secret', `${liveAuth.sign({ role: 'app', sub: 'c', ttlSeconds: 60 }).slice(0, -4)}AAAA`],
    ])('%s', async (_name, token) => {
      const client = await connectLive(world.url, token);
      expect((await client.closed).code).toBe(4401);
    });

    it('another first message than auth', async () => {
      const client = await connectLive(world.url);
      client.send({ type: 'subscribe', channel: 'kpis' });
      expect((await client.closed).code).toBe(4401);
      expect(client.messages).toEqual([]);
    });

    it('a forged token in the first message', async () => {
      const client = await connectLive(world.url);
      client.send({ type: 'auth', token: 'abc.def.ghi' });
      expect((await client.closed).code).toBe(4401);
    });
  });

  it.each([
    ['app', 'kpis'],
    ['app', 'alerts'],
    ['manager', 'offers'],
    ['ingest', 'alerts'],
    ['analyst', 'offers'],
    ['ingest', 'kpis'],
    ['ingest', 'offers'],
  ] as const)('closes with 4403 when %s asks for %s', async (role, channel) => {
    const client = await world.connect(role);
    client.send({ type: 'subscribe', channel });
    expect((await client.closed).code).toBe(4403);
    expect(client.messages).toEqual([]);
  });

  it('answers what it does not understand, and stays', async () => {
    const client = await world.connect('manager');
    const bad = [
      '{"type":',
      'null',
      '[]',
      '42',
      '{"type":"unknown"}',
      '{"type":"subscribe","channel":"decisions"}',
      '{"type":"subscribe","channel":"kpis","by":"customer"}',
      '{"type":"feedback","offerId":"","action":"seen"}',
      '{"type":"feedback","offerId":"o","action":"eaten"}',
      '{"type":"auth","token":"again"}',
      '{"__proto__":{"type":"subscribe"}}',
    ];
    for (const text of bad) client.send(text);
    await until('the refusals', 20_000, () => client.messages.length === bad.length);
    for (const message of client.messages) expect(message).toMatchObject({ type: 'error', code: 'socket.bad_message' });
    client.send({ type: 'subscribe', channel: 'kpis' });
    await until('figures', 20_000, () => typesOf(client).includes('kpis'));
    await client.end();
  });

  it('refuses a cursor that is none, and stays', async () => {
    const client = await world.connect('app', 'c-1');
    for (const cursor of ['x', '1', '-1.0', '1.2.3', '']) client.send({ type: 'subscribe', channel: 'offers', cursor });
    await until('the refusals', 20_000, () => client.messages.length === 5);
    for (const message of client.messages) expect(message.type).toBe('error');
    await client.end();
  });

  it('closes on a message that is too large, on binary ones, and on a flood', async () => {
    const large = await world.connect('app', 'c-1');
    large.send('x'.repeat(20_000));
    expect((await large.closed).code).toBe(1009);
    const binary = await world.connect('app', 'c-1');
    binary.socket.send(Buffer.from([1, 2, 3]));
    expect((await binary.closed).code).toBe(1003);
    const flood = await world.connect('app', 'c-1');
    for (let i = 0; i < 500; i++) flood.send('{}');
    expect((await flood.closed).code).toBe(1008);
  });

  it('is told no more sockets fit past the limit', async () => {
    const clients = await Promise.all(Array.from({ length: 50 }, () => world.connect('app', 'c-1')));
    const extra = await world.connect('app', 'c-1');
    expect((await extra.closed).code).toBe(1013);
    await Promise.all(clients.map((client) => client.end()));
    await until('room', 20_000, async () => {
      const again = await world.connect('app', 'c-1');
      again.send({ type: 'subscribe', channel: 'offers' });
      const got = await Promise.race([
        again.closed.then(() => false),
        until('subscribed', 1_000, () => again.messages.length > 0).then(() => true),
      ]);
      await again.end();
      return got;
    });
  });

  it('exists at /v1/live only', async () => {
    const answer = await new Promise<string>((resolve) => {
      const port = Number(new URL(world.url).port);
      const socket = connectTcp(port, '127.0.0.1', () =>
        socket.write(
          'GET /other HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
        ),
      );
      let text = '';
      socket.on('data', (chunk) => {
        text += chunk.toString();
      });
      socket.on('close', () => resolve(text));
    });
    expect(answer).toMatch(/^HTTP\/1\.1 404 /);
    expect(answer).toContain('request.not_found');
  });

  it('carries feedback into the log and confirms it', async () => {
    const client = await world.connect('app', 'c-77');
    client.send({ type: 'feedback', offerId: 'o-1', action: 'accepted' });
    await until('the confirmation', 20_000, () => client.messages.length > 0);
    expect(client.messages).toEqual([{ type: 'ok', for: 'feedback', offerId: 'o-1' }]);
    expect(world.feedback.at(-1)).toMatchObject({
      type: 'offer_feedback',
      subject: 'c-77',
      data: { offerId: 'o-1', action: 'accepted' },
    });
    await client.end();
  });

  it('takes feedback from customers only', async () => {
    const client = await world.connect('manager');
    const before = world.feedback.length;
    client.send({ type: 'feedback', offerId: 'o-1', action: 'seen' });
    await until('the refusal', 20_000, () => client.messages.length > 0);
    expect(client.messages).toMatchObject([{ type: 'error', code: 'auth.forbidden' }]);
    expect(world.feedback.length).toBe(before);
    await client.end();
  });
});

describe('a socket that has outlived its use', () => {
  it('is closed: when its peer is gone, when it subscribes to nothing, when its token ends', {
    timeout: 20_000,
  }, async () => {
    const world = await startLiveWorld(createMemoryOutcomes(), {
      times: { authTimeoutMs: 5_000, idleTimeoutMs: 1_500, pingIntervalMs: 200 },
    });
    const opened = (client: LiveClient): LiveClient => {
      client.send({ type: 'subscribe', channel: 'offers' });
      return client;
    };
    const healthy = opened(await world.connect('app', 'c-1'));
    const gone = opened(await connectLive(world.url, world.token('app', 'c-1'), { autoPong: false }));
    const idle = await world.connect('app', 'c-1');
    const expiring = opened(await connectLive(world.url, world.token('app', 'c-1', 2)));
    expect((await gone.closed).code).toBe(1006);
    expect((await idle.closed).code).toBe(1001);
    expect((await expiring.closed).code).toBe(4401);
    expect(healthy.socket.readyState).toBe(healthy.socket.OPEN);
    await world.close();
    expect((await healthy.closed).code).toBe(1001);
  });
});

describe('feedback', () => {
  it('that the log refuses is answered with its code', async () => {
    const world = await startLiveWorld(createMemoryOutcomes(), {
      submitEvent: async () => {
        throw new WeirError('log.unavailable', 'not now');
      },
    });
    const client = await world.connect('app', 'c-1');
    client.send({ type: 'feedback', offerId: 'o-1', action: 'seen' });
    await until('the refusal', 20_000, () => client.messages.length > 0);
    expect(client.messages).toEqual([{ type: 'error', code: 'log.unavailable', message: 'not now' }]);
    await client.end();
    await world.close();
  });
});
