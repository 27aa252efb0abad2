import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EventOf, WeirEvent } from '../../../core/events/event.ts';
import { distanceM } from '../../../core/geo.ts';
import { alertsAfter, alertsBefore } from '../../../storage/queries/alerts.ts';
import { decisionsOfCustomer } from '../../../storage/queries/decisions.ts';
import {
  billsOfCustomer,
  eventsOfCustomer,
  labelsOfTransaction,
  locationsOfCustomer,
  profilesOfCustomer,
  transactionsOfCustomer,
} from '../../../storage/queries/events.ts';
import { offersOfCustomer } from '../../../storage/queries/offers.ts';
import { placesNear } from '../../../storage/queries/places.ts';
import { quarantineBefore } from '../../../storage/queries/quarantine.ts';
import { recentCustomers } from '../../../storage/queries/recent-customers.ts';
import { storeTotals } from '../../../storage/queries/store-totals.ts';
import { type QuarantineRow, runQuarantineSink } from '../../../storage/sink/run-quarantine-sink.ts';
import { transactionNumber } from '../../support/events/transactions.ts';
import { memoryLog, outcomeFrame, outcomesOf } from '../../support/storage/outcome-frames.ts';
import { startSink } from '../../support/storage/run-sink.ts';
import { silentLog, startTestStore, type TestStore } from '../../support/storage/store.ts';

const base = { source: 's', offsetMinutes: 60, receivedMs: 1_790_000_000_000 };
const location = (n: number, subject: string): EventOf<'location'> => ({
  ...base,
  type: 'location',
  id: `l-${n}`,
  subject,
  timeMs: 1_700_000_000_000 + n,
  data: { lat: n / 10, lon: -n / 10 },
});
const place = (id: string, lat: number, lon: number, category: string, name = id): EventOf<'place'> => ({
  ...base,
  type: 'place',
  id: `e-${id}-${name}`,
  subject: id,
  timeMs: 1,
  data: { name, category, lat, lon },
});

const own: WeirEvent[] = [
  {
    ...base,
    type: 'bill',
    id: 'b',
    subject: 'c-99',
    timeMs: 6,
    data: { amount: 5, currency: 'CNY', dueDate: '2026-12-01', paid: false },
  },
  { ...base, type: 'profile', id: 'p', subject: 'c-99', timeMs: 7, data: { name: 'Ana', links: ['phone:+1'] } },
  { ...base, type: 'offer_feedback', id: 'f', subject: 'c-99', timeMs: 8, data: { offerId: 'o', action: 'seen' } },
];

let t: TestStore;
const transactions = Array.from({ length: 400 }, (_, n) => ({ ...transactionNumber(n), subject: `c-${n % 9}` }));

beforeAll(async () => {
  t = await startTestStore();
  const events: WeirEvent[] = [
    ...transactions,
    ...Array.from({ length: 30 }, (_, n) => location(n, 'c-1')),
    place('h-1', 39.9, 116.4, 'hotel', 'old name'),
    place('h-1', 39.9001, 116.4001, 'hotel', 'new name'),
    place('h-2', 39.95, 116.4, 'hotel'),
    place('s-1', 39.9, 116.41, 'supermarket'),
    place('far', 31.2, 121.4, 'hotel'),
    place('dateline', 0.001, -179.999, 'bank'),
    ...own,
    { ...base, type: 'label', id: 'lab', subject: 'c-1', timeMs: 5, data: { transactionId: 't-3', fraud: true } },
  ];
  const frames: Uint8Array[] = [];
  for (let i = 0; i < events.length; i += 7) frames.push(outcomeFrame(i + 1, outcomesOf(events.slice(i, i + 7))));
  await startSink(t.store, frames).done;
});
afterAll(() => t.close());

describe('queries', () => {
  test("a customer's history comes newest first, pages by time, and holds nobody else's rows", async () => {
    const mine = transactions.filter((event) => event.subject === 'c-4').reverse();
    const first = await transactionsOfCustomer(t.store, 'c-4', { limit: 20 });
    expect(first.map(({ event }) => event)).toEqual(mine.slice(0, 20));
    const next = await transactionsOfCustomer(t.store, 'c-4', { beforeMs: first.at(-1)?.event.timeMs ?? 0 });
    expect(next.map(({ event }) => event)).toEqual(mine.slice(20));
    expect((await decisionsOfCustomer(t.store, 'c-4')).map(({ eventId }) => eventId)).toEqual(mine.map(({ id }) => id));
    expect((await locationsOfCustomer(t.store, 'c-1', { limit: 3 })).map(({ event }) => event.id)).toEqual([
      'l-29',
      'l-28',
      'l-27',
    ]);
    expect(await offersOfCustomer(t.store, 'c-1')).toHaveLength(30);
    const others = [
      await billsOfCustomer(t.store, 'c-99'),
      await profilesOfCustomer(t.store, 'c-99'),
      await eventsOfCustomer(t.store, 'offer_feedback', 'c-99'),
    ];
    expect(others.flatMap((stored) => stored.map(({ event }) => event))).toEqual(own);
    expect(await transactionsOfCustomer(t.store, "c-4' OR '1'='1")).toEqual([]);
    expect((await labelsOfTransaction(t.store, 't-3')).map(({ event }) => event.data.fraud)).toEqual([true]);
  });

  test('alerts page backwards and forwards over every alert once', async () => {
    const wanted = transactions.filter((event) => event.data.amount % 3 === 0).map((event) => `a-pos-gw-${event.id}`);
    const backwards: string[] = [];
    for (let cursor: string | undefined; ; ) {
      const { alerts } = await alertsBefore(t.store, cursor, 17);
      backwards.push(...alerts.map(({ alertId }) => alertId));
      cursor = alerts.at(-1)?.cursor;
      if (alerts.length < 17) break;
    }
    expect(backwards.reverse()).toEqual(wanted);
    const forwards: string[] = [];
    for (let cursor = '0.0'; ; ) {
      const { alerts } = await alertsAfter(t.store, cursor, 17);
      forwards.push(...alerts.map(({ alertId }) => alertId));
      if (alerts.length < 17) break;
      cursor = alerts.at(-1)?.cursor ?? cursor;
    }
    expect(forwards).toEqual(wanted);
  });

  test('places are their newest form, by distance, across the date line', async () => {
    const hotels = await placesNear(t.store, { lat: 39.9, lon: 116.4, radiusM: 20_000, category: 'hotel' });
    expect(hotels.map(({ event }) => event.data.name)).toEqual(['new name', 'h-2']);
    expect(hotels[1]?.distanceM).toBeCloseTo(distanceM(39.9, 116.4, 39.95, 116.4), -2);
    const all = await placesNear(t.store, { lat: 39.9, lon: 116.4, radiusM: 20_000 });
    expect(all.map(({ event }) => event.subject)).toEqual(['h-1', 's-1', 'h-2']);
    expect(await placesNear(t.store, { lat: 0, lon: 179.999, radiusM: 1_000 })).toHaveLength(1);
    expect((await storeTotals(t.store)).rows.places).toBe(5);
  });

  test('recent customers come in the order of the log', async () => {
    const recent = await recentCustomers(t.store, 3);
    expect(recent[0]).toEqual({ customer: 'c-1', lastTimeMs: 1_700_000_000_000 + 397 * 37, events: 30 + 45 });
    expect(recent).toHaveLength(3);
  });
});

describe('the quarantine sink', () => {
  const row = (n: number): QuarantineRow => ({
    id: `q-${n}`,
    atMs: 1_790_000_000_000 + n,
    origin: 'http',
    producer: 'pos-gw',
    code: 'event.invalid',
    pointer: '/data/amount',
    message: `must be ≥ 0 (${n})`,
    contentType: 'application/json',
    bytes: Uint8Array.from([n & 0xff, 0, 255]),
  });
  const rows = Array.from({ length: 250 }, (_, n) => row(n));
  const encode = (value: QuarantineRow) => Buffer.from(JSON.stringify({ ...value, bytes: [...value.bytes] }));
  const decode = (bytes: Uint8Array): QuarantineRow => {
    const value = JSON.parse(Buffer.from(bytes).toString('utf8'));
    return { ...value, bytes: Uint8Array.from(value.bytes) };
  };
  const run = (messages: Uint8Array[], store: Pick<TestStore['store'], 'query' | 'insertBlock'> = t.store) =>
    runQuarantineSink({
      store,
      messages: memoryLog(messages),
      decode,
      limits: { rowsMax: 40, lingerMs: 10 },
      log: silentLog,
      metrics: new Registry(),
    });

  test('stores each refusal once with its bytes, whatever is repeated', async () => {
    const messages = rows.map(encode);
    let inserts = 0;
    // Dies after its third block has gone in, unheard.
    const dying = {
      query: t.store.query,
      async insertBlock(...args: Parameters<TestStore['store']['insertBlock']>) {
        await t.store.insertBlock(...args);
        if (++inserts === 3) throw new Error('gone');
      },
    };
    const first = run(messages, dying);
    await first.done;
    await run(messages).done;
    await run([...messages, encode(row(250))]).done;
    const newest = await quarantineBefore(t.store, undefined, 2);
    expect(newest).toEqual([
      { seq: 251, ...row(250) },
      { seq: 250, ...row(249) },
    ]);
    expect(await quarantineBefore(t.store, 3)).toHaveLength(2);
    expect((await storeTotals(t.store)).rows.quarantine).toBe(251);
  });

  test('passes over what cannot be decoded and goes on', async () => {
    const messages = [...rows.map(encode), encode(row(250)), Buffer.from('no json'), encode(row(252))];
    await run(messages).done;
    expect((await quarantineBefore(t.store, undefined, 2)).map(({ seq }) => seq)).toEqual([253, 251]);
  });
});
