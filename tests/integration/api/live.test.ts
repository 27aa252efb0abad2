/**
 * The live part on a real log and a real store while data flows: figures equal the store's at the same position (G6),
 * offers reach their own customer only, and sockets resume exactly (G7).
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KpisMessage, ServerMessage } from '../../../api/live/messages.ts';
import type { EventOf, WeirEvent } from '../../../core/events/event.ts';
import { type ApiStack, startApiStack } from '../../support/api/api-stack.ts';
import { cursorsOf, type LiveClient } from '../../support/api/live-world.ts';
import { transactionNumber } from '../../support/events/transactions.ts';
import { until } from '../../support/until.ts';

const MINUTE_MS = 60_000;
const CUSTOMERS = 12;

const RULES = [
  {
    id: 'large',
    version: 1,
    name: 'A large amount',
    on: ['transaction'],
    conditions: { all: [{ fact: 'transaction', path: '$.amount', operator: 'greaterThan', value: 70_000 }] },
    event: { type: 'fraud', params: { action: 'review', score: 60, code: 'large', message: 'A large amount' } },
  },
  {
    id: 'welcome',
    version: 1,
    name: 'An offer for each location',
    on: ['location'],
    conditions: { all: [{ fact: 'location', path: '$.lat', operator: 'greaterThan', value: 0 }] },
    event: {
      type: 'offer',
      params: {
        campaignId: 'w',
        title: 'Hello',
        body: 'You are near',
        reason: 'near',
        validFor: '2h',
        cooldown: '1ms',
      },
    },
  },
];

let serial = 0;

/** A transaction of about now; times spread over the last minutes. */
function transaction(): EventOf<'transaction'> {
  const n = ++serial;
  const base = transactionNumber(n);
  return {
    ...base,
    subject: `c-${n % CUSTOMERS}`,
    timeMs: Date.now() - ((n * 7_919) % (10 * MINUTE_MS)),
    receivedMs: Date.now(),
  };
}

function location(customer: string): EventOf<'location'> {
  const n = ++serial;
  return {
    type: 'location',
    id: `l-${n}`,
    source: 'phone',
    subject: customer,
    // Each a few milliseconds after the one before, so that none falls into the cooldown.
    timeMs: Date.now() - 30 * MINUTE_MS + n * 5,
    offsetMinutes: 0,
    receivedMs: Date.now(),
    data: { lat: 31.2, lon: 121.4 },
  };
}

interface Sums {
  transactions: number;
  volume: number;
  approved: number;
  declined: number;
  fees: number;
  costs: number;
  alerts: number;
  offers: number;
}
const NAMES = ['transactions', 'volume', 'approved', 'declined', 'fees', 'costs', 'alerts', 'offers'] as const;

/** What a screen shows after these messages, by minute, key and currency. */
function foldKpis(messages: readonly KpisMessage[]): Map<string, Sums> {
  const shown = new Map<string, Sums>();
  for (const { data } of messages) {
    for (const cell of data.mode === 'snapshot' ? data.minutes : data.cells) {
      const name = `${cell.time.slice(0, 16)} ${cell.key} ${cell.currency}`;
      const sums = shown.get(name) ?? {
        transactions: 0,
        volume: 0,
        approved: 0,
        declined: 0,
        fees: 0,
        costs: 0,
        alerts: 0,
        offers: 0,
      };
      for (const field of NAMES) sums[field] += cell[field];
      shown.set(name, sums);
    }
  }
  return shown;
}

describe('the live part', () => {
  let stack: ApiStack;
  beforeAll(async () => {
    // Little memory and small pages: most resumes cross the store, the memory of the hub and the live part.
    const ring = { itemsKept: 20, itemsMax: 200_000 };
    stack = await startApiStack({ env: { WEIR_RESUME_OFFERS_MAX: '7' }, limits: { offers: ring, alerts: ring } });
    await stack.activate(1, RULES);
    await stack.startProcessor();
    stack.startSink();
  });
  afterAll(() => stack.close());

  /** The same figures from rows at a position. */
  async function storedAt(position: number): Promise<Map<string, Sums>> {
    const rows = await stack.testStore.store.query(
      'test-figures',
      `SELECT formatDateTime(t, '%Y-%m-%dT%H:%i', 'UTC') AS minute, k, currency, sum(n) AS transactions, sum(v) AS volume,
 sum(a) AS approved, sum(d) AS declined, sum(f) AS fees, sum(c) AS costs, sum(al) AS alerts, sum(o) AS offers FROM (
 SELECT time AS t, toString(business_line) AS k, toString(currency) AS currency, 1 AS n, amount AS v, status = 'approved' AS a,
  status = 'declined' AS d, fee AS f, cost AS c, 0 AS al, 0 AS o FROM transactions WHERE input_seq <= {p:UInt64}
 UNION ALL SELECT time, toString(business_line), toString(currency), 0, 0, 0, 0, 0, 0, 1, 0 FROM alerts WHERE input_seq <= {p:UInt64}
 UNION ALL SELECT time, toString(business_line), toString(currency), 0, 0, 0, 0, 0, 0, 0, 1 FROM offers WHERE input_seq <= {p:UInt64})
GROUP BY minute, k, currency`,
      { p: position },
    );
    return new Map(
      rows.map((row) => [
        `${row.minute} ${row.k} ${row.currency}`,
        Object.fromEntries(NAMES.map((name) => [name, Number(row[name])])) as unknown as Sums,
      ]),
    );
  }

  it('shows at every position the figure that the store has for it, while data flows', {
    timeout: 90_000,
  }, async () => {
    let feeding = true;
    const feed = (async () => {
      while (feeding) {
        const events: WeirEvent[] = Array.from({ length: 20 }, transaction);
        events.push(location(`c-${serial % CUSTOMERS}`));
        await stack.append(events);
      }
    })();
    const clients: LiveClient[] = [];
    // Sockets come at any moment: before, between and after the sink's batches.
    for (let i = 0; i < 12; i++) {
      const client = await stack.connect('manager');
      client.send({ type: 'subscribe', channel: 'kpis', by: 'businessLine' });
      clients.push(client);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    feeding = false;
    await feed;
    await stack.settled();
    const kpisOf = (client: LiveClient): KpisMessage[] => client.messages.filter((message) => message.type === 'kpis');
    for (const client of clients) {
      await until('the last increment', 20_000, () => (kpisOf(client).at(-1)?.position ?? 0) >= stack.hub.position);
    }
    let compared = 0;
    for (const client of clients) {
      const kpis = kpisOf(client);
      const moments = [0, Math.floor(kpis.length / 2), kpis.length - 1];
      for (const moment of new Set(moments)) {
        const { position } = kpis[moment] as KpisMessage;
        expect([...foldKpis(kpis.slice(0, moment + 1))].sort(), `at position ${position}`).toEqual(
          [...(await storedAt(position))].sort(),
        );
        compared++;
      }
    }
    expect(compared).toBeGreaterThan(20);
    // And what the HTTP answer says is what the screen shows.
    const answer = await stack.get(
      `/v1/kpis?from=${Date.now() - 60 * MINUTE_MS}&to=${Date.now() + MINUTE_MS}&step=total`,
      'manager',
    );
    const { series, position } = answer.body as { series: { transactions: number }[]; position: number };
    const last = [...foldKpis(kpisOf(clients[0] as LiveClient)).values()];
    expect(position).toBe(stack.hub.position);
    expect(series.reduce((sum, row) => sum + row.transactions, 0)).toBe(
      last.reduce((sum, row) => sum + row.transactions, 0),
    );
    await Promise.all(clients.map((client) => client.end()));
  });

  it('begins anew at the figures of the store', { timeout: 60_000 }, async () => {
    // A second server on the same log and store: it starts from the store alone.
    await stack.settled();
    const first = await stack.connect('manager');
    first.send({ type: 'subscribe', channel: 'kpis', by: 'businessLine' });
    const snapshot = await until('a snapshot', 20_000, () => first.messages.find((message) => message.type === 'kpis'));
    expect([...foldKpis([snapshot as KpisMessage])].sort()).toEqual([...(await storedAt(snapshot.position))].sort());
    await first.end();
  });

  it('gives each customer their own offers only, each once, in order, through disconnects', {
    timeout: 90_000,
  }, async () => {
    const received = new Map<string, ServerMessage[]>();
    const sockets = new Map<string, LiveClient>();
    const customers = Array.from({ length: CUSTOMERS }, (_, i) => `c-${i}`);
    const since = stack.hub.outcomeSeq;
    const open = async (customer: string): Promise<void> => {
      const mine = received.get(customer) ?? [];
      received.set(customer, mine);
      const cursor = cursorsOf(mine).at(-1) ?? `${since}.999999`;
      const client = await stack.connect('app', customer);
      sockets.set(customer, client);
      client.socket.on('message', (data) => {
        if (sockets.get(customer) === client) mine.push(JSON.parse(data.toString()) as ServerMessage);
      });
      client.send({ type: 'subscribe', channel: 'offers', cursor });
    };
    await Promise.all(customers.map(open));
    let random = 20_261_123;
    const roll = (max: number): number => {
      random = (Math.imul(random, 1_103_515_245) + 12_345) >>> 0;
      return (random >>> 8) % max;
    };
    for (let round = 0; round < 150; round++) {
      await stack.append(Array.from({ length: 1 + roll(8) }, () => location(customers[roll(CUSTOMERS)] as string)));
      if (roll(2) === 0) {
        const victim = customers[roll(CUSTOMERS)] as string;
        const socket = sockets.get(victim);
        sockets.delete(victim);
        await socket?.end();
        if (roll(3) === 0) await stack.append(Array.from({ length: 10 }, () => location(victim)));
        if (roll(8) === 0) await stack.settled();
        await open(victim);
      }
    }
    await stack.settled();
    const stored = await stack.testStore.store.query(
      'test-offers',
      'SELECT customer, offer_id, outcome_seq, item FROM offers WHERE outcome_seq > {since:UInt64} ORDER BY outcome_seq, item',
      { since },
    );
    expect(stored.length).toBeGreaterThan(500);
    for (const customer of customers) {
      const wanted = stored.filter((row) => row.customer === customer);
      await until(
        `the offers of ${customer}`,
        10_000,
        () => cursorsOf(received.get(customer) ?? []).length >= wanted.length,
      );
    }
    for (const customer of customers) {
      const wanted = stored.filter((row) => row.customer === customer);
      const got = received.get(customer) ?? [];
      expect(cursorsOf(got)).toEqual(wanted.map((row) => `${row.outcome_seq}.${row.item}`));
      expect(got.flatMap((m) => (m.type === 'offer' ? [m.data.offerId] : []))).toEqual(
        wanted.map((row) => row.offer_id),
      );
    }
    // A socket that begins at the start reads all of it from the store, page by page, and the same.
    const fresh = await stack.connect('app', 'c-3');
    fresh.send({ type: 'subscribe', channel: 'offers', cursor: `${since}.999999` });
    const wanted = stored.filter((row) => row.customer === 'c-3');
    await until('the history', 10_000, () => cursorsOf(fresh.messages).length >= wanted.length);
    expect(cursorsOf(fresh.messages)).toEqual(wanted.map((row) => `${row.outcome_seq}.${row.item}`));
    await Promise.all([fresh.end(), ...[...sockets.values()].map((client) => client.end())]);
  });

  it('resumes across a restart of the log server', { timeout: 60_000 }, async () => {
    const client = await stack.connect('app', 'c-1');
    const cursor = `${stack.hub.outcomeSeq}.999999`;
    client.send({ type: 'subscribe', channel: 'offers', cursor });
    await until('subscribed', 20_000, () => client.messages.length > 0);
    await stack.append([location('c-1')]);
    await until('the first', 10_000, () => cursorsOf(client.messages).length === 1);
    await stack.nats.kill();
    await stack.nats.restart();
    await stack.append([location('c-1')]);
    await until('the second', 20_000, () => cursorsOf(client.messages).length === 2);
    await stack.settled();
    await client.end();
  });
});
