/** What `npm run bench` can measure, each against its peers in one run. Only this file reads arguments. */
import { writeFile } from 'node:fs/promises';
import { Command } from 'commander';

const program = new Command('bench').description('micro-benchmarks against peers, with results compared');

async function report(result: object, rows: readonly object[], file: string | undefined): Promise<void> {
  console.table(rows);
  const json = `${JSON.stringify(result, null, 2)}\n`;
  process.stdout.write(json);
  if (file !== undefined) await writeFile(file, json);
}

program
  .command('codec')
  .description('binary log entries against JSON')
  .option('--json <file>', 'also write the result there')
  .action(async ({ json }: { json?: string }) => {
    const { runCodecBench } = await import('./codec.ts');
    const result = await runCodecBench();
    await report(result, result.rows, json);
  });

program
  .command('engine')
  .description('CPU time of the engine an event, by what is switched on')
  .option('--json <file>', 'also write the result there')
  .option('--events <count>', 'events a run; the second half counts', Number, 400_000)
  .option('--frame <events>', 'events a frame', Number, 150)
  .action(async ({ json, events, frame }: { json?: string; events: number; frame: number }) => {
    const { runEngineBench } = await import('./engine.ts');
    const result = runEngineBench(events, frame);
    await report(result, result.rows, json);
  });

program
  .command('sink')
  .description('CPU time of the sink and of ClickHouse an event')
  .option('--json <file>', 'also write the result there')
  .option('--events <count>', 'events a run; the second half counts', Number, 400_000)
  .option('--frame <events>', 'events a frame', Number, 50)
  .option('--batch <events>', 'events a batch', Number, 40_000)
  .action(async ({ json, events, frame, batch }: { json?: string; events: number; frame: number; batch: number }) => {
    const { runSinkBench } = await import('./sink.ts');
    const result = await runSinkBench(events, frame, batch);
    await report(result, result.rows, json);
  });

program
  .command('windows')
  .description('exact windows against scanning each key again')
  .option('--json <file>', 'also write the result there')
  .option('--scale <share>', 'share of the full streams', Number, 1)
  .action(async ({ json, scale }: { json?: string; scale: number }) => {
    const { runWindowsBench } = await import('./windows.ts');
    const result = runWindowsBench(scale);
    await report(result, result.rows, json);
  });

program
  .command('scaling')
  .description('cost of an event as customers, window lengths and the number of windows grow')
  .option('--json <file>', 'also write the result there')
  .option('--scale <share>', 'share of the full sizes', Number, 1)
  .action(async ({ json, scale }: { json?: string; scale: number }) => {
    const { runScalingBench } = await import('./scaling/scaling.ts');
    const result = runScalingBench(scale, (row) => process.stderr.write(`${JSON.stringify(row)}\n`));
    await report(result, result.rows, json);
  });

program
  .command('hot-keys')
  .description('cost of an event where a key has 25,000 of them, by aggregate')
  .option('--json <file>', 'also write the result there')
  .action(async ({ json }: { json?: string }) => {
    const { runHotKeysBench } = await import('./scaling/hot-keys.ts');
    const result = runHotKeysBench((row) => process.stderr.write(`${JSON.stringify(row)}\n`));
    await report(result, result.rows, json);
  });

program
  .command('state')
  .description('memory, checkpoints, stalls and start-up of a large state')
  .option('--json <file>', 'also write the result there')
  .option('--customers <n>', 'how many', Number, 1_000_000)
  .action(async ({ json, customers }: { json?: string; customers: number }) => {
    const { runStateBench } = await import('./scaling/state.ts');
    const result = await runStateBench(customers, (line) => void process.stderr.write(`${line}\n`));
    await report(result, result.memory, json);
  });

program
  .command('rules')
  .description('compiled rules against json-rules-engine and Zen')
  .allowUnknownOption()
  .allowExcessArguments()
  .helpOption(false)
  .action(async () => {
    const { runRulesBench } = await import('./rules.ts');
    // It reads its own options, `--json` among them, and prints its own tables.
    await runRulesBench(process.argv.slice(process.argv.indexOf('rules') + 1));
  });

await program.parseAsync();
