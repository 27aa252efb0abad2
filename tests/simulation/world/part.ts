/**
 * One process of Weir in the simulated world, looked after as the supervisor does: what ends, by a kill or by itself, is
 * started anew after a while. A part that was put aside (`freeze` for longer than it takes to be replaced) comes back
 * beside its successor: the stale second one that fencing is about.
 */
import type { Network } from '../nats/socket.ts';
import type { Random } from './random.ts';
import type { Owner, Scheduler } from './scheduler.ts';

export interface Life {
  readonly owner: Owner;
  /** Of this life alone. */
  readonly id: string;
  /** Earlier lives of this part that are known to have ended. */
  readonly ended: readonly string[];
  /** Tells those who wait for this process that it is gone; called once. */
  onDeath(listener: () => void): void;
  /** Makes a clean stop possible, as SIGTERM asks for it. */
  onStop(listener: () => void): void;
}

/** Runs until it cannot go on. */
export type PartMain = (life: Life) => Promise<void>;

interface Current {
  readonly owner: Owner;
  readonly id: string;
  readonly listeners: (() => void)[];
  onStop?: () => void;
}

export interface PartOptions {
  readonly scheduler: Scheduler;
  readonly network: Network;
  readonly random: Random;
  readonly count: (fault: string) => void;
  /** Told of each life's end, unless it was put aside before. */
  readonly onEnd?: (id: string) => void;
}

const RESTART_MIN_MS = 50;
const RESTART_MAX_MS = 600;
/** A part that ends by itself this often without being harmed is broken. */
const ENDS_MAX = 40;

export class Part {
  readonly name: string;
  readonly #o: PartOptions;
  readonly #main: PartMain;
  #current: Current | undefined;
  /** Asked to stop; its end is no failure. */
  readonly #stopping = new Set<Owner>();
  #ends = 0;
  #lives = 0;
  readonly #ended: string[] = [];

  constructor(name: string, options: PartOptions, main: PartMain) {
    this.name = name;
    this.#o = options;
    this.#main = main;
  }

  get owner(): Owner | undefined {
    return this.#current?.owner;
  }

  start(): void {
    const { scheduler } = this.#o;
    const owner = scheduler.createOwner(this.name);
    const listeners: (() => void)[] = [];
    const id = `${this.name}.${++this.#lives}`;
    const current: Current = { owner, id, listeners };
    this.#current = current;
    const life: Life = {
      owner,
      id,
      ended: [...this.#ended],
      onDeath: (listener) => void listeners.push(listener),
      onStop: (listener) => {
        current.onStop = listener;
      },
    };
    scheduler.after(0, owner, () => {
      this.#main(life).then(
        () => this.#hasEnded(owner, new Error('it returned')),
        (error: unknown) => this.#hasEnded(owner, error),
      );
    });
  }

  /** SIGKILL at whatever it is waiting for. */
  kill(): void {
    const current = this.#current;
    if (current === undefined) return;
    this.#o.count(`${this.name} killed`);
    this.#bury(current.owner, current.listeners);
    this.#startAgain();
  }

  /** SIGTERM, where it can stop cleanly. */
  stop(): void {
    const current = this.#current;
    if (current?.onStop === undefined || this.#stopping.has(current.owner)) return;
    this.#o.count(`${this.name} stopped`);
    this.#stopping.add(current.owner);
    this.#o.scheduler.after(0, current.owner, current.onStop);
  }

  /** Its wall clock jumps; until it is started anew. */
  shiftClock(byMs: number): void {
    if (this.#current === undefined) return;
    this.#o.count(`${this.name} clock jumped`);
    this.#current.owner.clockOffsetMs += byMs;
  }

  /** SIGSTOP, and SIGCONT after a while. */
  pause(forMs: number): void {
    if (this.#current === undefined) return;
    this.#o.count(`${this.name} paused`);
    this.#current.owner.pausedUntilMs = this.#o.scheduler.nowMs + forMs;
  }

  /** It falls silent, is replaced, and wakes up beside its successor. */
  replaceWhileAsleep(forMs: number): void {
    const current = this.#current;
    if (current === undefined) return;
    this.#o.count(`${this.name} asleep and replaced`);
    current.owner.pausedUntilMs = this.#o.scheduler.nowMs + forMs;
    for (const listener of current.listeners.splice(0)) listener();
    this.#current = undefined;
    this.start();
    // It does not live for ever beside the other: whoever replaced it sees to that in the end.
    this.#o.scheduler.after(forMs * 2 + 4_000, this.#o.network.world, () => this.#bury(current.owner, []));
  }

  #hasEnded(owner: Owner, error: unknown): void {
    if (!owner.alive) return;
    const wasAsked = this.#stopping.has(owner);
    if (!wasAsked) this.#o.count(`${this.name} ended by itself`);
    if (process.env.SIMULATION_LOG !== undefined) process.stderr.write(`${this.name} ended: ${String(error)}\n`);
    const wasCurrent = this.#current?.owner === owner;
    this.#bury(owner, wasCurrent ? (this.#current?.listeners ?? []) : []);
    if (!wasAsked && ++this.#ends > ENDS_MAX)
      this.#o.scheduler.fail(new Error(`${this.name} ends again and again`, { cause: error }));
    else if (wasCurrent) this.#startAgain();
  }

  #bury(owner: Owner, listeners: (() => void)[]): void {
    owner.alive = false;
    for (const connection of [...this.#o.network.connections]) if (connection.owner === owner) connection.orphan();
    for (const listener of listeners.splice(0)) listener();
  }

  #startAgain(): void {
    const ended = this.#current?.id;
    this.#current = undefined;
    if (ended !== undefined) {
      this.#ended.push(ended);
      this.#o.onEnd?.(ended);
    }
    const { scheduler, random, network } = this.#o;
    scheduler.after(random.between(RESTART_MIN_MS, RESTART_MAX_MS), network.world, () => this.start());
  }
}
