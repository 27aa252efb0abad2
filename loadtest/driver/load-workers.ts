/** Starts the sending processes, gives each its share of a load, and adds up what they report. */
import { type ChildProcess, fork } from 'node:child_process';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import Value from 'typebox/value';
import { NODE_FLAGS } from '../../core/node-flags.ts';
import { createLatencyHistogram, type Quantiles } from './latency-histogram.ts';
import { type LoadOrder, LoadReport } from './load-worker.ts';

export interface LoadTotals {
  readonly sent: number;
  readonly accepted: number;
  readonly rejected: number;
  readonly retries: number;
  readonly unsentBatches: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly latencyMs: Quantiles;
}

type Load = Omit<LoadOrder, 'worker' | 'workers' | 'startAtMs'>;

export interface LoadWorkers {
  /** `load.rate` is that of all workers together. Throws what a worker could not get over. */
  run(load: Load): Promise<LoadTotals>;
  stop(): void;
}

const START_AHEAD_MS = 300;

export async function startLoadWorkers(count: number): Promise<LoadWorkers> {
  const here = fileURLToPath(import.meta.url);
  const main = fileURLToPath(new URL(`./load-worker-main${extname(here)}`, import.meta.url));
  const workers = Array.from({ length: count }, () =>
    fork(main, [], { execArgv: [...process.execArgv, ...NODE_FLAGS] }),
  );
  await Promise.all(workers.map((worker) => nextMessage(worker)));

  return {
    async run(load) {
      const startAtMs = Date.now() + START_AHEAD_MS;
      const reports = await Promise.all(
        workers.map(async (worker, index) => {
          const order: LoadOrder = { ...load, rate: load.rate / count, worker: index, workers: count, startAtMs };
          const answer = nextMessage(worker);
          worker.send(order);
          const report = await answer;
          if (!Value.Check(LoadReport, report)) throw new TypeError('a load worker reported something else');
          if (report.error !== undefined) throw new Error(`a load worker gave up: ${report.error}`);
          return report;
        }),
      );
      const histogram = createLatencyHistogram();
      for (const report of reports) histogram.add(report.latencies);
      const sum = (pick: (report: LoadReport) => number): number => reports.reduce((total, r) => total + pick(r), 0);
      return {
        sent: sum((r) => r.sent),
        accepted: sum((r) => r.accepted),
        rejected: sum((r) => r.rejected),
        retries: sum((r) => r.retries),
        unsentBatches: sum((r) => r.unsent),
        seconds: Math.max(...reports.map((r) => r.seconds)),
        cpuSeconds: sum((r) => r.cpuSeconds),
        latencyMs: histogram.quantiles(),
      };
    },
    stop() {
      for (const worker of workers) worker.disconnect();
    },
  };
}

function nextMessage(worker: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null): void => reject(new Error(`a load worker ended with code ${code}`));
    worker.once('exit', onExit);
    worker.once('message', (message) => {
      worker.off('exit', onExit);
      resolve(message);
    });
  });
}
