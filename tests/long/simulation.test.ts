/** The simulation for as long as it takes: larger runs than `npm test` has time for. */
import { expect, it } from 'vitest';
import { describeFailure, runSeeds } from '../simulation/run/run-seeds.ts';

const FIRST_SEED = 1_000_000;
const SEEDS = 5_000;

it('every acknowledged event counts once, whatever fails on the way', async () => {
  const { failed } = await runSeeds(FIRST_SEED, SEEDS);
  expect(failed.map((report) => describeFailure(report)).join('\n')).toBe('');
});
