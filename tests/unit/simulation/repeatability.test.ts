import { expect, it } from 'vitest';
import { type RunReport, runSeed } from '../../simulation/run/run-seed.ts';

/** Everything about a run that chance or the machine could change. */
const traits = ({ events, simulatedMs, coverage, faults, problems }: RunReport) =>
  JSON.stringify([events, simulatedMs, [...coverage], faults, problems]);

it('the same seed gives the same run, step for step, whatever ran before it', async () => {
  const seeds = Array.from({ length: 20 }, (_, i) => i + 1);
  const first: string[] = [];
  for (const seed of seeds) first.push(traits(await runSeed(seed)));
  const again: string[] = [];
  for (const seed of seeds.toReversed()) again.unshift(traits(await runSeed(seed)));
  expect(again).toEqual(first);
  expect(new Set(first).size).toBe(seeds.length);
});
