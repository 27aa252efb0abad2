/** One run of the simulated world from one seed: traffic with faults, then peace, then the checks. */
import { decodeOutcomeHead } from '../../../core/outcomes/outcome-codec.ts';
import { askUntil } from '../parts/clients.ts';
import { createRandom } from '../world/random.ts';
import { checkWorld, type Promises } from './check.ts';
import { type FaultName, planFaults } from './faults.ts';
import { planWorkload, type Workload } from './workload.ts';
import { type Defects, World } from './world.ts';

export interface RunOptions {
  readonly requests?: number;
  readonly spanMs?: number;
  readonly defects?: Defects;
  /** Nobody imports rules in the middle. */
  readonly withoutImport?: boolean;
  /** The only kind of fault; any where it is absent. */
  readonly only?: FaultName;
}

export interface RunReport {
  readonly seed: number;
  /** Empty where everything holds. */
  readonly problems: readonly string[];
  readonly faults: readonly string[];
  /** What happened how often, faults and what they led to. */
  readonly coverage: ReadonlyMap<string, number>;
  readonly events: number;
  /** Simulated time that it took. */
  readonly simulatedMs: number;
}

const REQUESTS = 24;
const SPAN_MS = 6_000;
const DECISION_TIMEOUT_MS = 1_500;
/** How long a healed world may take to come to rest. */
const REST_MS = 120_000;
/** At rest for this long: nothing more comes of what was sent. */
const QUIET_MS = 700;

let warmedUp: Promise<unknown> | undefined;

/**
 * The same seed gives the same run. What a process does once and for real, such as loading a module on first use, is
 * done by a run before the first that counts.
 */
export async function runSeed(seed: number, o: RunOptions = {}): Promise<RunReport> {
  warmedUp ??= runOnce(0, { requests: 4, spanMs: 3_000 });
  await warmedUp;
  return runOnce(seed, o);
}

async function runOnce(seed: number, o: RunOptions): Promise<RunReport> {
  const random = createRandom(seed);
  const spanMs = o.spanMs ?? SPAN_MS;
  const planned = planWorkload(random.fork(), { requests: o.requests ?? REQUESTS, spanMs });
  const workload = o.withoutImport === true ? { ...planned, next: undefined } : planned;
  const faults = planFaults(random.fork(), spanMs, o.only);
  const world = new World(random, workload.next, o.defects);
  const { scheduler } = world;
  const problems: string[] = [];
  const promises: Promises = { acknowledged: new Set(), decided: [], refused: 0, poison: 0 };
  let unfinished = workload.producers.length + workload.poison.length + 2;
  const finish = (): void => {
    unfinished--;
  };
  try {
    for (const fault of faults) scheduler.at(fault.atMs, world.outside, () => fault.run(world.victims));
    scheduler.at(spanMs, world.outside, () => world.heal());
    startProducers(world, workload, promises, finish);
    let rivals: string | undefined;
    const isDone = (): boolean => {
      const leaders = world.leaders();
      if (leaders.length > 1) rivals ??= leaders.join(' and ');
      const isImported = workload.next === undefined || world.imported.isLive;
      return unfinished === 0 && isImported && scheduler.nowMs > spanMs && isAtRest(world);
    };
    let rested = false;
    while (!rested && scheduler.nowMs < spanMs + REST_MS) {
      if (!(await scheduler.runUntil(spanMs + REST_MS, isDone))) break;
      await scheduler.runUntil(scheduler.nowMs + QUIET_MS, () => false);
      rested = isDone();
    }
    if (rivals !== undefined) problems.push(`${rivals} believed in the lease at the same time`);
    const differences = await world.differences();
    if (differences > 0) problems.push(`a processor came to ${differences} other outcomes than are published`);
    if (rested) problems.push(...checkWorld(world, promises, workload.next?.documents));
    else problems.push(`did not come to rest: ${unfinished} clients wait, ${describeProgress(world)}`);
  } catch (error) {
    problems.push(
      error instanceof Error
        ? `${error.stack}${error.cause === undefined ? '' : `\ncause: ${String(error.cause)}`}`
        : String(error),
    );
  } finally {
    world.remove();
  }
  return {
    seed,
    problems,
    faults: faults.map(({ name, atMs }) => `${name} at ${atMs.toFixed(0)} ms`),
    coverage: world.coverage,
    events: scheduler.events,
    simulatedMs: scheduler.nowMs,
  };
}

function startProducers(world: World, workload: Workload, promises: Promises, finish: () => void): void {
  const { scheduler, clients } = world;
  const until = (owner: typeof world.outside, atMs: number): Promise<void> =>
    new Promise((resolve) => void scheduler.at(atMs, owner, resolve));
  const start = (name: string, run: (owner: typeof world.outside) => Promise<void>): void => {
    const owner = scheduler.createOwner(name);
    scheduler.after(0, owner, () => void run(owner).then(finish, (error: unknown) => scheduler.fail(error)));
  };
  start('administrator', async (owner) => {
    await askUntil(
      clients,
      owner,
      (edge) => edge.append([workload.rules]),
      () => true,
    );
    world.imported.mayBegin = true;
  });
  for (const { atMs, entry } of workload.poison) {
    start('administrator', async (owner) => {
      await until(owner, atMs);
      await askUntil(
        clients,
        owner,
        (edge) => edge.append([entry]),
        () => true,
      );
      promises.poison++;
    });
  }
  start('till', async (owner) => {
    for (const { atMs, id, body } of workload.decisions) {
      await until(owner, atMs);
      const answer = await askUntil(
        clients,
        owner,
        (edge) => edge.decide(body, DECISION_TIMEOUT_MS),
        (decided) => decided !== undefined,
      );
      if (answer === undefined) throw new Error('no decision');
      promises.acknowledged.add(`gw/${id}`);
      world.count(answer.degraded === true ? 'decision degraded' : 'decision answered');
      if (answer.degraded !== true) promises.decided.push(answer);
    }
  });
  for (const requests of workload.producers) {
    start('producer', async (owner) => {
      for (const { atMs, body, events, refused } of requests) {
        await until(owner, atMs);
        const { status } = await askUntil(
          clients,
          owner,
          (edge) => edge.post(body),
          (answer) => answer.status < 500,
        );
        if (status !== 202) throw new Error(`a request was answered with ${status}`);
        for (const id of events) promises.acknowledged.add(id);
        promises.refused += refused;
      }
    });
  }
}

/** Everything in the log is answered and stored, and the live part has shown it. */
function isAtRest(world: World): boolean {
  const outcomes = world.disk.streams.get('OUTCOMES')?.lastSeq ?? 0;
  const quarantined = world.disk.streams.get('QUARANTINE')?.lastSeq ?? 0;
  if (answeredUpTo(world, outcomes) < world.lastQuestionSeq()) return false;
  // A row may have come twice: rows with the same `seq` replace each other.
  if (new Set(world.tables.of('quarantine').map((row) => row.seq)).size < quarantined) return false;
  const stored = world.tables.marks.get('outcomes.complete')?.to_seq ?? 0;
  const hub = world.edge?.hub;
  return outcomes > 0 && stored === outcomes && hub?.following === true && hub.outcomeSeq === outcomes;
}

/** Newest position of EVENTS that OUTCOMES answers. */
function answeredUpTo(world: World, outcomes: number): number {
  const last = world.disk.streams.get('OUTCOMES')?.messages.get(outcomes);
  return last === undefined ? 0 : decodeOutcomeHead(last.payload).inputSeq;
}

function describeProgress(world: World): string {
  const last = (stream: string): number => world.disk.streams.get(stream)?.lastSeq ?? 0;
  const answered = answeredUpTo(world, last('OUTCOMES'));
  return `EVENTS at ${last('EVENTS')} (${world.lastQuestionSeq()} to be answered), OUTCOMES at ${last('OUTCOMES')} (answering ${answered}), QUARANTINE at ${last('QUARANTINE')} (${world.tables.of('quarantine').length} stored), the store at ${world.tables.marks.get('outcomes.complete')?.to_seq ?? 0}, the hub at ${world.edge?.hub.outcomeSeq ?? 'nowhere'}`;
}
