/** The protocol of `/v1/live`: who gets in, what each message does, and what one client may never do to another. */
import { connect as connectTcp } from 'node:net';
import fc from 'fast-check';
import { Compile } from 'typebox/compile';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ServerMessage, ServerMessage as ServerMessageSchema } from '../../../api/live/messages.ts';
import { WeirError } from '../../../core/errors.ts';
import type { KpiDelta, OfferOutcome, Outcome } from '../../../core/outcomes/outcome.ts';
import {
  connectLive,
  createMemoryOutcomes,
  cursorsOf,
  type LiveClient,
  type LiveWorld,
  liveAuth,
  type MemoryOutcomes,
  startLiveWorld,
} from '../../support/live-world.ts';
import { until } from '../../support/until.ts';

const NOW = Date.now();
const HOUR_MS = 3_600_000;
let serial = 0;

function offer(customer: string, o: { validForMs?: number; offerId?: string } = {}): OfferOutcome {
  return {
    kind: 'offer',
    index: 0,
    offerId: o.offerId ?? `o-${++serial}`,
    campaignId: 'hotel',
    customer,
    timeMs: NOW,
    validUntilMs: NOW + (o.validForMs ?? HOUR_MS),
    title: '酒店',
    body: 'near you',
    reason: 'near',
    place: { id: 'p-1', name: 'Hôtel', category: 'hotel', lat: 1, lon: 2 },
    distanceM: 12.7,
    ruleId: 'r',
    ruleVersion: 1,
    rulesetVersion: 1,
    businessLine: '',
    channel: '',
    region: '',
    currency: '',
  };
}

function withdrawn(customer: string, offerId: string): Outcome {
  return { kind: 'withdrawn', index: 0, offerId, customer, timeMs: NOW, reason: 'sold out' };
}

function kpi(o: Partial<KpiDelta> = {}): KpiDelta {
  return {
    kind: 'kpi',
    secondMs: Math.floor(Date.now() / 1_000) * 1_000,
    businessLine: 'B2C',
    channel: 'app',
    region: 'Shanghai',
    currency: 'CNY',
    transactions: 1,
    volume: 100,
    approved: 1,
    declined: 0,
    fees: 3,
    costs: 1,
    alerts: 0,
    offers: 0,
    ...o,
  };
}

function alert(): Outcome {
  const id = ++serial;
  return {
    kind: 'alert',
    index: 0,
    alertId: `a-${id}`,
    eventId: `e-${id}`,
    source: 's',
    customer: 'c-1',
    timeMs: NOW,
    decision: 'review',
    score: 60,
    amount: 100,
    merchantId: 'm',
    rulesetVersion: 1,
    reasons: [{ ruleId: 'r', ruleVersion: 1, code: 'velocity', message: 'much' }],
    businessLine: 'B2C',
    channel: 'app',
    region: 'Shanghai',
    currency: 'CNY',
  };
}

const typesOf = (client: LiveClient): string[] => client.messages.map(({ type }) => type);
const idsOf = (messages: readonly ServerMessage[]): string[] =>
  messages.flatMap((message) => (message.type === 'offer' ? [message.data.offerId] : []));

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
      await until('subscribed', 2_000, () => typesOf(client).includes('subscribed'));
      await client.end();
    });

    it('a token in the first message, and takes what follows without waiting', async () => {
      const client = await connectLive(world.url);
      client.send({ type: 'auth', token: world.token('app', 'c-1') });
      client.send({ type: 'subscribe', channel: 'offers' });
      await until('subscribed', 2_000, () => typesOf(client).includes('subscribed'));
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
    await until('the refusals', 2_000, () => client.messages.length === bad.length);
    for (const message of client.messages) expect(message).toMatchObject({ type: 'error', code: 'socket.bad_message' });
    client.send({ type: 'subscribe', channel: 'kpis' });
    await until('figures', 2_000, () => typesOf(client).includes('kpis'));
    await client.end();
  });

  it('refuses a cursor that is none, and stays', async () => {
    const client = await world.connect('app', 'c-1');
    for (const cursor of ['x', '1', '-1.0', '1.2.3', '']) client.send({ type: 'subscribe', channel: 'offers', cursor });
    await until('the refusals', 2_000, () => client.messages.length === 5);
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
    await until('room', 2_000, async () => {
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
    await until('the confirmation', 2_000, () => client.messages.length > 0);
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
    await until('the refusal', 2_000, () => client.messages.length > 0);
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
    await until('the refusal', 2_000, () => client.messages.length > 0);
    expect(client.messages).toEqual([{ type: 'error', code: 'log.unavailable', message: 'not now' }]);
    await client.end();
    await world.close();
  });
});

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
    await until('subscribed', 2_000, () => typesOf(client).includes('subscribed'));
    return client;
  };

  it('come as the contract says', async () => {
    const client = await subscribe('c-1');
    log.append([offer('c-1', { offerId: 'x' })]);
    await until('the offer', 2_000, () => idsOf(client.messages).length === 1);
    expect(client.messages.at(-1)).toEqual({
      type: 'offer',
      cursor: '1.0',
      data: {
        offerId: 'x',
        campaignId: 'hotel',
        title: '酒店',
        body: 'near you',
        reason: 'near',
        time: new Date(NOW).toISOString(),
        validUntil: new Date(NOW + HOUR_MS).toISOString(),
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
    await until('the hub', 2_000, () => world.hub.outcomeSeq === 2);
    const client = await subscribe('c-1');
    log.append([offer('c-1', { offerId: 'live-old', validForMs: -1 }), offer('c-1', { offerId: 'live-new' })]);
    await until('the live one', 2_000, () => idsOf(client.messages).includes('live-new'));
    expect(idsOf(client.messages)).toEqual(['stored-new', 'held-new', 'live-new']);
    await client.end();
  });

  it('that were withdrawn are not shown, and those that were shown are taken back', async () => {
    log.append([offer('c-1', { offerId: 'a' })]);
    log.append([offer('c-1', { offerId: 'b' })]);
    log.store();
    // Withdrawn in the log, not yet in the store: only the hub knows.
    log.append([withdrawn('c-1', 'a')]);
    await until('the hub', 2_000, () => world.hub.outcomeSeq === 3);
    const client = await subscribe('c-1');
    await until('b', 2_000, () => idsOf(client.messages).includes('b'));
    log.append([withdrawn('c-1', 'b')]);
    await until('the withdrawal', 2_000, () =>
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
    await until('the hub', 2_000, () => tight.hub.outcomeSeq === 20);
    expect(tight.hub.offers.floorSeq).toBeGreaterThan(small.storedSeq);
    const client = await tight.connect('app', 'c-1');
    client.send({ type: 'subscribe', channel: 'offers', cursor: '2.0' });
    await until('a look at the store', 2_000, () => small.offerQueries >= 3);
    expect(cursorsOf(client.messages)).toEqual([]);
    small.append([offer('c-1')]);
    small.store(15);
    await until('all', 3_000, () => cursorsOf(client.messages).length === 19);
    expect(cursorsOf(client.messages)).toEqual(Array.from({ length: 19 }, (_, i) => `${i + 3}.0`));
    await client.end();
    await tight.close();
  });

  it('with a cursor of another log are told so, and all that holds follows', async () => {
    log.append([offer('c-1', { offerId: 'a' })]);
    await until('the hub', 2_000, () => world.hub.outcomeSeq === 1);
    const client = await subscribe('c-1', '999.0');
    await until('the offer', 5_000, () => idsOf(client.messages).includes('a'));
    expect(client.messages[1]).toMatchObject({ type: 'error', code: 'cursor.unknown' });
    await client.end();
  });

  it('in parts of a frame come when the frame is whole, in order', async () => {
    const client = await subscribe('c-1');
    log.append([offer('c-1', { offerId: 'p0' })], { part: 0, final: false, inputSeq: 7 });
    log.append([offer('c-1', { offerId: 'p1' })], { part: 1, final: true, inputSeq: 7 });
    await until('both', 2_000, () => idsOf(client.messages).length === 2);
    expect(idsOf(client.messages)).toEqual(['p0', 'p1']);
    expect(cursorsOf(client.messages)).toEqual(['1.0', '2.0']);
    expect(world.hub.position).toBe(7);
    await client.end();
  });

  it('go on after the hub began anew, without a gap', async () => {
    const client = await subscribe('c-1');
    log.append([offer('c-1', { offerId: 'a' })]);
    await until('a', 2_000, () => idsOf(client.messages).includes('a'));
    log.breakReaders(new Error('the log broke'));
    expect((await client.closed).code).toBe(1012);
    log.append([offer('c-1', { offerId: 'b' })]);
    const again = await until('a new socket', 5_000, async () => {
      const next = await world.connect('app', 'c-1');
      if (world.hub.following) return next;
      await next.end();
      return undefined;
    });
    again.send({ type: 'subscribe', channel: 'offers', cursor: cursorsOf(client.messages).at(-1) });
    await until('b', 3_000, () => idsOf(again.messages).includes('b'));
    expect(idsOf(again.messages)).toEqual(['b']);
    await again.end();
  });
});

describe('offers, for any log', () => {
  it('reach the sockets of their own customer only, each once and in order', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.integer({ min: 0, max: 19 }), { maxLength: 6 }), { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 40 }),
        async (frames, sockets) => {
          const log = createMemoryOutcomes();
          const world = await startLiveWorld(log);
          try {
            const clients = await Promise.all(
              Array.from({ length: sockets }, async (_, i) => {
                const customer = `c-${i % 20}`;
                const client = await world.connect('app', customer);
                client.send({ type: 'subscribe', channel: 'offers' });
                return { customer, client };
              }),
            );
            for (const frame of frames) log.append(frame.map((n) => offer(`c-${n}`)));
            for (const { customer, client } of clients) {
              const wanted = log.eventsOf(customer).map(({ seq, item }) => `${seq}.${item}`);
              await until(`the offers of ${customer}`, 5_000, () => cursorsOf(client.messages).length >= wanted.length);
            }
            for (const { customer, client } of clients) {
              const events = log.eventsOf(customer);
              expect(cursorsOf(client.messages)).toEqual(events.map(({ seq, item }) => `${seq}.${item}`));
              expect(idsOf(client.messages)).toEqual(events.map(({ value }) => value.offerId));
            }
          } finally {
            await world.close();
          }
        },
      ),
      { numRuns: 15, seed: 20_261_123 },
    );
  });

  it('are resumed exactly by cursor through random disconnects, store lag and a small memory', {
    timeout: 90_000,
  }, async () => {
    const action = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({
          do: fc.constant('append' as const),
          items: fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 0, maxLength: 5 }),
        }),
      },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('store' as const), lag: fc.integer({ min: 0, max: 3 }) }) },
      { weight: 3, arbitrary: fc.record({ do: fc.constant('drop' as const), wait: fc.integer({ min: 0, max: 4 }) }) },
      { weight: 1, arbitrary: fc.constant({ do: 'break' as const }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(action, { minLength: 10, maxLength: 60 }), async (actions) => {
        const log = createMemoryOutcomes();
        // A ring of three offers and pages of two: nearly every resume crosses store, ring and live.
        const world = await startLiveWorld(log, {
          env: { WEIR_RESUME_OFFERS_MAX: '2' },
          limits: { offers: { itemsKept: 3, itemsMax: 6 }, alerts: { itemsKept: 3, itemsMax: 6 } },
        });
        const received: string[] = [];
        let client: LiveClient | undefined;
        const open = async (): Promise<void> => {
          const cursor = received.at(-1);
          client = await until('a socket', 5_000, async () => {
            const next = await world.connect('app', 'c-0');
            if (next.socket.readyState === next.socket.OPEN) return next;
            return undefined;
          });
          const mine = client;
          mine.socket.on('message', (data) => {
            const message = JSON.parse(data.toString()) as ServerMessage;
            if (mine === client) received.push(...cursorsOf([message]));
          });
          mine.send({ type: 'subscribe', channel: 'offers', ...(cursor !== undefined && { cursor }) });
        };
        const drop = async (): Promise<void> => {
          const old = client;
          client = undefined;
          await old?.end();
        };
        try {
          await open();
          for (const step of actions) {
            if (step.do === 'append') log.append(step.items.map((n) => offer(`c-${n}`)));
            else if (step.do === 'store') log.store(Math.max(log.storedSeq, log.lastSeq - step.lag));
            else if (step.do === 'break') log.breakReaders(new Error('broken on purpose'));
            else {
              await drop();
              for (let turn = 0; turn < step.wait; turn++) await new Promise((resolve) => setImmediate(resolve));
              await open();
            }
            if (client?.socket.readyState !== client?.socket.OPEN) await drop().then(open);
          }
          const wanted = log.eventsOf('c-0').map(({ seq, item }) => `${seq}.${item}`);
          log.store();
          await until('everything', 10_000, async () => {
            if (client?.socket.readyState !== client?.socket.OPEN) await drop().then(open);
            return received.length >= wanted.length;
          });
          expect(received).toEqual(wanted);
        } finally {
          await drop();
          await world.close();
        }
      }),
      { numRuns: 25, seed: 20_261_123 },
    );
  });
});

describe('a slow client', () => {
  it('is cut off with 4408 while others get everything', { timeout: 30_000 }, async () => {
    const log = createMemoryOutcomes();
    const world = await startLiveWorld(log, { env: { WEIR_SOCKET_BUFFER_BYTES_MAX: '262144' } });
    const slow = await world.connect('app', 'slow');
    const fast = await world.connect('app', 'fast');
    for (const client of [slow, fast]) client.send({ type: 'subscribe', channel: 'offers' });
    await until('both', 2_000, () => [slow, fast].every((client) => typesOf(client).includes('subscribed')));
    slow.socket.pause();
    const body = 'x'.repeat(20_000);
    let sent = 0;
    await until('the cut', 20_000, async () => {
      for (let i = 0; i < 10; i++) log.append([{ ...offer('slow'), body }, offer('fast')]);
      sent += 10;
      await until('fast', 2_000, () => idsOf(fast.messages).length === sent);
      return (await world.metrics.getSingleMetricAsString('weir_live_slow_clients_total')).includes(' 1');
    });
    slow.socket.resume();
    expect([4408, 1006]).toContain((await slow.closed).code);
    log.append([offer('fast')]);
    await until('fast', 2_000, () => idsOf(fast.messages).length === sent + 1);
    await fast.end();
    await world.close();
  });
});

describe('figures', () => {
  it('start with a snapshot and go on with what is gained, at most four times a second', async () => {
    const log = createMemoryOutcomes();
    log.append([kpi({ transactions: 5, volume: 500 })]);
    log.store();
    const world = await startLiveWorld(log);
    const client = await world.connect('manager');
    const stop = setInterval(() => log.append([kpi()]), 5);
    client.send({ type: 'subscribe', channel: 'kpis', by: 'businessLine' });
    await new Promise((resolve) => setTimeout(resolve, 2_100));
    clearInterval(stop);
    await until('the end', 2_000, () => client.messages.some((m) => m.type === 'kpis' && m.position === log.lastSeq));
    const kpis = client.messages.filter((message) => message.type === 'kpis');
    expect(kpis.length).toBeLessThanOrEqual(12);
    expect(kpis.length).toBeGreaterThan(5);
    const [snapshot, ...increments] = kpis.map(({ data }) => data);
    if (snapshot?.mode !== 'snapshot') throw new Error('no snapshot came first');
    let transactions = snapshot.minutes.reduce((sum, cell) => sum + cell.transactions, 0);
    expect(snapshot.seconds.reduce((sum, cell) => sum + cell.transactions, 0)).toBe(transactions);
    for (const data of increments) {
      if (data.mode !== 'increment') throw new Error('a second snapshot came');
      for (const cell of data.cells) {
        transactions += cell.transactions;
        expect(cell).toMatchObject({ key: 'B2C', currency: 'CNY' });
      }
    }
    expect(transactions).toBe(5 + (log.lastSeq - 1));
    await client.end();
    await world.close();
  });

  it('join their snapshot exactly for sockets that come at any moment, for every grouping', {
    timeout: 30_000,
  }, async () => {
    const log = createMemoryOutcomes();
    const world = await startLiveWorld(log);
    const lines = ['B2B', 'B2C', ''];
    let n = 0;
    const feed = setInterval(() => {
      n++;
      log.append([
        kpi({
          businessLine: lines[n % 3] ?? '',
          channel: n % 2 ? 'app' : 'pos',
          volume: n,
          secondMs: Math.floor(Date.now() / 1_000) * 1_000 - (n % 90) * 1_000,
        }),
      ]);
      if (n % 50 === 0) log.store(n - 20);
    }, 2);
    const clients: { client: LiveClient; by: string | undefined }[] = [];
    for (const by of [undefined, 'businessLine', 'channel', 'region', 'currency', undefined, 'businessLine']) {
      const client = await world.connect('analyst');
      client.send({ type: 'subscribe', channel: 'kpis', ...(by !== undefined && { by }) });
      clients.push({ client, by });
      await new Promise((resolve) => setTimeout(resolve, 90));
    }
    clearInterval(feed);
    for (const { client } of clients) {
      await until('the end', 3_000, () => client.messages.some((m) => m.type === 'kpis' && m.position === log.lastSeq));
    }
    const dimension = (gain: KpiDelta | ReturnType<typeof log.gains>[number], by: string | undefined): string =>
      by === undefined ? '' : String(gain[by as 'businessLine']);
    for (const { client, by } of clients) {
      const sums = new Map<string, number>();
      for (const message of client.messages) {
        if (message.type !== 'kpis') continue;
        const cells = message.data.mode === 'snapshot' ? message.data.minutes : message.data.cells;
        for (const cell of cells) sums.set(cell.key, (sums.get(cell.key) ?? 0) + cell.volume);
      }
      const wanted = new Map<string, number>();
      for (const gain of log.gains(log.lastSeq))
        wanted.set(dimension(gain, by), (wanted.get(dimension(gain, by)) ?? 0) + gain.volume);
      expect([...sums].sort()).toEqual([...wanted].sort());
    }
    await Promise.all(clients.map(({ client }) => client.end()));
    await world.close();
  });
});

describe('alerts', () => {
  it('come live without a backlog, and after a cursor with one, exactly', async () => {
    const log = createMemoryOutcomes();
    const world = await startLiveWorld(log, {
      env: { WEIR_RESUME_OFFERS_MAX: '2' },
      limits: { offers: { itemsKept: 3, itemsMax: 400 }, alerts: { itemsKept: 3, itemsMax: 400 } },
    });
    for (let i = 0; i < 10; i++) log.append([alert(), alert()]);
    log.store(7);
    await until('the hub', 2_000, () => world.hub.outcomeSeq === 10);
    const live = await world.connect('analyst');
    const resumed = await world.connect('approver');
    live.send({ type: 'subscribe', channel: 'alerts' });
    resumed.send({ type: 'subscribe', channel: 'alerts', cursor: '2.0' });
    await until('both', 2_000, () => [live, resumed].every((client) => typesOf(client).includes('subscribed')));
    log.append([alert()]);
    const cursors = (client: LiveClient): string[] =>
      client.messages.flatMap((m) => (m.type === 'alert' ? [m.cursor] : []));
    await until('all', 3_000, () => cursors(live).includes('11.0') && cursors(resumed).includes('11.0'));
    expect(cursors(live)).toEqual(['11.0']);
    const wanted = ['2.1', ...Array.from({ length: 8 }, (_, i) => [`${i + 3}.0`, `${i + 3}.1`]).flat(), '11.0'];
    expect(cursors(resumed)).toEqual(wanted);
    const schema = Compile(ServerMessageSchema);
    for (const message of [...live.messages, ...resumed.messages]) expect(schema.Check(message)).toBe(true);
    await Promise.all([live.end(), resumed.end()]);
    await world.close();
  });
});
