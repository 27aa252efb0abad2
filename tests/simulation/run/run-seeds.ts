/** Many seeds in a row, for tests and for the command line: what failed, and how often each fault happened. */
import { type RunOptions, type RunReport, runSeed } from './run-seed.ts';

export interface SeedsReport {
  readonly failed: readonly RunReport[];
  readonly coverage: ReadonlyMap<string, number>;
  /** Steps of all runs. */
  readonly events: number;
}

export async function runSeeds(
  from: number,
  count: number,
  options: RunOptions = {},
  onRun: (report: RunReport) => void = () => undefined,
): Promise<SeedsReport> {
  const coverage = new Map<string, number>();
  const failed: RunReport[] = [];
  let events = 0;
  for (let seed = from; seed < from + count; seed++) {
    const report = await runSeed(seed, options);
    onRun(report);
    events += report.events;
    for (const [name, times] of report.coverage) coverage.set(name, (coverage.get(name) ?? 0) + times);
    if (report.problems.length > 0) failed.push(report);
  }
  return { failed, coverage, events };
}

/** What a person needs to look into a failed run: the seed, its faults, the first problems and how to repeat it. */
export function describeFailure({ seed, faults, problems }: RunReport, options: RunOptions = {}): string {
  const requests = options.requests === undefined ? '' : ` --requests ${options.requests}`;
  const span = options.spanMs === undefined ? '' : ` --span ${options.spanMs}`;
  return [
    `seed ${seed} failed (${faults.join('; ')})`,
    ...problems.slice(0, 8).map((problem) => `  ${problem}`),
    `  again: npm run simulate -- --seeds 1 --from ${seed}${requests}${span}`,
  ].join('\n');
}
