/**
 * Puts the simulated world under code that knows nothing of it: timers, clocks, chance and outgoing sockets of this
 * thread belong to the scheduler while a run lasts, `node:timers/promises` and `node:net` included.
 */
import { createRequire, syncBuiltinESMExports } from 'node:module';
import type { Random } from './random.ts';
import type { Owner, Scheduled, Scheduler } from './scheduler.ts';

const require = createRequire(import.meta.url);
const timersPromises = require('node:timers/promises') as Record<string, unknown>;
const net = require('node:net') as Record<string, unknown>;

/** The wall clock at the beginning of a run, milliseconds since the epoch. */
export const WORLD_START_MS = 1_780_000_000_000;

/** What the process that runs now reads from its wall clock. */
export function wallClockMs(scheduler: Scheduler): number {
  return Math.floor(WORLD_START_MS + scheduler.nowMs + (scheduler.current?.clockOffsetMs ?? 0));
}

/** Opens a simulated connection for the owner that asks for it. */
export type Dial = (owner: Owner, port: number, onConnect: () => void) => unknown;

class VirtualTimer {
  readonly #scheduler: Scheduler;
  readonly #owner: Owner;
  readonly #run: () => void;
  readonly #delayMs: number;
  readonly #repeats: boolean;
  #scheduled: Scheduled;

  constructor(scheduler: Scheduler, owner: Owner, run: () => void, delayMs: number, repeats: boolean) {
    this.#scheduler = scheduler;
    this.#owner = owner;
    this.#run = run;
    this.#delayMs = delayMs;
    this.#repeats = repeats;
    this.#scheduled = this.#start();
  }

  #start(): Scheduled {
    return this.#scheduler.after(this.#delayMs, this.#owner, () => {
      if (this.#repeats) this.#scheduled = this.#start();
      this.#run();
    });
  }

  cancel(): void {
    this.#scheduled.cancelled = true;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
  hasRef(): boolean {
    return true;
  }
  refresh(): this {
    this.cancel();
    this.#scheduled = this.#start();
    return this;
  }
}

interface WaitOptions {
  readonly signal?: AbortSignal;
}

/** Installs the world; returns how to remove it. */
export function installWorld(scheduler: Scheduler, random: Random, dial: Dial): () => void {
  const ownerNow = (): Owner => {
    if (scheduler.current === undefined) throw new Error('code of no process runs in the simulation');
    return scheduler.current;
  };
  const start = (run: () => void, delayMs: unknown, repeats: boolean): VirtualTimer => {
    const ms = typeof delayMs === 'number' && delayMs >= 1 ? delayMs : 1;
    return new VirtualTimer(scheduler, ownerNow(), run, ms, repeats);
  };
  const setTimeout = (run: (...args: unknown[]) => void, delayMs?: number, ...args: unknown[]) =>
    start(() => run(...args), delayMs, false);
  const setInterval = (run: (...args: unknown[]) => void, delayMs?: number, ...args: unknown[]) =>
    start(() => run(...args), delayMs, true);
  const setImmediate = (run: (...args: unknown[]) => void, ...args: unknown[]) =>
    new VirtualTimer(scheduler, ownerNow(), () => run(...args), 0, false);
  const clear = (timer: unknown): void => {
    if (timer instanceof VirtualTimer) timer.cancel();
  };
  const wait = (delayMs: number, value?: unknown, options: WaitOptions = {}): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const { signal } = options;
      const abort = (): void => {
        timer.cancel();
        reject(signal?.reason);
      };
      if (signal?.aborted === true) return reject(signal.reason);
      const timer = start(
        () => {
          signal?.removeEventListener('abort', abort);
          resolve(value);
        },
        delayMs,
        false,
      );
      signal?.addEventListener('abort', abort, { once: true });
    });
  const nextTurn = (value?: unknown): Promise<unknown> =>
    new Promise((resolve) => {
      new VirtualTimer(scheduler, ownerNow(), () => resolve(value), 0, false);
    });

  const RealDate = globalThis.Date;
  const nowMs = (): number => wallClockMs(scheduler);
  class VirtualDate extends RealDate {
    constructor(...args: [] | [string | number | Date]) {
      super(args.length === 0 ? nowMs() : args[0]);
    }
    static override now(): number {
      return nowMs();
    }
  }

  const createConnection = (port: number, _host: string, onConnect: () => void): unknown =>
    dial(ownerNow(), port, onConnect);

  // The NATS client builds an Error for each request in case it should fail; its stack is most of the cost.
  const stackTraceLimit = process.env.SIMULATION_LOG === undefined ? 2 : Error.stackTraceLimit;
  const undo = [
    replace(Error, { stackTraceLimit }),
    replace(globalThis, {
      setTimeout,
      setInterval,
      setImmediate,
      clearTimeout: clear,
      clearInterval: clear,
      clearImmediate: clear,
      Date: VirtualDate,
    }),
    replace(Math, { random: () => random.unit() }),
    replace(performance, { now: () => scheduler.nowMs }),
    replace(timersPromises, { setTimeout: wait, setImmediate: nextTurn }),
    replace(net, { createConnection }),
  ];
  syncBuiltinESMExports();
  return () => {
    for (const step of undo) step();
    syncBuiltinESMExports();
  };
}

function replace(target: object, values: Readonly<Record<string, unknown>>): () => void {
  const before = Object.keys(values).map((name) => [name, Object.getOwnPropertyDescriptor(target, name)] as const);
  for (const [name, value] of Object.entries(values)) {
    Object.defineProperty(target, name, { value, configurable: true, writable: true, enumerable: true });
  }
  return () => {
    for (const [name, descriptor] of before) {
      if (descriptor === undefined) Reflect.deleteProperty(target, name);
      else Object.defineProperty(target, name, descriptor);
    }
  };
}
