/** The check after the faults finds what it is there for: each kind of loss and of repetition, done to a log by hand. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeEntry } from '../../../core/codec/entry.ts';
import { splitFrame } from '../../../core/codec/frame.ts';
import { decodeOutcomeFrame } from '../../../core/outcomes/outcome-codec.ts';
import { checkAfterFaults, type Select, type Verdict } from '../../../loadtest/faults/check.ts';
import type { Traffic } from '../../../loadtest/faults/traffic.ts';
import { createEngine } from '../../../processors/engine/engine.ts';
import type { StreamConnection } from '../../../stream/connection.ts';
import { STREAMS } from '../../../stream/topology.ts';
import { anEvent, aPayment, encodeEntries, rulesetEntry } from '../../support/engine/engine.ts';
import { type NatsFixture, startNats } from '../../support/stream/nats.ts';

const AT_MS = 1_780_000_000_000;
const RULES = [
  {
    id: 'stay',
    version: 1,
    name: 'stay',
    on: ['location'],
    conditions: {
      all: [
        {
          fact: 'nearby',
          params: { category: 'hotel', radiusM: 3_000 },
          path: '$.count',
          operator: 'greaterThan',
          value: 0,
        },
      ],
    },
    event: {
      type: 'offer',
      params: { campaignId: 'stay', title: 'Stay', body: 'Here', reason: 'r', validFor: '30m', cooldown: '1s' },
    },
  },
];
const POSITION = { lat: 31, lon: 121 };
const source = { source: 'loadtest' };
const FRAMES = [
  encodeEntries([rulesetEntry(RULES)]),
  encodeEntries([
    {
      kind: 'event',
      event: anEvent('place', 'p-1', AT_MS, { name: 'Hotel', category: 'hotel', ...POSITION }, { id: 'a', ...source }),
    },
  ]),
  ...[1, 2, 3].map((n) =>
    encodeEntries([
      { kind: 'event', event: anEvent('location', `c-${n}`, AT_MS + n, POSITION, { id: `l-${n}`, ...source }) },
      { kind: 'event', event: aPayment(`c-${n}`, AT_MS + n, { amount: 100 * n }, { id: `t-${n}`, ...source }) },
    ]),
  ),
];

/** What a run left: frames of OUTCOMES, rows in the store, offers on sockets. */
interface Left {
  outcomes: Uint8Array[];
  rows: Record<string, { all: number; distinct: number }>;
  volume: string;
  rollupVolume: string;
  acknowledged: Set<string>;
  shown: Map<string, string[]>;
}

let nats: NatsFixture;
let connection: StreamConnection;

beforeAll(async () => {
  nats = await startNats();
  connection = await nats.connect();
  for (const frame of FRAMES) await connection.jetstream.publish(STREAMS.EVENTS, frame);
});
afterAll(() => nats.stop());

/** An undisturbed run, then `harm` done to what it left. */
async function verdictAfter(harm: (left: Left) => unknown): Promise<Verdict> {
  const engine = createEngine();
  const outcomes = FRAMES.flatMap((frame, i) => engine.step(i + 1, frame).map((part) => part.slice()));
  await connection.manager.streams.purge('OUTCOMES');
  const { state } = await connection.manager.streams.info('OUTCOMES');
  const left: Left = {
    outcomes,
    rows: {},
    volume: '600',
    rollupVolume: '600',
    acknowledged: new Set(
      FRAMES.flatMap((frame) =>
        splitFrame(frame).flatMap((item) => {
          const entry = decodeEntry(item);
          return entry.kind === 'event' ? [`loadtest/${entry.event.id}`] : [];
        }),
      ),
    ),
    shown: new Map(),
  };
  for (const table of ['transactions', 'locations', 'decisions', 'offers']) left.rows[table] = { all: 3, distinct: 3 };
  left.rows.alerts = { all: 0, distinct: 0 };
  outcomes.forEach((bytes, frame) => {
    decodeOutcomeFrame(bytes).outcomes.forEach((outcome, item) => {
      if (outcome.kind === 'offer') left.shown.set(outcome.customer, [`${state.last_seq + frame + 1}.${item}`]);
    });
  });
  harm(left);
  for (const bytes of left.outcomes) await connection.jetstream.publish(STREAMS.OUTCOMES, bytes);
  const select: Select = async <T>(query: string): Promise<T[]> => {
    const table = /FROM (\w+)$/.exec(query)?.[1] ?? '';
    const { alerts, offers, transactions } = left.rows;
    const sums = { n: transactions?.all, volume: left.volume, alerts: alerts?.all, offers: offers?.all };
    const row = table.startsWith('kpi_')
      ? { n: 3, volume: left.rollupVolume, alerts: 0, offers: 3 }
      : query.includes('toInt128')
        ? sums
        : left.rows[table];
    return [row as T];
  };
  const { acknowledged, shown } = left;
  const traffic: Traffic = {
    acknowledged,
    shown,
    retries: 0,
    reconnects: 0,
    finish: () => Promise.resolve(),
    close: () => undefined,
  };
  return checkAfterFaults(connection, select, traffic);
}

describe('the check after the faults', () => {
  it('is content with an undisturbed run', async () => {
    const verdict = await verdictAfter(() => undefined);
    expect(verdict).toMatchObject({
      lost: 0,
      duplicated: 0,
      digestEqual: true,
      events: 7,
      offersShown: 3,
      problems: [],
    });
  });

  it.each<[string, (left: Left) => unknown]>([
    ['an acknowledged event that is not in the log', (left) => left.acknowledged.add('loadtest/gone')],
    ['an answer that is missing', (left) => void left.outcomes.pop()],
    ['a row that is missing', (left) => Object.assign(left.rows, { decisions: { all: 2, distinct: 2 } })],
    ['a rollup that lacks an amount', (left) => Object.assign(left, { rollupVolume: '300' })],
    ['an offer that was not shown', (left) => void left.shown.set('c-2', [])],
  ])('finds %s', async (_, harm) => {
    expect((await verdictAfter(harm)).lost).toBeGreaterThan(0);
  });

  it.each<[string, (left: Left) => unknown]>([
    ['an answer that was published twice', (left) => void left.outcomes.push(left.outcomes.at(-1) as Uint8Array)],
    ['a row that is there twice', (left) => Object.assign(left.rows, { transactions: { all: 4, distinct: 3 } })],
    ['an offer that was shown twice', (left) => void left.shown.get('c-1')?.push(left.shown.get('c-1')?.[0] ?? '')],
    ["somebody else's offer on a socket", (left) => void left.shown.get('c-1')?.push('1.0')],
  ])('finds %s', async (_, harm) => {
    expect((await verdictAfter(harm)).duplicated).toBeGreaterThan(0);
  });

  it('finds an answer that an undisturbed run does not give', async () => {
    const verdict = await verdictAfter(({ outcomes }) => {
      // A digit of the last figure.
      const last = outcomes.at(-1) as Uint8Array;
      const at = last.findLastIndex((byte) => byte >= 0x30 && byte <= 0x38);
      last[at] = (last[at] ?? 0) + 1;
    });
    expect(verdict.digestEqual).toBe(false);
  });
});
