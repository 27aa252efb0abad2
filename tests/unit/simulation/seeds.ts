/** What the simulation's test files share: small runs, so that thousands of seeds fit the time of `npm test`. */
import { expect } from 'vitest';
import type { RunOptions } from '../../simulation/run/run-seed.ts';
import { describeFailure, runSeeds } from '../../simulation/run/run-seeds.ts';

const SMALL: RunOptions = { requests: 10, spanMs: 2_500 };
const SEEDS = 1_000;

/** Faults that must have happened, or the runs prove nothing about them. */
const COVERED = [
  'acknowledgement lost',
  'checkpoint damaged',
  'connection cut',
  'connection swallowed',
  'delivery lost',
  'duplicate recognised',
  'edge asleep and replaced',
  'edge killed',
  'edge paused',
  'insert came late',
  'insert ended half way',
  'log full',
  'no leader',
  'no responder',
  'processor asleep and replaced',
  'processor ended by itself',
  'processor killed',
  'processor paused',
  'server killed',
  'server stalled',
  'sink asleep and replaced',
  'sink killed',
  'sink paused',
  'slow disk',
  'slow store',
  'store answer lost',
  'store call lost',
  'store died during a call',
  'store killed',
  'store stalled',
  'viewer dropped',
  'write refused by expectation',
  'writes lost in a kill',
] as const;

export async function expectSeedsToHold(from: number): Promise<void> {
  const { failed, coverage } = await runSeeds(from, SEEDS, SMALL);
  expect(failed.map((report) => describeFailure(report, SMALL)).join('\n')).toBe('');
  expect(COVERED.filter((fault) => (coverage.get(fault) ?? 0) === 0)).toEqual([]);
}
