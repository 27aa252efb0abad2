/** KPIs from the store against a count by hand: any question, at rest and while batches come in. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EventOf } from '../../../core/events/event.ts';
import { kpiCellsUpTo } from '../../../storage/queries/kpi-cells.ts';
import { KPI_DIMENSIONS, type KpiDimension } from '../../../storage/queries/kpi-dimensions.ts';
import { KPI_STEPS } from '../../../storage/queries/kpi-segments.ts';
import { queryKpis } from '../../../storage/queries/query-kpis.ts';
import { sinkPosition } from '../../../storage/queries/sink-position.ts';
import { countByHand, sortKpiRows } from '../../support/storage/count-kpis.ts';
import { createKpiWorld, RANGE_MS, START_MS } from '../../support/storage/kpi-world.ts';
import { outcomeFrame, outcomesOf } from '../../support/storage/outcome-frames.ts';
import { startSink } from '../../support/storage/run-sink.ts';
import { startTestStore, type TestStore } from '../../support/storage/store.ts';

let t: TestStore;
const { world, frames } = createKpiWorld();

beforeAll(async () => {
  t = await startTestStore();
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
          expect(sortKpiRows(answer.rows)).toEqual(countByHand(world, query));
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
