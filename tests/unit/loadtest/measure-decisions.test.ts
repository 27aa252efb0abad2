import type { ChildProcess } from 'node:child_process';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type DecisionsResult, measureDecisions } from '../../../loadtest/decisions/measure-decisions.ts';
import { type DecisionsDouble, startDecisionsDouble } from './decisions-double.ts';

const forked = vi.hoisted((): ChildProcess[] => []);

/** The real processes, kept so that a test can end one. */
vi.mock('node:child_process', async (load) => {
  const real = await load<typeof import('node:child_process')>();
  const fork = (main: string, args: string[], options: object): ChildProcess => {
    const child = real.fork(main, args, options);
    forked.push(child);
    return child;
  };
  return { ...real, fork };
});

const RATE = 100;
const WARM_UP = 20;
const MEASURED = 80;

function measure(url: string, signal = new AbortController().signal): Promise<DecisionsResult> {
  return measureDecisions({
    target: { url, token: 't', pids: () => ({ edge: process.pid }) },
    rate: RATE,
    warmUpSeconds: WARM_UP / RATE,
    seconds: MEASURED / RATE,
    timeoutMs: 500,
    connections: 4,
    signal,
  });
}

function asking(): ChildProcess {
  const child = forked.at(-1);
  if (child === undefined) throw new Error('nothing was forked');
  return child;
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode !== null || signalCode !== null;

// The process runs from source, which this one does by other means.
beforeAll(() => vi.stubEnv('NODE_OPTIONS', '--import tsx'));
afterAll(() => vi.unstubAllEnvs());

describe('measured decisions', () => {
  let server: DecisionsDouble;
  let result: DecisionsResult;

  beforeAll(async () => {
    // Of ten: one degraded, one refused, one without an answer, in the warm-up as later.
    server = await startDecisionsDouble((index) =>
      index % 10 === 3 ? 'degrade' : index % 10 === 6 ? 'refuse' : index % 10 === 9 ? 'cut' : 'decide',
    );
    result = await measure(server.url);
  });
  afterAll(() => server.close());

  it('are asked for once each, the warm-up first', () => {
    expect(server.asked.toSorted((a, b) => a - b)).toEqual(Array.from({ length: WARM_UP + MEASURED }, (_, i) => i));
  });

  it('are counted by what came of them, without the warm-up', () => {
    expect(result).toMatchObject({ rate: RATE, seconds: 0.8, decisions: 64, degraded: 8, errors: 16 });
    expect(result.answeredPerSecond).toBeGreaterThan(0);
  });

  it('bring their latencies back', () => {
    const { p50, p99, p999 } = result.latencyMs;
    expect(p50).toBeGreaterThan(0);
    expect([p50, p99, p999]).toEqual([p50, p99, p999].toSorted((a, b) => a - b));
  });

  it.runIf(process.platform === 'linux')('cost the parts and the load driver', () => {
    expect(Object.keys(result.perPart).sort()).toEqual(['edge', 'load driver']);
    expect(result.perPart['load driver']?.residentMiB).toBeGreaterThan(0);
  });

  it('leave no process behind', () => {
    expect(hasEnded(asking())).toBe(true);
  });
});

describe('asking for decisions', () => {
  let server: DecisionsDouble | undefined;
  afterEach(() => server?.close());

  /** Does `act` at a request in the middle. */
  async function measureUntil(act: () => void, signal?: AbortSignal): Promise<DecisionsResult> {
    server = await startDecisionsDouble((index) => {
      if (index === WARM_UP + 10) act();
      return 'decide';
    });
    return measure(server.url, signal);
  }

  it('gives up where nothing listens, and says why', async () => {
    const { url, close } = await startDecisionsDouble(() => 'decide');
    await close();
    await expect(measure(url)).rejects.toThrow(/answered nothing: connect ECONNREFUSED/);
    expect(hasEnded(asking())).toBe(true);
  });

  it('fails when its process dies', async () => {
    await expect(measureUntil(() => asking().kill('SIGKILL'))).rejects.toThrow('the asking process ended by SIGKILL');
  });

  it('ends when its parent is gone', async () => {
    await expect(measureUntil(() => asking().disconnect())).rejects.toThrow('the asking process ended with code 0');
  });

  it('ends when the run is stopped, with its reason', async () => {
    const stopping = new AbortController();
    const measured = measureUntil(() => stopping.abort(new Error('stopped')), stopping.signal);
    await expect(measured).rejects.toThrow('stopped');
    expect(hasEnded(asking())).toBe(true);
  });
});
