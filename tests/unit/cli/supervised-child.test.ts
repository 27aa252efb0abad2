import pino from 'pino';
import { describe, expect, it } from 'vitest';
import { type Child, superviseChild } from '../../../cli/supervisor/supervised-child.ts';
import { until } from '../../support/until.ts';

const TIMEOUT_MS = 10_000;
const log = pino({ level: 'silent' });

/** A child that ends when it is told to, by itself or by `stop`. */
class ScriptedChild implements Child {
  readonly pid: number;
  readonly exited: Promise<void>;
  stopped = false;
  end: () => void = () => {};

  constructor(pid: number) {
    this.pid = pid;
    this.exited = new Promise((resolve) => {
      this.end = resolve;
    });
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.end();
  }
}

function nursery(failing: (attempt: number) => boolean = () => false) {
  const children: ScriptedChild[] = [];
  let attempts = 0;
  return {
    children,
    get attempts() {
      return attempts;
    },
    async start(): Promise<ScriptedChild> {
      attempts++;
      if (failing(attempts)) throw new Error(`attempt ${attempts} fails`);
      const child = new ScriptedChild(attempts);
      children.push(child);
      return child;
    },
  };
}

describe('a supervised child', () => {
  it('is started again each time it ends by itself, and reported each time', async () => {
    const house = nursery();
    const seen: number[] = [];
    const supervised = await superviseChild({
      name: 'part',
      start: house.start,
      log,
      onRunning: ({ pid }) => seen.push(pid),
    });
    for (const lives of [2, 3]) {
      house.children.at(-1)?.end();
      await until(`life ${lives}`, TIMEOUT_MS, () => house.children.length === lives);
    }
    await until('the reports', TIMEOUT_MS, () => seen.length === 3);
    expect(seen).toEqual([1, 2, 3]);
    await supervised.stop();
    expect(house.children.at(-1)?.stopped).toBe(true);
  });

  it('is tried again when a restart fails', async () => {
    const house = nursery((attempt) => attempt === 2 || attempt === 3);
    const supervised = await superviseChild({ name: 'part', start: house.start, log, onRunning: () => {} });
    house.children[0]?.end();
    await until('the fourth attempt', TIMEOUT_MS, () => house.children.length === 2);
    expect(house.attempts).toBe(4);
    await supervised.stop();
  });

  it('fails the start when its first start fails', async () => {
    const house = nursery(() => true);
    await expect(superviseChild({ name: 'part', start: house.start, log, onRunning: () => {} })).rejects.toThrow(
      'attempt 1 fails',
    );
    expect(house.attempts).toBe(1);
  });

  it('is not started again once it was told to stop, not even if a restart is under way', async () => {
    let release: () => void = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const house = nursery();
    let asked = 0;
    const start = async () => {
      if (++asked > 1) await gate;
      return house.start();
    };
    const supervised = await superviseChild({ name: 'part', start, log, onRunning: () => {} });
    house.children[0]?.end();
    await until('the restart to be under way', TIMEOUT_MS, () => asked === 2);
    const stopping = supervised.stop();
    release();
    await stopping;
    for (const child of house.children) expect(child.stopped).toBe(true);
    expect(house.children.length).toBe(2);
  });
});
