/** Figures in memory against figures summed by brute force. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createKpiBoard,
  GROUPINGS,
  GROUPS_MAX,
  type KpiGain,
  type KpiGrouping,
  OTHER_KEY,
} from '../../../api/live/hub/kpi-board.ts';
import type { KpiCell } from '../../../api/live/messages.ts';

const NOW = Date.UTC(2026, 10, 23, 8, 15, 30, 500);
const SECOND = 1_000;
const MINUTE = 60_000;

const gain = fc.record<KpiGain>({
  secondMs: fc.integer({ min: -70 * 60, max: 300 }).map((s) => Math.floor(NOW / SECOND) * SECOND + s * SECOND),
  businessLine: fc.constantFrom('B2B', 'B2C', ''),
  channel: fc.constantFrom('app', 'pos'),
  region: fc.constantFrom('Shanghai', '北京', ''),
  currency: fc.constantFrom('CNY', 'USD'),
  transactions: fc.nat(5),
  volume: fc.nat(1_000_000),
  approved: fc.nat(5),
  declined: fc.nat(5),
  fees: fc.nat(100),
  costs: fc.nat(100),
  alerts: fc.nat(2),
  offers: fc.nat(2),
});

const keyOf = (g: KpiGain, grouping: KpiGrouping): string => (grouping === 'all' ? '' : g[grouping]);

function sumUp(
  gains: readonly KpiGain[],
  grouping: KpiGrouping,
  stepMs: number,
  fromMs: number,
): Map<string, number[]> {
  const sums = new Map<string, number[]>();
  for (const g of gains) {
    const timeMs = Math.floor(g.secondMs / stepMs) * stepMs;
    if (timeMs < fromMs) continue;
    const name = `${new Date(timeMs).toISOString()} ${keyOf(g, grouping)} ${g.currency}`;
    const added = [g.transactions, g.volume, g.approved, g.declined, g.fees, g.costs, g.alerts, g.offers];
    sums.set(
      name,
      (sums.get(name) ?? added.map(() => 0)).map((sum, i) => sum + (added[i] ?? 0)),
    );
  }
  return sums;
}

function asMap(cells: readonly KpiCell[]): Map<string, number[]> {
  return new Map(
    cells.map((c) => [
      `${c.time} ${c.key} ${c.currency}`,
      [c.transactions, c.volume, c.approved, c.declined, c.fees, c.costs, c.alerts, c.offers],
    ]),
  );
}

const minutesFrom = Math.floor(NOW / MINUTE) * MINUTE - 59 * MINUTE;
const secondsFrom = Math.floor(NOW / SECOND) * SECOND - 119 * SECOND;
const sorted = (map: Map<string, number[]>): [string, number[]][] => [...map].sort(([a], [b]) => (a < b ? -1 : 1));

describe('the board', () => {
  it('shows the last hour by minute and two minutes by second, by every grouping', () => {
    fc.assert(
      fc.property(fc.array(gain, { maxLength: 120 }), (gains) => {
        const board = createKpiBoard();
        const taken = gains.filter((g) => board.add(g, NOW));
        expect(taken).toEqual(gains.filter((g) => g.secondMs >= minutesFrom));
        for (const grouping of GROUPINGS) {
          const { minutes, seconds } = board.snapshot(grouping, NOW);
          expect(sorted(asMap(minutes))).toEqual(sorted(sumUp(taken, grouping, MINUTE, minutesFrom)));
          expect(sorted(asMap(seconds))).toEqual(sorted(sumUp(taken, grouping, SECOND, secondsFrom)));
          expect(minutes.map(({ time }) => time)).toEqual(minutes.map(({ time }) => time).sort());
        }
      }),
      { seed: 20_261_123, numRuns: 200 },
    );
  });

  it('gives what was gained once: a snapshot and the gains after it make the next snapshot', () => {
    fc.assert(
      fc.property(fc.array(gain, { maxLength: 60 }), fc.array(gain, { maxLength: 60 }), (before, after) => {
        const board = createKpiBoard();
        for (const g of before) board.add(g, NOW);
        for (const grouping of GROUPINGS) board.takeGained(grouping);
        const taken = after.filter((g) => board.add(g, NOW));
        for (const grouping of GROUPINGS) {
          expect(sorted(asMap(board.takeGained(grouping)))).toEqual(sorted(sumUp(taken, grouping, SECOND, 0)));
          expect(board.takeGained(grouping)).toEqual([]);
        }
      }),
      { seed: 20_261_123, numRuns: 200 },
    );
  });

  it('forgets what has grown old', () => {
    const board = createKpiBoard();
    const one = fc.sample(gain, { numRuns: 1, seed: 1 })[0] as KpiGain;
    board.add({ ...one, secondMs: NOW - 500 }, NOW);
    board.prune(NOW + 61 * MINUTE);
    expect(board.snapshot('all', NOW)).toEqual({ minutes: [], seconds: [] });
  });

  it('stays bounded when a dimension has no end of values, and loses no money', () => {
    const board = createKpiBoard();
    const one = fc.sample(gain, { numRuns: 1, seed: 2 })[0] as KpiGain;
    const many = GROUPS_MAX * 3;
    for (let i = 0; i < many; i++) board.add({ ...one, secondMs: NOW - 500, region: `r-${i}`, volume: 7 }, NOW);
    const { minutes } = board.snapshot('region', NOW);
    expect(minutes.length).toBeLessThanOrEqual(GROUPS_MAX + 1);
    expect(minutes.reduce((sum, cell) => sum + cell.volume, 0)).toBe(many * 7);
    expect(minutes.some(({ key }) => key === OTHER_KEY)).toBe(true);
    expect(board.folded).toBeGreaterThan(0);
  });
});
