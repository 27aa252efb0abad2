/**
 * `npm run loadtest -- <what>`: the load driver's command line. Only this file reads arguments; what it calls can be
 * called by anybody.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError, Option } from 'commander';
import { WeirError } from '../core/errors.ts';
import { measureDecisions } from './decisions/measure-decisions.ts';
import { hundredRules } from './driver/hundred-rules.ts';
import { measureOffers } from './driver/offers.ts';
import { collectProfiles, type PartProfile, profilerFlags } from './driver/profiles.ts';
import { searchThroughput } from './driver/search-throughput.ts';
import { remoteTarget, startTarget, type Target } from './driver/target.ts';
import { measureThroughput, type ThroughputStep } from './driver/throughput.ts';
import { runFaults } from './faults/run-faults.ts';
import { measureTakeover } from './takeover/measure-takeover.ts';

interface TargetOptions {
  readonly url?: string;
  readonly token?: string;
  readonly seconds: number;
  readonly json?: string;
  readonly profile?: string;
  readonly rules?: string;
}

/** All requests come with one token: the limit on requests of one producer is not what is measured. */
const ONE_PRODUCER = { WEIR_REQUESTS_PER_MINUTE_MAX: '10000000' };

/** The repository: above `loadtest/`, or above `dist/loadtest/` when compiled. */
function findRoot(): string {
  const above = dirname(dirname(fileURLToPath(import.meta.url)));
  return above.endsWith('dist') ? dirname(above) : above;
}

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new InvalidArgumentError('a number above 0');
  return value;
}

function whole(text: string): number {
  const value = positive(text);
  if (!Number.isInteger(value)) throw new InvalidArgumentError('a whole number');
  return value;
}

/** What `run` measured, with the profiles of the parts where they were asked for. */
async function withTarget<R extends object>(
  o: TargetOptions,
  signal: AbortSignal,
  run: (target: Target) => Promise<R>,
): Promise<R & { readonly profiles?: Readonly<Record<string, PartProfile>> }> {
  const { url, token, profile } = o;
  if (url !== undefined) {
    if (token === undefined) throw new InvalidArgumentError('--url needs --token (role ingest)');
    if (profile !== undefined) throw new InvalidArgumentError('--profile needs a Weir of its own, without --url');
    return run(remoteTarget(url, token));
  }
  if (profile !== undefined) await mkdir(profile, { recursive: true });
  const nodeFlags = profile === undefined ? [] : profilerFlags(resolve(profile));
  const target = await startTarget(findRoot(), signal, {
    env: ONE_PRODUCER,
    nodeFlags,
    ...(o.rules === 'hundred' ? { rules: hundredRules() } : {}),
  });
  let pids: Readonly<Record<string, number>> = {};
  let result: R;
  try {
    result = await run(target);
    pids = target.pids();
  } finally {
    await target.stop();
  }
  return profile === undefined ? result : { ...result, profiles: await collectProfiles(profile, pids) };
}

async function report(result: object, file: string | undefined): Promise<void> {
  const json = `${JSON.stringify(result, null, 2)}\n`;
  process.stdout.write(json);
  if (file !== undefined) await writeFile(file, json);
}

function showStep(step: ThroughputStep): void {
  const verdict = step.sustained ? 'holds' : `does not hold: ${step.reason}`;
  process.stderr.write(
    `${step.offeredPerSecond}/s offered, ${step.acceptedPerSecond}/s accepted, lag ${step.lag.endSeconds} s, drained in ${step.drainSeconds} s: ${verdict}\n`,
  );
}

const ending = new AbortController();
process.once('SIGINT', () => ending.abort(new Error('stopped')));
process.once('SIGTERM', () => ending.abort(new Error('stopped')));
const { signal } = ending;

const program = new Command('loadtest').description(
  'measure a whole Weir: all parts on this machine, or one that runs',
);

const RULES = new Option('--rules <set>', 'hundred: over twenty windows of four kinds of key; shipped: the catalog')
  .choices(['hundred', 'shipped'])
  .default('hundred');

function measurement(name: string, description: string, seconds: number): Command {
  return program
    .command(name)
    .description(description)
    .option('--url <url>', 'address of a running Weir (default: a fresh one of its own)')
    .option('--token <token>', 'its ingest token')
    .option('--seconds <n>', 'how long the measured load lasts', positive, seconds)
    .option('--json <file>', 'also write the result there')
    .option('--profile <dir>', 'profile CPU and memory of the parts, and write the profiles there');
}

measurement('throughput', 'events a second that the whole path sustains', 60)
  .option('--rate <n>', 'events a second (default: search the highest that holds)', positive)
  .addOption(RULES)
  .option('--workers <n>', 'sending processes', whole, 1)
  .option('--batch <n>', 'events in one request', whole, 500)
  .option('--time-compression <n>', 'seconds of event time in a second', positive, 600)
  .action(async (o: TargetOptions & { rate?: number; workers: number; batch: number; timeCompression: number }) => {
    const load = {
      signal,
      seconds: o.seconds,
      workers: o.workers,
      batchEvents: o.batch,
      timeCompression: o.timeCompression,
      onStep: showStep,
    };
    const { rate } = o;
    const result =
      rate === undefined
        ? await searchThroughput(load, (run) => withTarget(o, signal, run))
        : await withTarget(o, signal, (target) => measureThroughput({ ...load, target, rate }));
    await report(result, o.json);
  });

measurement('offers', 'latency from a location to the offer on the phone', 30)
  .option('--rate <n>', 'locations a second', positive, 100)
  .option('--customers <n>', 'open sockets', whole, 40)
  .action(async (o: TargetOptions & { rate: number; customers: number }) => {
    const { seconds, rate, customers } = o;
    await report(
      await withTarget(o, signal, (target) => measureOffers({ target, signal, seconds, rate, customers })),
      o.json,
    );
  });

program
  .command('faults')
  .description(
    'kill, pause, cut, fill and slow down a fresh Weir under traffic, then check that nothing was lost or doubled',
  )
  .option('--minutes <n>', 'how long', positive, 10)
  .option('--seed <n>', 'of the plan of faults', whole, 1)
  .option('--json <file>', 'also write the result there')
  .action(async ({ minutes, seed, json }: { minutes: number; seed: number; json?: string }) => {
    const onLine = (line: string): void => void process.stderr.write(`${line}\n`);
    const result = await runFaults({ root: findRoot(), minutes, seed, signal, onLine });
    await report(result, json);
    if (result.lost > 0 || result.duplicated > 0 || !result.digestEqual) process.exitCode = 1;
  });

program
  .command('takeover')
  .description('end the leading one of two processors under traffic, and tell how long the log of answers stands still')
  .option('--rounds <n>', 'how often: killed, paused and stopped in turn', whole, 15)
  .option('--alone', 'one processor, with no standby, that is killed and stopped in turn', false)
  .option('--rate <n>', 'events a second', positive, 3_000)
  .option('--json <file>', 'also write the result there')
  .action(async ({ rounds, rate, json, alone }: { rounds: number; rate: number; json?: string; alone: boolean }) => {
    const onLine = (line: string): void => void process.stderr.write(`${line}\n`);
    const result = await measureTakeover({ root: findRoot(), processors: alone ? 1 : 2, rounds, rate, signal, onLine });
    await report(result, json);
    if (!result.digestEqual) process.exitCode = 1;
  });

measurement('decisions', 'latency of decisions over HTTP, in an open loop', 60)
  .option('--rate <n>', 'decisions a second', positive, 2_500)
  .option('--timeout <ms>', 'deadline that each request names', whole, 500)
  .option('--connections <n>', 'connections kept open', whole, 64)
  .addOption(RULES)
  .action(async (o: TargetOptions & { rate: number; timeout: number; connections: number }) => {
    const { seconds, rate, timeout: timeoutMs, connections } = o;
    await report(
      await withTarget(o, signal, (target) =>
        measureDecisions({ target, signal, seconds, rate, timeoutMs, connections }),
      ),
      o.json,
    );
  });

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(
    `${error instanceof WeirError ? `${error.code}: ` : ''}${error instanceof Error ? error.message : String(error)}\n`,
  );
  process.exitCode = 1;
}
