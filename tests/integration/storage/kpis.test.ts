import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  BUSINESS_LINES,
  CHANNELS,
  TRANSACTION_KINDS,
  TRANSACTION_STATUSES,
} from '../../../core/events/data-schemas.ts';
import type { EventOf, WeirEvent } from '../../../core/events/event.ts';
import type { AlertOutcome, OfferOutcome } from '../../../core/outcomes/outcome.ts';
import { kpiCellsUpTo } from '../../../storage/queries/kpi-cells.ts';
import { KPI_DIMENSIONS, type KpiDimension } from '../../../storage/queries/kpi-dimensions.ts';
import { KPI_STEPS, type KpiStep, STEP_MS } from '../../../storage/queries/kpi-segments.ts';
import { type KpiRow, queryKpis } from '../../../storage/queries/query-kpis.ts';
import { sinkPosition } from '../../../storage/queries/sink-position.ts';
import { alertFor, offerFor, outcomeFrame, outcomesOf } from '../../support/outcome-frames.ts';
import { startSink } from '../../support/run-sink.ts';
import { startTestStore, type TestStore } from '../../support/store.ts';

const START_MS = Date.UTC(2024, 1, 27, 22, 13, 7, 501);
const RANGE_MS = 3 * 86_400_000;

const transaction: fc.Arbitrary<EventOf<'transaction'>> = fc
  .record({
    n: fc.integer({ min: 0, max: 1e9 }),
    // Dense around the first hours, sparse over three days: full and empty buckets of each width.
    afterMs: fc.oneof(fc.nat(RANGE_MS), fc.nat(7_200_000), fc.nat(60_000)),
    // Large, yet so that the sum of all is still exact in a number.
    amount: fc.oneof(fc.nat(1e6), fc.integer({ min: 1e11, max: 9e11 })),
    currency: fc.constantFrom('CNY', 'USD'),
    kind: fc.constantFrom(...TRANSACTION_KINDS),
    status: fc.constantFrom(...TRANSACTION_STATUSES),
    channel: fc.constantFrom(...CHANNELS.slice(0, 3)),
    businessLine: fc.option(fc.constantFrom(...BUSINESS_LINES), { nil: undefined }),
    department: fc.constantFrom('Retail', 'Ops'),
    city: fc.constantFrom('Shanghai', "O'Fallon", '北京'),
    customer: fc.nat(40),
    fee: fc.nat(500),
    cost: fc.nat(500),
  })
  .map(
    ({ n, afterMs, customer, city, businessLine, amount, currency, kind, status, channel, department, fee, cost }) => ({
      type: 'transaction' as const,
      id: `k-${n}`,
      source: 's',
      subject: `c-${customer}`,
      timeMs: START_MS + afterMs,
      offsetMinutes: 0,
      receivedMs: 1_790_000_000_000,
      data: {
        amount,
        currency,
        kind,
        status,
        channel,
        ...(businessLine === undefined ? {} : { businessLine }),
        department,
        merchant: { id: `m-${n % 7}`, city },
        fee,
        cost,
      },
    }),
  );

/** Alerts and offers follow from a transaction here, as `outcomesOf` and the frames below make them. */
interface World {
  transactions: EventOf<'transaction'>[];
  alerts: (AlertOutcome & { kind_: string; department: string })[];
  offers: OfferOutcome[];
}

const keyOfTransaction = (event: EventOf<'transaction'>, by: KpiDimension | undefined): string => {
  const { data } = event;
  if (by === undefined) return '';
  const keys: Record<KpiDimension, string> = {
    businessLine: String(data.businessLine ?? ''),
    channel: String(data.channel ?? ''),
    region: data.merchant?.city ?? '',
    currency: data.currency,
    kind: String(data.kind ?? ''),
    department: data.department ?? '',
    merchant: data.merchant?.id ?? '',
    customer: event.subject,
  };
  return keys[by];
};

/** The same figures, counted one by one in JavaScript. */
function countByHand(
  world: World,
  q: { fromMs: number; toMs: number; step: KpiStep; by?: KpiDimension; where?: Partial<Record<KpiDimension, string>> },
): KpiRow[] {
  const cells = new Map<string, { row: Record<string, unknown>; customers: Set<string> }>();
  const width = STEP_MS[q.step];
  const cell = (timeMs: number, key: string, currency: string) => {
    const start = width === undefined ? q.fromMs : Math.floor(timeMs / width) * width;
    const name = JSON.stringify([start, key, currency]);
    const found = cells.get(name) ?? {
      row: {
        timeMs: start,
        key,
        currency,
        transactions: 0,
        volume: 0,
        approved: 0,
        declined: 0,
        fees: 0,
        costs: 0,
        alerts: 0,
        offers: 0,
      },
      customers: new Set<string>(),
    };
    cells.set(name, found);
    return found;
  };
  const add = (row: Record<string, unknown>, name: string, by: number) => {
    row[name] = Number(row[name]) + by;
  };
  const within = (timeMs: number, keyOf: (by: KpiDimension) => string) =>
    timeMs >= q.fromMs &&
    timeMs < q.toMs &&
    Object.entries(q.where ?? {}).every(([by, value]) => keyOf(by as KpiDimension) === value);
  for (const event of world.transactions) {
    if (!within(event.timeMs, (by) => keyOfTransaction(event, by))) continue;
    const { row, customers } = cell(event.timeMs, keyOfTransaction(event, q.by), event.data.currency);
    add(row, 'transactions', 1);
    add(row, 'volume', event.data.amount);
    add(row, 'approved', event.data.status === 'approved' ? 1 : 0);
    add(row, 'declined', event.data.status === 'declined' ? 1 : 0);
    add(row, 'fees', event.data.fee ?? 0);
    add(row, 'costs', event.data.cost ?? 0);
    customers.add(event.subject);
  }
  for (const alert of world.alerts) {
    const keys: Record<KpiDimension, string> = { ...alert, kind: alert.kind_, merchant: alert.merchantId };
    if (!within(alert.timeMs, (by) => keys[by])) continue;
    add(cell(alert.timeMs, q.by === undefined ? '' : keys[q.by], alert.currency).row, 'alerts', 1);
  }
  for (const offer of world.offers) {
    const keys: Record<KpiDimension, string> = { ...offer, kind: '', department: '', merchant: '' };
    if (!within(offer.timeMs, (by) => keys[by])) continue;
    add(cell(offer.timeMs, q.by === undefined ? '' : keys[q.by], offer.currency).row, 'offers', 1);
  }
  const rows = [...cells.values()].map(
    ({ row, customers }) => ({ ...row, customers: customers.size }) as unknown as KpiRow,
  );
  return sorted(rows);
}

const sorted = (rows: readonly KpiRow[]): KpiRow[] =>
  [...rows].sort((a, b) => {
    const [x, y] = [a, b].map((row) =>
      JSON.stringify([String(row.timeMs).padStart(16, '0'), row.key, row.currency]),
    ) as [string, string];
    return x < y ? -1 : x > y ? 1 : 0;
  });

let t: TestStore;
const world: World = { transactions: [], alerts: [], offers: [] };
const frames: Uint8Array[] = [];

beforeAll(async () => {
  t = await startTestStore();
  world.transactions = fc.sample(transaction, { seed: 11, numRuns: 3_000 });
  for (let i = 0; i < world.transactions.length; i += 20) {
    const events = world.transactions.slice(i, i + 20);
    const outcomes = outcomesOf(events as WeirEvent[]);
    for (const [index, event] of events.entries()) {
      if (outcomes.some((outcome) => outcome.kind === 'alert' && outcome.index === index)) {
        world.alerts.push({
          ...alertFor(event, index),
          kind_: String(event.data.kind),
          department: String(event.data.department),
        });
      }
      if (event.data.amount % 5 === 0) {
        const offer = { ...offerFor(event, index), timeMs: event.timeMs + 777 };
        world.offers.push(offer);
        outcomes.push(offer);
      }
    }
    frames.push(outcomeFrame(1_000 + i, outcomes));
  }
  await startSink(t.store, frames.slice(0, 100), { rowsMax: 300 }).done;
  await startSink(t.store, frames, { rowsMax: 700 }).done;
});
afterAll(() => t.close());

describe('KPIs', () => {
  test('any range, step, dimension and filter equals a count by hand, from rollups and rows alike', async () => {
    const time = fc.oneof(
      fc.integer({ min: START_MS - 1_000, max: START_MS + RANGE_MS }),
      fc.integer({ min: START_MS, max: START_MS + 60_000 }),
      fc.integer({ min: 0, max: 80 }).map((hour) => Date.UTC(2024, 1, 27, 20) + hour * 3_600_000),
    );
    const where = fc.option(
      fc.constantFrom<Partial<Record<KpiDimension, string>>>(
        { region: "O'Fallon" },
        { channel: 'app', currency: 'CNY' },
        { merchant: 'm-3' },
        { kind: 'refund', region: '北京' },
      ),
      { nil: undefined },
    );
    let rollups = 0;
    await fc.assert(
      fc.asyncProperty(
        time,
        time,
        fc.constantFrom(...KPI_STEPS),
        fc.option(fc.constantFrom(...KPI_DIMENSIONS), { nil: undefined }),
        where,
        async (a, b, step, by, filter) => {
          // A range of seconds over three days would be a large answer and no other case.
          const fromMs = Math.min(a, b);
          const toMs = step === 'second' ? Math.min(Math.max(a, b), fromMs + 3_600_000) : Math.max(a, b);
          const query = {
            fromMs,
            toMs,
            step,
            ...(by === undefined ? {} : { by }),
            ...(filter === undefined ? {} : { where: filter }),
          };
          const answer = await queryKpis(t.store, query);
          expect(sorted(answer.rows)).toEqual(countByHand(world, query));
          expect(answer.position).toBe(1_000 + 2_980);
          if (answer.fromRollups) rollups++;
        },
      ),
      { seed: 3, numRuns: 80 },
    );
    expect(rollups).toBe(80);
  });

  test('hour and day rollups equal the minute rollup and the rows, cell for cell', async () => {
    for (const [table, width] of [
      ['kpi_minute', 60_000],
      ['kpi_hour', 3_600_000],
      ['kpi_day', 86_400_000],
    ] as const) {
      const rows = await t.store.query(
        'cells',
        `SELECT count() AS n FROM (
 SELECT toUnixTimestamp64Milli(r.bucket) AS b, r.business_line AS l, r.channel AS h, r.region AS g, r.currency AS c, sum(r.transactions) AS n, sum(r.volume) AS v FROM ${table} AS r GROUP BY b, l, h, g, c HAVING n > 0
 EXCEPT
 SELECT intDiv(toUnixTimestamp64Milli(time), ${width}) * ${width} AS b, business_line AS l, channel AS h, merchant_city AS g, currency AS c, count() AS n, sum(toInt128(amount)) AS v FROM transactions GROUP BY b, l, h, g, c)`,
      );
      expect(rows).toEqual([{ n: 0 }]);
    }
  });

  test('a range that is no range is refused, an empty one is empty', async () => {
    await expect(queryKpis(t.store, { fromMs: 5, toMs: 4, step: 'hour' })).rejects.toMatchObject({
      code: 'request.invalid',
    });
    await expect(queryKpis(t.store, { fromMs: 0.5, toMs: 4, step: 'hour' })).rejects.toMatchObject({
      code: 'request.invalid',
    });
    expect((await queryKpis(t.store, { fromMs: START_MS, toMs: START_MS, step: 'hour' })).rows).toEqual([]);
  });

  test('cells for the live hub equal a count by hand by second and by minute', async () => {
    const nowMs = START_MS + 61_234;
    const cells = await kpiCellsUpTo(t.store, { nowMs, seconds: 60, minutes: 30 });
    expect(cells.outcomeSeq).toBe(frames.length);
    for (const [part, step, fromMs] of [
      [cells.seconds, 'second', cells.secondsFromMs],
      [cells.minutes, 'minute', cells.minutesFromMs],
    ] as const) {
      for (const by of ['businessLine', 'channel', 'region'] as const) {
        const folded = new Map<string, number>();
        for (const cell of part) {
          const name = JSON.stringify([cell.timeMs, cell[by], cell.currency]);
          folded.set(
            name,
            (folded.get(name) ?? 0) + cell.volume + cell.transactions + cell.alerts * 7 + cell.offers * 13,
          );
        }
        const wanted = countByHand(world, { fromMs, toMs: START_MS + 2 * RANGE_MS, step, by }).map(
          (row): [string, number] => [
            JSON.stringify([row.timeMs, row.key, row.currency]),
            row.volume + row.transactions + row.alerts * 7 + row.offers * 13,
          ],
        );
        expect([...folded].sort()).toEqual(wanted.sort());
      }
    }
  });

  test('while batches come in, each answer holds exactly for the position it names', async () => {
    const base = frames.length;
    const extra = Array.from({ length: 120 }, (_, i) => {
      const events = world.transactions
        .slice(i, i + 5)
        .map((event, k) => ({ ...event, id: `x-${i}-${k}`, timeMs: START_MS + 10 * RANGE_MS + i * 13_000 }));
      return outcomeFrame(10_000 + i, outcomesOf(events));
    });
    const sink = startSink(t.store, [...frames, ...extra], { rowsMax: 60 });
    let ended = false;
    void sink.done.then(() => {
      ended = true;
    });
    let inMiddle = 0;
    while (!ended) {
      const query = { fromMs: START_MS + 9 * RANGE_MS + 1, toMs: START_MS + 20 * RANGE_MS, customers: false };
      const [total, cells] = await Promise.all([
        queryKpis(t.store, { ...query, step: 'total' }),
        kpiCellsUpTo(t.store, { nowMs: START_MS + 10 * RANGE_MS + 3_600_000, minutes: 100_000, seconds: 10_000 }),
      ]);
      const counted = total.rows.reduce((sum, row) => sum + row.transactions, 0);
      expect(counted).toBe((total.outcomeSeq - base) * 5);
      if (total.outcomeSeq > base) expect(total.position).toBe(9_999 + total.outcomeSeq - base);
      const minutes = cells.minutes.filter((cell) => cell.timeMs > START_MS + 9 * RANGE_MS);
      expect(minutes.reduce((sum, cell) => sum + cell.transactions, 0)).toBe((cells.outcomeSeq - base) * 5);
      if (counted > 0 && counted < 600) inMiddle++;
    }
    expect(inMiddle).toBeGreaterThan(2);
    expect((await sinkPosition(t.store)).outcomeSeq).toBe(base + 120);
  });

  test('money past what a number holds is still exact in the store', async () => {
    const huge = Array.from({ length: 2_000 }, (_, i) => {
      const event = world.transactions[i] as EventOf<'transaction'>;
      const data = { ...event.data, amount: Number.MAX_SAFE_INTEGER, currency: 'XXX' };
      return { ...event, id: `huge-${i}`, timeMs: START_MS + 200 * 86_400_000 + i, data };
    });
    const { outcomeSeq } = await sinkPosition(t.store);
    const done = Array.from({ length: outcomeSeq }, () => new Uint8Array());
    const accepted = outcomesOf(huge).filter((outcome) => outcome.kind === 'accepted');
    await startSink(t.store, [...done, outcomeFrame(20_000, accepted)]).done;
    const wanted = (BigInt(Number.MAX_SAFE_INTEGER) * 2_000n).toString();
    for (const table of ['kpi_minute', 'kpi_hour', 'kpi_day']) {
      const sql = `SELECT toString(sum(r.volume)) AS v FROM ${table} AS r WHERE r.currency = 'XXX'`;
      expect(await t.store.query('huge', sql)).toEqual([{ v: wanted }]);
    }
  });
});
