/**
 * Latency of `POST /v1/decisions` in an open loop. The asking runs in a process of its own (`ask-decisions.ts`): as latency runs
 * from the time a request was due, pauses of the asking process are counted as Weir's. Here the process is started, the CPU of
 * all parts is read while it asks, and its report becomes the result. It never outlives the measurement.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import Value from 'typebox/value';
import { NODE_FLAGS } from '../../core/node-flags.ts';
import { costBetween, type PartCost, type PartUsage, readPartUsage } from '../driver/cpu-times.ts';
import { createLatencyHistogram, type Quantiles } from '../driver/latency-histogram.ts';
import type { Target } from '../driver/target.ts';
import { AskMessage, type AskOrder, type AskReport } from './ask-decisions.ts';

export interface DecisionsOptions {
  readonly target: Pick<Target, 'url' | 'token' | 'pids'>;
  readonly seconds: number;
  /** Decisions a second. */
  readonly rate: number;
  /** The deadline that each request names. */
  readonly timeoutMs: number;
  readonly connections: number;
  readonly signal: AbortSignal;
  /** Asked for before and not counted; 10 when absent. */
  readonly warmUpSeconds?: number;
}

export interface DecisionsResult {
  readonly rate: number;
  /** Answers over the time until the last of them came: below `rate` where the server could not keep up. */
  readonly answeredPerSecond: number;
  readonly latencyMs: Quantiles;
  readonly seconds: number;
  readonly decisions: number;
  /** Answers by the fallback, past their deadline. */
  readonly degraded: number;
  /** Anything but 200, and requests without an answer. */
  readonly errors: number;
  /** With the asking process, as `load driver`. */
  readonly perPart: Readonly<Record<string, PartCost>>;
}

/** The compiler of each part is done with its work by then. */
const WARM_UP_SECONDS = 10;

/**
 * A large young generation from the start: with the default one, its collections stalled the asking for up to 10 ms, and a p99 of 7 ms
 * read 9.5, a p99.9 of 20 ms 32.
 */
const ASKING_NODE_FLAGS: readonly string[] = [...NODE_FLAGS, '--max-semi-space-size=64', '--min-semi-space-size=64'];

/** Throws the signal's reason, what the asking process could not get over, or how it ended before its time. */
export async function measureDecisions(o: DecisionsOptions): Promise<DecisionsResult> {
  o.signal.throwIfAborted();
  // Compiled, the same file with the extension of this one. The whole name stands here for the check of unused files.
  const entry = fileURLToPath(new URL('./ask-decisions-main.ts', import.meta.url));
  const main = entry.replace(/\.ts$/, extname(fileURLToPath(import.meta.url)));
  // Detached: Ctrl-C in the terminal reaches this process alone, which ends the other.
  const child = fork(main, [], { execArgv: [...process.execArgv, ...ASKING_NODE_FLAGS], detached: true });
  const gone = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.on('error', () => child.pid === undefined && resolve());
  });
  try {
    return await followAsking(child, o);
  } finally {
    // It has nothing to put in order.
    child.kill('SIGKILL');
    await gone;
  }
}

interface Reading {
  readonly atMs: number;
  readonly usage: PartUsage;
}

async function followAsking(child: ChildProcess, o: DecisionsOptions): Promise<DecisionsResult> {
  const { target, rate, seconds, timeoutMs, connections } = o;
  const order: AskOrder = {
    url: target.url,
    token: target.token,
    run: Date.now().toString(36),
    rate,
    warmUpSeconds: o.warmUpSeconds ?? WARM_UP_SECONDS,
    seconds,
    timeoutMs,
    connections,
  };
  const read = (): Reading => {
    const own = child.pid === undefined ? {} : { 'load driver': child.pid };
    return { atMs: performance.now(), usage: readPartUsage({ ...target.pids(), ...own }) };
  };
  let before = read();
  let after = before;
  const report = await nextReport(child, o.signal, (type) => {
    if (type === 'ready') child.send(order);
    else if (type === 'warm') before = read();
    else after = read();
  });
  const histogram = createLatencyHistogram();
  histogram.add(report.latencies);
  const { decisions, degraded, errors } = report;
  return {
    rate,
    answeredPerSecond: Math.round(decisions / report.answeredSeconds),
    latencyMs: histogram.quantiles(),
    seconds,
    decisions,
    degraded,
    errors,
    perPart: costBetween(before.usage, after.usage, (after.atMs - before.atMs) / 1_000, decisions),
  };
}

/** Resolves with the report; rejects when there will be none. */
function nextReport(
  child: ChildProcess,
  signal: AbortSignal,
  onStage: (type: 'ready' | 'warm' | 'sent') => void,
): Promise<AskReport> {
  return new Promise<AskReport>((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    child.on('error', (cause) => reject(new Error(`the asking process failed: ${cause.message}`, { cause })));
    child.once('exit', (code, name) =>
      reject(new Error(`the asking process ended ${name === null ? `with code ${code}` : `by ${name}`}`)),
    );
    child.on('message', (message: unknown) => {
      if (!Value.Check(AskMessage, message)) reject(new TypeError('the asking process said something else'));
      else if (message.type === 'failed') reject(new Error(`the asking process gave up: ${message.reason}`));
      else if (message.type === 'answered') resolve(message.report);
      else onStage(message.type);
    });
  });
}
