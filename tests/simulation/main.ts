/** `npm run simulate -- [--seeds N] [--from SEED] [--requests N] [--span MS]`: many seeds in a row; exit code 1 when one fails. */
import { Command } from 'commander';
import { runSeed } from './run/run-seed.ts';

const program = new Command('simulate')
  .description('run the simulated Weir from many seeds')
  .option('--seeds <n>', 'how many', Number, 1_000)
  .option('--from <seed>', 'the first', Number, 1)
  .option('--requests <n>', 'requests in a run', Number)
  .option('--span <ms>', 'simulated milliseconds of traffic and faults', Number)
  .option('--verbose', 'tell each run')
  .parse();
const o = program.opts<{ seeds: number; from: number; requests?: number; span?: number; verbose?: boolean }>();

const coverage = new Map<string, number>();
const failed: number[] = [];
const cpu = process.cpuUsage();
let events = 0;
for (let seed = o.from; seed < o.from + o.seeds; seed++) {
  const report = await runSeed(seed, {
    ...(o.requests === undefined ? {} : { requests: o.requests }),
    ...(o.span === undefined ? {} : { spanMs: o.span }),
  });
  events += report.events;
  for (const [name, count] of report.coverage) coverage.set(name, (coverage.get(name) ?? 0) + count);
  if (o.verbose === true)
    process.stdout.write(
      `seed ${seed}: ${report.events} steps, ${report.simulatedMs.toFixed(0)} ms, ${report.faults.join('; ')}\n`,
    );
  if (report.problems.length === 0) continue;
  failed.push(seed);
  process.stdout.write(
    `seed ${seed} FAILED (${report.faults.join('; ')})\n  ${report.problems.slice(0, 8).join('\n  ')}\n`,
  );
  process.stdout.write(`  again: npm run simulate -- --seeds 1 --from ${seed}\n`);
}
const { user, system } = process.cpuUsage(cpu);
console.table(Object.fromEntries([...coverage].sort(([a], [b]) => (a < b ? -1 : 1))));
process.stdout.write(
  `${o.seeds} seeds, ${failed.length} failed, ${events} steps, ${((user + system) / 1_000 / o.seeds).toFixed(1)} ms CPU a seed\n`,
);
process.exitCode = failed.length === 0 ? 0 : 1;
