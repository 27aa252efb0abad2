/** `weir backtest`: what other rules would have done in a range of the log, beside what was done. */
import { SingleBar } from 'cli-progress';
import { Command, InvalidArgumentError } from 'commander';
import pino from 'pino';
import { parseDurationMs } from '../../core/clock.ts';
import { parseConfig } from '../../core/config.ts';
import { type BacktestReport, runBacktest } from '../../processors/backtest/run-backtest.ts';
import { readRuleFile } from '../../rules/catalog/load-catalog.ts';
import { lintRules } from '../../rules/lint-rules.ts';
import { openCheckpointStore } from '../../stream/checkpoints/checkpoint-store.ts';
import { connectStream } from '../../stream/connection.ts';
import { formatBacktest } from './format-backtest.ts';
import { type LogPlace, PLACE_FORMS, readPlace, resolveRange } from './log-range.ts';
import { findRunning } from './running.ts';

interface BacktestCommandOptions {
  readonly rules: readonly string[];
  readonly from?: LogPlace;
  readonly to?: LogPlace;
  readonly labelsTo?: LogPlace;
  readonly warmUp: number;
  readonly examples: number;
  readonly json: boolean;
}

const EXAMPLES_MAX = 10_000;
const PLAIN_PROGRESS_INTERVAL_MS = 5_000;
const MS_PER_SECOND = 1_000;

export function backtestCommand(): Command {
  return new Command('backtest')
    .description('play a range of the log under other rules and compare with what was decided then; only reads')
    .requiredOption('--rules <file...>', 'rule files: all of the rules that are to be tried, as for "rules import"')
    .option('--from <place>', `${PLACE_FORMS}: where to begin (default: the oldest)`, readPlace)
    .option('--to <place>', `${PLACE_FORMS}: last position, or end in time (default: the newest answered)`, readPlace)
    .option(
      '--labels-to <place>',
      'count fraud labels that came up to here (default: to the end of the log)',
      readPlace,
    )
    .option('--warm-up <duration>', 'begin at least so long before --from, where there is log: 24h', readDuration, 0)
    .option('--examples <count>', 'examples of each kind of change', readCount, 5)
    .option('--json', 'the report as JSON', false)
    .action(backtest);
}

async function backtest(options: BacktestCommandOptions): Promise<void> {
  const entries = options.rules.flatMap(readRuleFile);
  const documents = entries.map(({ document }) => document);
  if (!isSound(documents)) return;
  const config = parseConfig(process.env);
  const log = pino({ level: 'silent' });
  const connection = await connectStream({ ...findRunning(config).parts.nats, name: 'weir-backtest', log });
  const bar = new SingleBar({
    format: '{bar} position {value}/{total}',
    clearOnComplete: true,
    noTTYOutput: true,
    notTTYSchedule: PLAIN_PROGRESS_INTERVAL_MS,
  });
  try {
    const range = await resolveRange(connection, options);
    const labels = await resolveRange(connection, { to: options.labelsTo });
    const startedMs = performance.now();
    bar.start(range.to, 0);
    const report = await runBacktest({
      connection,
      store: openCheckpointStore(connection, { kept: config.WEIR_CHECKPOINTS_KEPT }),
      documents,
      ...range,
      labelsTo: labels.to,
      warmUpMs: options.warmUp,
      examplesMax: options.examples,
      log,
      onProgress: (position) => bar.update(position),
    });
    bar.stop();
    write(report, (performance.now() - startedMs) / MS_PER_SECOND, options.json);
  } finally {
    bar.stop();
    await connection.close();
  }
}

function write(report: BacktestReport, seconds: number, json: boolean): void {
  const eventsPerSecond = Math.round(report.replayed.events / seconds);
  process.stdout.write(
    json
      ? `${JSON.stringify({ ...report, seconds, eventsPerSecond }, null, 2)}\n`
      : formatBacktest(report, seconds, eventsPerSecond),
  );
}

/** What keeps rules from going live keeps them from being tried. */
function isSound(documents: readonly unknown[]): boolean {
  const { ok, problems } = lintRules(documents);
  if (ok) return true;
  for (const { severity, code, pointer, message } of problems)
    if (severity === 'error') process.stderr.write(`${pointer} ${code}: ${message}\n`);
  process.stderr.write('these rules may not go live\n');
  process.exitCode = 1;
  return false;
}

function readDuration(text: string): number {
  const ms = parseDurationMs(text);
  if (ms === undefined) throw new InvalidArgumentError('a duration such as 30m, 24h or 7d');
  return ms;
}

function readCount(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 0 || count > EXAMPLES_MAX)
    throw new InvalidArgumentError(`a whole number from 0 to ${EXAMPLES_MAX}`);
  return count;
}
