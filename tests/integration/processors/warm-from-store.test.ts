/** Windows that look further back than the log holds are filled from ClickHouse, up to where the log begins. */
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { DEFAULT_ENGINE_SETTINGS, type Entry } from '../../../core/codec/entry.ts';
import type { WeirEvent } from '../../../core/events/event.ts';
import type { DecisionOutcome } from '../../../core/outcomes/outcome.ts';
import { fillFromHistory } from '../../../processors/warm/fill-from-history.ts';
import { acceptedBounds, acceptedEvents } from '../../../storage/queries/accepted-events.ts';
import { sinkPosition } from '../../../storage/queries/sink-position.ts';
import { runSink } from '../../../storage/sink/run-sink.ts';
import type { StreamConnection } from '../../../stream/connection.ts';
import { lastAnswered } from '../../../stream/log/find-answer.ts';
import { logState, readLog } from '../../../stream/log/log-reader.ts';
import { activateRules } from '../../../stream/rules/activate-rules.ts';
import { anEvent, aPayment, encodeEntries, rulesetEntry } from '../../support/engine/engine.ts';
import { appendFrames, readAnswers, type StartedProcessor, startProcessor } from '../../support/engine/processor.ts';
import { startTestStore, type TestStore } from '../../support/storage/store.ts';
import { type NatsFixture, startNats } from '../../support/stream/nats.ts';
import { APPENDER_LIMITS } from '../../support/stream/stream.ts';
import { until } from '../../support/until.ts';

const log = pino({ level: 'silent' });
const NOW_MS = Date.now();
const HOUR_MS = 3_600_000;
const DAY_AGO_MS = NOW_MS - 24 * HOUR_MS;

const rules = [
  {
    id: 'spent',
    version: 1,
    name: 'spent',
    on: ['transaction'],
    conditions: {
      all: [
        {
          fact: 'window',
          params: { aggregate: 'sum', of: '$.amount', over: 'customer', last: '1h' },
          operator: 'greaterThanInclusive',
          value: 1_000,
        },
      ],
    },
    event: { type: 'fraud', params: { action: 'review', score: 10, code: 'spent', message: 'spent' } },
  },
];

let nats: NatsFixture;
let connection: StreamConnection;
let processor: StartedProcessor;
let t: TestStore;

beforeEach(async () => {
  [nats, t] = await Promise.all([startNats(), startTestStore()]);
  connection = await nats.connect();
  processor = await startProcessor(connection);
});

afterEach(async () => {
  await processor.abort();
  await Promise.all([nats.stop(), t.close()]);
});

let made = 0;
const paid = (subject: string, amount: number): Entry => {
  const event = aPayment(subject, NOW_MS - 600_000 + ++made, { amount }, { id: `t-${made}` });
  return { kind: 'event', event: { ...event, receivedMs: NOW_MS } };
};

function receivedAt(receivedMs: number, event: WeirEvent): Entry {
  return { kind: 'event', event: { ...event, receivedMs } };
}

async function append(...entries: Entry[]): Promise<void> {
  await appendFrames(connection, [encodeEntries(entries)]);
  const { lastSeq } = await logState(connection, 'EVENTS');
  await until('the answer', 20_000, () => processor.position >= lastSeq || undefined);
}

/** Everything that is answered goes into the store, and leaves the log but for its last `kept` messages. */
async function moveToStore(kept = 0): Promise<number> {
  const { lastSeq } = await logState(connection, 'OUTCOMES');
  const reading = new AbortController();
  const sink = runSink({
    store: t.store,
    outcomes: (fromSeq, signal) => readLog(connection, 'OUTCOMES', { fromSeq, signal }),
    limits: { rowsMax: 1_000, lingerMs: 20 },
    clock: { nowMs: () => NOW_MS },
    log,
    metrics: new Registry(),
  });
  await until('the sink', 20_000, async () => (await sinkPosition(t.store)).outcomeSeq >= lastSeq || undefined);
  await sink.stop();
  reading.abort();
  await connection.manager.streams.purge('OUTCOMES', { seq: lastSeq + 1 - kept });
  return lastSeq;
}

async function activate(documents: readonly unknown[] = rules) {
  const activation = { documents, settings: DEFAULT_ENGINE_SETTINGS, author: 'test', comment: '' };
  const history = { connection, openStore: () => Promise.resolve(t.store) };
  return activateRules(
    await nats.connect(),
    APPENDER_LIMITS,
    log,
    activation,
    (cold) => fillFromHistory(history, cold),
    {
      silenceMs: 20_000,
      compileMs: 20_000,
      answerMs: 20_000,
    },
  );
}

async function decisionOn(entry: Entry): Promise<string | undefined> {
  await append(entry);
  const seq = await lastAnswered(connection);
  const answer = (await readAnswers(connection)).filter(({ inputSeq }) => inputSeq === seq);
  const outcomes = answer.flatMap(({ frame }) => frame.outcomes);
  return outcomes.find((outcome): outcome is DecisionOutcome => outcome.kind === 'decision')?.decision;
}

it('what the log no longer holds counts as what it holds does, whoever it belonged to then', async () => {
  await append(rulesetEntry([]), paid('c-1', 100), paid('phone:2', 300), paid('c-3', 700));
  await append({
    kind: 'event',
    event: { ...anEvent('profile', 'c-2', NOW_MS, { links: ['phone:2'] }), receivedMs: NOW_MS },
  });
  await append(paid('phone:2', 200));
  await moveToStore();
  await append(paid('c-1', 300), paid('c-2', 200));
  const result = await activate();
  // From the oldest event that the store holds on: whether there were others before, nobody knows.
  expect(result).toMatchObject({
    state: 'live',
    coverage: { position: 1, whole: false, windows: [{ position: 1, timeMs: NOW_MS }] },
  });
  // 100 and 300 came before; 300, 200 and 200; 700.
  expect(await decisionOn(paid('c-1', 599))).toBe('approve');
  expect(await decisionOn(paid('c-1', 1))).toBe('review');
  expect(await decisionOn(paid('c-2', 299))).toBe('approve');
  expect(await decisionOn(paid('c-2', 1))).toBe('review');
  expect(await decisionOn(paid('c-3', 300))).toBe('review');
});

it('the store gives back events in the order in which they were accepted, a bounded number at a time', async () => {
  await append(rulesetEntry([]), paid('c-1', 1), paid('c-2', 2));
  for (let i = 0; i < 8; i++) await append(paid(`c-${i}`, i), paid('c-9', i));
  // Tables are sorted by time, not by the order of the log.
  const [earlier, later] = [paid('c-8', 8), paid('c-8', 9)];
  await append(later, earlier);
  await append(receivedAt(NOW_MS, anEvent('location', 'c-1', NOW_MS, { lat: 31, lon: 121 })));
  await append(receivedAt(DAY_AGO_MS, aPayment('c-1', DAY_AGO_MS, { amount: 1 })));
  const lastSeq = await moveToStore();
  const beforeSeq = lastSeq - 1;
  const range = { types: ['transaction'] as const, fromMs: 0, beforeSeq };
  const bounds = await acceptedBounds(t.store, range);
  expect(bounds).toEqual({ firstSeq: 1, oldestMs: NOW_MS });
  const batches: string[][] = [];
  for await (const batch of acceptedEvents(t.store, range, 1, 5)) batches.push(batch.map(({ event }) => event.id));
  expect(Math.max(...batches.map((batch) => batch.length))).toBeLessThanOrEqual(5);
  const inOrder = Array.from({ length: 18 }, (_, i) => `t-${made - 19 + i}`);
  expect(batches.flat()).toEqual([...inOrder, `t-${made}`, `t-${made - 1}`]);
  // Nothing of what lies outside, and of several types the oldest.
  const none = { ...range, fromMs: NOW_MS + 1 };
  expect(await acceptedBounds(t.store, none)).toBeUndefined();
  for await (const batch of acceptedEvents(t.store, none, 1)) expect(batch).toEqual([]);
  expect(await acceptedBounds(t.store, { ...range, beforeSeq: 1 })).toBeUndefined();
  const all = { ...range, types: ['transaction', 'location'] as const, beforeSeq: lastSeq + 1 };
  expect(await acceptedBounds(t.store, all)).toEqual({ firstSeq: 1, oldestMs: DAY_AGO_MS });
});

it('all that a window looks back at is there where the store holds older events too', async () => {
  // What linked the identifier lies further back than the window looks.
  await append(rulesetEntry([]), receivedAt(DAY_AGO_MS, anEvent('profile', 'c-1', DAY_AGO_MS, { links: ['phone:1'] })));
  await append(receivedAt(DAY_AGO_MS, aPayment('c-1', DAY_AGO_MS, { amount: 5 })));
  await append(paid('phone:1', 400));
  await moveToStore();
  await append({ kind: 'tick', timeMs: NOW_MS }, paid('c-1', 300));
  const result = await activate();
  expect(result).toMatchObject({ state: 'live', coverage: { whole: true, windows: [{ whole: true }] } });
  // An hour, what may be late, and what clocks may differ by; not from where the store begins.
  if (result.state !== 'live') throw new Error('it is not live');
  expect(result.coverage?.windows[0]?.timeMs).toBeGreaterThan(NOW_MS - 3 * HOUR_MS - 1);
  expect(await decisionOn(paid('c-1', 299))).toBe('approve');
  expect(await decisionOn(paid('c-1', 1))).toBe('review');
});

it('what both the store and the log hold counts once', async () => {
  await append(rulesetEntry([]), paid('c-1', 100));
  await append(paid('c-1', 200));
  await append(paid('c-1', 300));
  await moveToStore(2);
  expect(await activate()).toMatchObject({ state: 'live', coverage: { position: 1 } });
  expect(await decisionOn(paid('c-1', 399))).toBe('approve');
  expect(await decisionOn(paid('c-1', 1))).toBe('review');
});

it('a store that is behind the beginning of the log leaves a gap, so what is filled begins with the log', async () => {
  await append(rulesetEntry([]), paid('c-1', 500));
  const storedSeq = await moveToStore();
  await append(paid('c-1', 500));
  await append(paid('c-1', 300));
  const { lastSeq } = await logState(connection, 'OUTCOMES');
  await connection.manager.streams.purge('OUTCOMES', { seq: lastSeq });
  expect(lastSeq).toBe(storedSeq + 2);
  const before = await lastAnswered(connection);
  expect(await activate()).toMatchObject({ state: 'live', coverage: { position: before, whole: false } });
  expect(await decisionOn(paid('c-1', 699))).toBe('approve');
  expect(await decisionOn(paid('c-1', 1))).toBe('review');
});

it('a label counts for the merchant of its transaction, however long ago that was', async () => {
  const frauds = { aggregate: 'count', type: 'label', over: 'merchant', where: { '$.fraud': true }, last: '1h' };
  const condition = { fact: 'window', params: frauds, operator: 'greaterThanInclusive', value: 1 };
  const rule = { ...rules[0], id: 'frauds', conditions: { all: [condition] } };
  const old = aPayment('c-1', DAY_AGO_MS, { amount: 5, merchant: { id: 'm-1' } }, { id: 'old' });
  await append(rulesetEntry([]), receivedAt(DAY_AGO_MS, old));
  const label = anEvent('label', 'c-1', NOW_MS, { transactionId: 'old', fraud: true });
  await append(receivedAt(NOW_MS, label));
  await moveToStore();
  expect(await activate([rule])).toMatchObject({ state: 'live' });
  const paidAt = (merchant: string) =>
    receivedAt(NOW_MS, aPayment('c-2', NOW_MS, { amount: 1, merchant: { id: merchant } }, { id: `at-${merchant}` }));
  expect(await decisionOn(paidAt('m-2'))).toBe('approve');
  expect(await decisionOn(paidAt('m-1'))).toBe('review');
});

it('an event counts for whom its identifier belonged to then, though what linked it lies further back and another has it now', async () => {
  const links = ['phone:1'];
  await append(rulesetEntry([]), receivedAt(DAY_AGO_MS, anEvent('profile', 'c-1', DAY_AGO_MS, { links })));
  await append(paid('phone:1', 400));
  await append(receivedAt(NOW_MS, anEvent('profile', 'c-3', NOW_MS, { links })));
  await append(paid('phone:1', 300));
  await moveToStore();
  expect(await activate()).toMatchObject({ state: 'live' });
  expect(await decisionOn(paid('c-1', 599))).toBe('approve');
  expect(await decisionOn(paid('c-1', 1))).toBe('review');
  expect(await decisionOn(paid('c-3', 699))).toBe('approve');
  expect(await decisionOn(paid('phone:1', 1))).toBe('review');
});
