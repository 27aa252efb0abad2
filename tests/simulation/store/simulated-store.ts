/**
 * A ClickHouse behind the `Store` that the sink and the gateway use. A call travels there and its answer back; on the way
 * either can get lost, an insert can end half way or happen after its caller has given up, and the server can be killed.
 */
import { WeirError } from '../../../core/errors.ts';
import type { Store } from '../../../storage/open-store.ts';
import type { Random } from '../world/random.ts';
import type { Owner, Scheduler } from '../world/scheduler.ts';
import { answerQuery } from './queries.ts';
import type { SimulatedTables } from './simulated-tables.ts';

export interface StoreTroubles {
  untilMs: number;
  /** Chance that a call goes wrong, one way or another. */
  chance: number;
  slowUntilMs: number;
  slowMs: number;
}

export interface StoreOptions {
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly tables: SimulatedTables;
  readonly troubles: StoreTroubles;
  readonly count: (fault: string) => void;
}

const USUAL_MS = 3;
const LATE_MS = 1_500;
/** Now and then a server takes its time between a guard and its rows. */
const BUSY_CHANCE = 0.1;
const BUSY_MS = 30;

type Steps = (() => void)[];

export class SimulatedClickHouse {
  owner: Owner;
  isUp = true;
  readonly #o: StoreOptions;
  /** What to tell the callers when the server dies. */
  readonly #underWay = new Set<() => void>();

  constructor(options: StoreOptions) {
    this.#o = options;
    this.owner = options.scheduler.createOwner('clickhouse');
  }

  kill(): void {
    this.owner.alive = false;
    this.isUp = false;
    for (const breakOff of this.#underWay) breakOff();
    this.#underWay.clear();
  }

  restart(): void {
    this.owner = this.#o.scheduler.createOwner('clickhouse');
    this.isUp = true;
  }

  /** The store as a process sees it. */
  open(caller: Owner): Store {
    const { tables, scheduler } = this.#o;
    const run = <T>(steps: () => Steps, answer: () => T): Promise<T> => this.#call(caller, steps, answer);
    return {
      database: 'weir',
      capabilities: { version: 'simulated', embedded: true },
      query: (name, sql, params = {}) =>
        run(
          () => [],
          () => {
            try {
              return answerQuery(tables, name, sql, params);
            } catch (error) {
              scheduler.fail(error);
              return [];
            }
          },
        ),
      execute: (sql, params = {}, { token } = {}) =>
        run(
          () => this.#markSteps(sql, params, token),
          () => undefined,
        ),
      insertBlock: ({ table, bytes }, token, guard) => {
        const copy = bytes.slice();
        return run(
          () => {
            if (guard !== undefined && !this.#holds(guard.params)) throw overtaken();
            return tables.insertSteps(table, copy, token);
          },
          () => undefined,
        );
      },
      close: () => Promise.resolve(),
    };
  }

  #markSteps(sql: string, params: Readonly<Record<string, unknown>>, token: string | undefined): Steps {
    if (!sql.startsWith('INSERT INTO sink_batches')) throw new Error(`the simulated store does not know ${sql}`);
    if (!this.#holds(params)) return [];
    const mark = { from_seq: Number(params.from), to_seq: Number(params.to), input_seq: Number(params.input) };
    return [
      () => {
        const isFirst = this.#o.tables.mark(String(params.sink), String(params.state), mark, token);
        if (!isFirst) this.#o.count('intent came second');
      },
    ];
  }

  /** The two guards of `storage/sink/write-batch.ts`: an intent follows what is complete, all else belongs to the newest intent. */
  #holds(params: Readonly<Record<string, unknown>>): boolean {
    const { tables } = this.#o;
    if (tables.defects.ignoreGuards === true) return true;
    const newest = tables.newestMark(String(params.sink));
    if (params.after !== undefined) {
      const after = Number(params.after);
      return newest.to_seq === after && newest.isComplete === after > 0;
    }
    return newest.to_seq === Number(params.to) && newest.from_seq === Number(params.from) && !newest.isComplete;
  }

  /** `undefined` where a guard refuses. */
  #prepare(prepare: () => Steps, count: (fault: string) => void): Steps | undefined {
    try {
      return prepare();
    } catch (error) {
      if (!(error instanceof WeirError)) throw error;
      count('insert refused by its guard');
      return undefined;
    }
  }

  #call<T>(caller: Owner, prepare: () => Steps, answer: () => T): Promise<T> {
    const { scheduler, random, troubles, count } = this.#o;
    return new Promise((resolve, reject) => {
      const fail = (why: string, afterMs: number): void => {
        scheduler.after(afterMs, caller, () => reject(new WeirError('store.unavailable', why)));
      };
      if (!this.isUp) return fail('nobody listens', random.unit());
      const server = this.owner;
      let settled = false;
      const slowMs = scheduler.nowMs < troubles.slowUntilMs ? random.unit() * troubles.slowMs : 0;
      if (slowMs > 0) count('slow store');
      const work = (delayMs: number, share: number, reply: (() => void) | undefined): void => {
        scheduler.after(delayMs, server, () => {
          const steps = this.#prepare(prepare, count);
          // Between a guard and the rows behind it others are served.
          const busyMs = random.chance(BUSY_CHANCE) ? BUSY_MS : USUAL_MS;
          scheduler.after(random.unit() * (busyMs + slowMs), server, () => {
            for (const step of (steps ?? []).slice(0, Math.ceil((steps?.length ?? 0) * share))) step();
            if (reply === undefined) return;
            settled = true;
            if (steps === undefined) scheduler.after(random.unit() * USUAL_MS, caller, () => reject(overtaken()));
            else reply();
          });
        });
      };
      const succeed = (): void => {
        const value = answer();
        scheduler.after(random.unit() * USUAL_MS, caller, () => resolve(value));
      };
      const delayMs = slowMs + random.unit() * USUAL_MS;
      // A server that dies with the call answers nothing; its caller sees the connection break.
      this.#underWay.add(() => {
        if (settled) return;
        count('store died during a call');
        fail('the connection broke', random.unit());
      });
      if (scheduler.nowMs >= troubles.untilMs || !random.chance(troubles.chance)) return work(delayMs, 1, succeed);
      const kind = random.below(4);
      if (kind === 0) {
        count('store call lost');
        fail('the call was lost', delayMs);
      } else if (kind === 1) {
        count('store answer lost');
        work(delayMs, 1, () => fail('the answer was lost', random.unit() * USUAL_MS));
      } else if (kind === 2) {
        count('insert ended half way');
        work(delayMs, random.unit(), () => fail('ended half way', random.unit() * USUAL_MS));
      } else {
        count('insert came late');
        work(delayMs + random.unit() * LATE_MS, 1, undefined);
        fail('timed out', delayMs);
      }
    });
  }
}

function overtaken(): WeirError {
  return new WeirError('store.fenced', 'overtaken');
}
