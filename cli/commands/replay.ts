/** `weir replay`: feeds recorded events or known data sets through the front door, in order, with a progress bar. */
import { basename } from 'node:path';
import { SingleBar } from 'cli-progress';
import { Command, InvalidArgumentError } from 'commander';
import { parseConfig } from '../../core/config.ts';
import { replayFile } from '../../loadtest/replay/replay-file.ts';
import {
  parseSpeed,
  type ReplayOptions,
  type ReplayProgress,
  type ReplayResult,
  type ReplaySpeed,
} from '../../loadtest/replay/replay-options.ts';
import { findRunning } from './running.ts';
import { signToken } from './token.ts';

interface CommandOptions {
  readonly speed: ReplaySpeed;
  readonly url?: string;
  readonly token?: string;
  readonly batch: number;
  readonly labels: boolean;
  readonly category?: string;
  readonly discount: number;
}

const TOKEN_TTL_SECONDS = 7 * 86_400;
const PROBLEMS_SHOWN_MAX = 5;
/** Something of the file did not go in; 1 stays for commands that could not run. */
const INCOMPLETE_EXIT_CODE = 3;
const PLAIN_PROGRESS_INTERVAL_MS = 5_000;

export function replayCommand(): Command {
  return new Command('replay')
    .description('replay CSV or NDJSON files (plain or gzip); known data sets are recognised by their header')
    .argument('<file...>', 'files, replayed one after another')
    .option('--speed <speed>', 'pace by event time: 1x, 100x, any factor, or max', parseSpeedOption, 'max')
    .option('--url <url>', 'address of Weir (default: the one that runs on this data directory)')
    .option('--token <token>', 'ingest token (default: one signed with the secret in the data directory)')
    .option('--batch <events>', 'events in one request', parseCount, 1_000)
    .option('--labels', 'send the fraud marks of a data set as label events', false)
    .option('--category <category>', 'category of the places in a file that does not state it')
    .option('--discount <percent>', 'discount of the places in a file that does not state it', parseCount, 15)
    .action(replay);
}

async function replay(files: readonly string[], options: CommandOptions): Promise<void> {
  const baseUrl = options.url ?? findRunning(parseConfig(process.env)).url;
  if (baseUrl === undefined) throw new InvalidArgumentError('this Weir runs no ingest; say --url');
  const token = options.token ?? signToken('ingest', 'replay', TOKEN_TTL_SECONDS);
  const ending = new AbortController();
  process.once('SIGINT', () => ending.abort());
  for (const file of files) {
    const result = await replayWithBar(file, {
      file,
      baseUrl,
      token,
      speed: options.speed,
      batchEvents: options.batch,
      labels: options.labels,
      place: {
        ...(options.category === undefined ? {} : { category: options.category }),
        discount: options.discount,
      },
      signal: ending.signal,
    });
    report(file, result);
  }
}

async function replayWithBar(file: string, options: ReplayOptions): Promise<ReplayResult> {
  const bar = new SingleBar({
    format: `${basename(file)} [{bar}] {percentage}% | {events} events | {rate}/s | {remaining} left`,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    hideCursor: true,
    noTTYOutput: true,
    notTTYSchedule: PLAIN_PROGRESS_INTERVAL_MS,
  });
  bar.start(1, 0, { events: '0', rate: '0', remaining: '…' });
  const show = (progress: ReplayProgress): void => {
    bar.setTotal(progress.bytesTotal);
    bar.update(progress.bytesRead, {
      events: progress.events.toLocaleString('en'),
      rate: Math.round(progress.eventsPerSecond).toLocaleString('en'),
      remaining: progress.etaSeconds === undefined ? '…' : `${Math.ceil(progress.etaSeconds)} s`,
    });
  };
  try {
    return await replayFile({ ...options, onProgress: show });
  } finally {
    bar.stop();
  }
}

function report(file: string, result: ReplayResult): void {
  const count = (value: number, what: string) => `${value.toLocaleString('en')} ${what}`;
  const parts = [
    count(result.accepted, 'accepted'),
    count(result.rejected, 'rejected'),
    count(result.unreadable, 'unreadable rows'),
    `${result.seconds.toFixed(1)} s`,
  ];
  process.stdout.write(`${basename(file)} (${result.format}): ${parts.join(', ')}\n`);
  for (const { line, reason } of result.problems.slice(0, PROBLEMS_SHOWN_MAX)) {
    process.stdout.write(`  line ${line}: ${reason}\n`);
  }
  if (result.rejected + result.unreadable > 0) process.exitCode = INCOMPLETE_EXIT_CODE;
}

function parseSpeedOption(text: string): ReplaySpeed {
  try {
    parseSpeed(text);
  } catch (error) {
    throw new InvalidArgumentError(String(error));
  }
  return text as ReplaySpeed;
}

function parseCount(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('a whole number from 1');
  return value;
}
