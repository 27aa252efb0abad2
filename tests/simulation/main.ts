/** `npm run simulate -- [--seeds N] [--from SEED] [--requests N] [--span MS]`: many seeds in a row; exit code 1 when one fails. */
import { Command } from 'commander';
import type { RunOptions } from './run/run-seed.ts';
import { describeFailure, runSeeds } from './run/run-seeds.ts';

const program = new Command('simulate')
  .description('run the simulated Weir from many seeds')
  .option('--seeds <n>', 'how many', Number, 1_000)
  .option('--from <seed>', 'the first', Number, 1)
  .option('--requests <n>', 'requests in a run', Number)
  .option('--span <ms>', 'simulated milliseconds of traffic and faults', Number)
  .option('--verbose', 'tell each run')
  .parse();
const o = program.opts<{ seeds: number; from: number; requests?: number; span?: number; verbose?: boolean }>();
const options: RunOptions = {
  ...(o.requests === undefined ? {} : { requests: o.requests }),
  ...(o.span === undefined ? {} : { spanMs: o.span }),
};

const cpu = process.cpuUsage();
const { failed, coverage, events } = await runSeeds(o.from, o.seeds, options, (report) => {
  if (report.problems.length > 0) process.stdout.write(`${describeFailure(report, options)}\n`);
  else if (o.verbose === true)
    process.stdout.write(`seed ${report.seed}: ${report.events} steps, ${report.faults.join('; ')}\n`);
});
const { user, system } = process.cpuUsage(cpu);
console.table(Object.fromEntries([...coverage].sort(([a], [b]) => (a < b ? -1 : 1))));
const cpuMs = ((user + system) / 1_000 / o.seeds).toFixed(1);
process.stdout.write(`${o.seeds} seeds, ${failed.length} failed, ${events} steps, ${cpuMs} ms CPU a seed\n`);
process.exitCode = failed.length === 0 ? 0 : 1;
