/**
 * Time and order of a simulated world. Everything that happens is an event of one owner (a process, the server, the
 * store); between two events every promise that can settle does so, so that all that runs then belongs to that owner.
 * Killing an owner makes its events inert; pausing it puts them off: a crash and a SIGSTOP at any await.
 */
import { setImmediate as realImmediate } from 'node:timers';

export interface Owner {
  readonly name: string;
  alive: boolean;
  /** Nothing of it runs before this time. */
  pausedUntilMs: number;
  /** How far its wall clock is off; steady clocks and timers know nothing of it. */
  clockOffsetMs: number;
}

export interface Scheduled {
  readonly owner: Owner;
  cancelled: boolean;
}

interface Entry extends Scheduled {
  atMs: number;
  order: number;
  readonly run: () => void;
}

/** Events run one after the other without giving the real event loop a turn of its own. */
const EVENTS_PER_TURN = 64;
const EVENTS_MAX = 400_000;

export class Scheduler {
  nowMs = 0;
  /** Whose event is running. */
  current: Owner | undefined;
  events = 0;
  #order = 0;
  #entries: Entry[] = [];
  #failure: unknown;

  createOwner(name: string): Owner {
    return { name, alive: true, pausedUntilMs: 0, clockOffsetMs: 0 };
  }

  at(atMs: number, owner: Owner, run: () => void): Scheduled {
    const entry: Entry = { atMs: Math.max(atMs, this.nowMs), order: this.#order++, owner, run, cancelled: false };
    this.#push(entry);
    return entry;
  }

  after(delayMs: number, owner: Owner, run: () => void): Scheduled {
    return this.at(this.nowMs + delayMs, owner, run);
  }

  /** Ends the run with an error, wherever it is noticed. */
  fail(error: unknown): void {
    this.#failure ??= error;
  }

  /** Runs events until `isDone` (asked after each) or the time; resolves with whether it was done. */
  async runUntil(untilMs: number, isDone: () => boolean): Promise<boolean> {
    for (;;) {
      if (isDone()) return true;
      const head = this.#entries[0];
      if (head === undefined || head.atMs > untilMs) {
        this.nowMs = Math.max(this.nowMs, untilMs);
        return isDone();
      }
      const done = await this.#turn(untilMs, isDone);
      if (this.#failure !== undefined) throw this.#failure;
      if (this.events > EVENTS_MAX) throw new Error(`more than ${EVENTS_MAX} events: something runs in circles`);
      if (done) return true;
    }
  }

  /** Node settles promises between two immediates of one turn, which is far cheaper than a turn for each event. */
  #turn(untilMs: number, isDone: () => boolean): Promise<boolean> {
    return new Promise((resolve) => {
      let finished = false;
      for (let i = 0; i < EVENTS_PER_TURN; i++) {
        realImmediate(() => {
          if (finished) return;
          this.current = undefined;
          if (this.#failure !== undefined || isDone()) {
            finished = true;
            resolve(this.#failure === undefined);
            return;
          }
          this.#step(untilMs);
        });
      }
      realImmediate(() => {
        this.current = undefined;
        if (!finished) resolve(false);
      });
    });
  }

  #step(untilMs: number): void {
    for (;;) {
      const head = this.#entries[0];
      if (head === undefined || head.atMs > untilMs) return;
      this.#pop();
      if (head.cancelled || !head.owner.alive) continue;
      if (head.owner.pausedUntilMs > head.atMs) {
        // Events that were put off keep their order, since they come off the heap in it.
        head.atMs = head.owner.pausedUntilMs;
        head.order = this.#order++;
        this.#push(head);
        continue;
      }
      this.nowMs = Math.max(this.nowMs, head.atMs);
      this.events++;
      this.current = head.owner;
      try {
        head.run();
      } catch (error) {
        this.fail(error);
      }
      return;
    }
  }

  #push(entry: Entry): void {
    const entries = this.#entries;
    entries.push(entry);
    let at = entries.length - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(entry, entries[parent] as Entry)) break;
      entries[at] = entries[parent] as Entry;
      at = parent;
    }
    entries[at] = entry;
  }

  #pop(): void {
    const entries = this.#entries;
    const last = entries.pop() as Entry;
    const { length } = entries;
    if (length === 0) return;
    let at = 0;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= length) break;
      if (child + 1 < length && isBefore(entries[child + 1] as Entry, entries[child] as Entry)) child++;
      if (!isBefore(entries[child] as Entry, last)) break;
      entries[at] = entries[child] as Entry;
      at = child;
    }
    entries[at] = last;
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
