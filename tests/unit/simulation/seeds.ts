/** What the simulation's test files share: small runs, so that thousands of seeds fit the time of `npm test`. */
import { expect, it } from 'vitest';
import type { RunOptions } from '../../simulation/run/run-seed.ts';
import { describeFailure, runSeeds } from '../../simulation/run/run-seeds.ts';

const SMALL: RunOptions = { requests: 10, spanMs: 2_500 };
const SEEDS_IN_A_TEST = 150;

/** Faults and what came of the traffic: each must have happened, or the runs prove nothing about them. */
const COVERED = [
  'acknowledgement lost',
  'checkpoint damaged',
  'connection cut',
  'connection held up',
  'connection swallowed',
  'decision answered',
  'decision degraded',
  'delivery lost',
  'duplicate recognised',
  'edge asleep and replaced',
  'edge killed',
  'edge paused',
  'filled window compared',
  'importer killed',
  'insert came late',
  'insert ended half way',
  'insert refused by its guard',
  'intent came second',
  'log full',
  'no leader',
  'no responder',
  'outcome: alert',
  'outcome: offer',
  'outcome: poison',
  'outcome: warming',
  'outcome: withdrawn',
  'processor asleep and replaced',
  'processor clock jumped',
  'processor ended by itself',
  'processor killed',
  'processor leads again',
  'processor paused',
  'processor stopped',
  'processor-2 asleep and replaced',
  'processor-2 killed',
  'processor-2 paused',
  'processor-2 stopped',
  'server killed',
  'server stalled',
  'sink asleep and replaced',
  'sink killed',
  'sink paused',
  'sink-2 killed',
  'sink-2 paused',
  'slow disk',
  'slow store',
  'standby took over',
  'store answer lost',
  'store call lost',
  'store died during a call',
  'store killed',
  'store stalled',
  'viewer dropped',
  'write refused by expectation',
  'writes lost in a kill',
] as const;

/** `seeds` runs from `from` on, a few hundred in a test. */
export function testSeeds(from: number, seeds: number): void {
  const coverage = new Map<string, number>();
  for (let first = from; first < from + seeds; first += SEEDS_IN_A_TEST) {
    const count = Math.min(SEEDS_IN_A_TEST, from + seeds - first);
    it(`whatever fails, every acknowledged event counts once (seeds ${first} to ${first + count - 1})`, async () => {
      const report = await runSeeds(first, count, SMALL);
      for (const [fault, times] of report.coverage) coverage.set(fault, (coverage.get(fault) ?? 0) + times);
      expect(report.failed.map((run) => describeFailure(run, SMALL)).join('\n')).toBe('');
    });
  }
  it('each kind of fault has happened', () => {
    expect(COVERED.filter((fault) => (coverage.get(fault) ?? 0) === 0)).toEqual([]);
  });
}
