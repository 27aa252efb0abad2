/**
 * `npm run loadtest -- faults`: a fresh Weir under steady traffic while its processes are killed and paused, connections
 * cut, the log's disk filled and the store slowed down; then peace, and the check that nothing was lost or counted twice.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import Type from 'typebox';
import Value from 'typebox/value';
import { decodeOutcomeHead } from '../../core/outcomes/outcome-codec.ts';
import { connectStream, type StreamConnection } from '../../stream/connection.ts';
import { readLast } from '../../stream/log/log-reader.ts';
import { startTarget } from '../driver/target.ts';
import { delay } from '../send/event-sender.ts';
import { checkAfterFaults, type Select, type Verdict } from './check.ts';
import { planFaults } from './fault-plan.ts';
import { freePort } from './free-port.ts';
import { createInjector, type Injected } from './inject.ts';
import { mountSmallDisk, type SmallDisk } from './small-disk.ts';
import { startTraffic, type Traffic } from './traffic.ts';

export interface FaultsOptions {
  readonly root: string;
  readonly minutes: number;
  readonly seed: number;
  readonly signal: AbortSignal;
  readonly onLine: (line: string) => void;
}

export interface FaultsResult extends Injected, Verdict {
  readonly minutes: number;
  readonly seed: number;
  /** How a full disk was made: a tmpfs of its own, or not at all. */
  readonly fullDiskBy: 'tmpfs' | 'none';
  readonly acknowledged: number;
  readonly retries: number;
  readonly reconnects: number;
  /** From the last fault until everything was worked off. */
  readonly recoverySeconds: number;
}

const REST_MAX_MS = 180_000;
const REST_POLL_MS = 500;
/** At rest for this long in a row. */
const QUIET_POLLS = 6;
const LOG_BYTES_MAX = 201_326_592;
/** Some seconds' traffic: faults meet checkpoints, and restarts come from them. */
const CHECKPOINT_EVENTS_MAX = 500;

const RunFile = Type.Object({
  parts: Type.Object({
    nats: Type.Object({ url: Type.String(), user: Type.String(), password: Type.String() }),
    store: Type.Object({
      url: Type.String(),
      user: Type.String(),
      password: Type.String(),
      database: Type.String(),
    }),
  }),
});
type RunFile = Type.Static<typeof RunFile>;

export async function runFaults(o: FaultsOptions): Promise<FaultsResult> {
  const { signal } = o;
  let disk: SmallDisk | undefined;
  const target = await startTarget(o.root, signal, {
    // Its port stays the same when the gateway is started anew.
    env: {
      PORT: String(await freePort()),
      WEIR_LOG_BYTES_MAX: String(LOG_BYTES_MAX),
      WEIR_CHECKPOINT_EVENTS_MAX: String(CHECKPOINT_EVENTS_MAX),
    },
    prepare: async (dataDir) => {
      const mounted = await mountSmallDisk(join(dataDir, 'nats'));
      disk = mounted;
      return () => mounted.unmount();
    },
  });
  let traffic: Traffic | undefined;
  try {
    if (disk === undefined) throw new Error('the data directory was not prepared');
    const run = readRun(target.dataDir);
    const natsPort = Number(
      new URL(run.parts.nats.url.includes('://') ? run.parts.nats.url : `nats://${run.parts.nats.url}`).port,
    );
    traffic = await startTraffic(target, o.minutes * 60_000, signal);
    const injector = createInjector({ pids: target.pids, natsPort, disk, signal });
    await inject(o, injector);
    o.onLine(`${injector.done.kills} kills; waiting for peace`);
    const peaceMs = performance.now();
    await traffic.finish();
    const connection = await connectStream({ ...run.parts.nats, name: 'faults', log: pino({ level: 'silent' }) });
    try {
      const select = selectFrom(run);
      await untilAtRest(connection, select, traffic, signal);
      const recoverySeconds = Math.round((performance.now() - peaceMs) / 100) / 10;
      const verdict = await checkAfterFaults(connection, select, traffic);
      return {
        minutes: o.minutes,
        seed: o.seed,
        ...injector.done,
        fullDiskBy: disk.isMounted ? 'tmpfs' : 'none',
        acknowledged: traffic.acknowledged.size,
        retries: traffic.retries,
        reconnects: traffic.reconnects,
        recoverySeconds,
        ...verdict,
      };
    } finally {
      await connection.close();
    }
  } finally {
    traffic?.close();
    await target.stop();
  }
}

/** One fault after the other begins when it is due; long ones overlap with what comes next. */
async function inject(o: FaultsOptions, injector: ReturnType<typeof createInjector>): Promise<void> {
  const startMs = performance.now();
  const underWay: Promise<void>[] = [];
  for (const fault of planFaults(o.seed, o.minutes * 60_000)) {
    await delay(Math.max(0, startMs + fault.atMs - performance.now()), o.signal);
    const { atMs, ...what } = fault;
    o.onLine(`${(atMs / 1_000).toFixed(1)} s ${JSON.stringify(what)}`);
    const injected = injector.inject(fault);
    injected.catch(() => undefined);
    underWay.push(injected);
  }
  await Promise.all(underWay);
}

function readRun(dataDir: string): RunFile {
  const run: unknown = JSON.parse(readFileSync(join(dataDir, 'run.json'), 'utf8'));
  if (!Value.Check(RunFile, run)) throw new Error(`run.json in ${dataDir} is not understood`);
  return run;
}

function selectFrom({ parts }: RunFile): Select {
  const { url, user, password, database } = parts.store;
  return async <T>(query: string): Promise<T[]> => {
    const answer = await fetch(
      `${url}/?database=${database}&default_format=JSONEachRow&output_format_json_quote_64bit_integers=0`,
      { method: 'POST', headers: { 'X-ClickHouse-User': user, 'X-ClickHouse-Key': password }, body: query },
    );
    const text = await answer.text();
    if (!answer.ok) throw new Error(text);
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as T);
  };
}

/** Everything in the log is answered and stored, and nothing more is shown. */
async function untilAtRest(
  connection: StreamConnection,
  select: Select,
  traffic: Traffic,
  signal: AbortSignal,
): Promise<void> {
  const deadlineMs = performance.now() + REST_MAX_MS;
  let before = '';
  let same = 0;
  let state = '';
  while (same < QUIET_POLLS) {
    if (performance.now() > deadlineMs) throw new Error(`Weir did not come to rest within ${REST_MAX_MS} ms: ${state}`);
    await delay(REST_POLL_MS, signal);
    const last = await readLast(connection, 'OUTCOMES');
    const stored = await select<{ to: number }>(
      "SELECT maxIf(to_seq, state = 'complete') AS to FROM sink_batches WHERE sink = 'outcomes'",
    ).catch(() => []);
    const shown = [...traffic.shown.values()].reduce((sum, seen) => sum + seen.length, 0);
    const outcomes = last?.seq ?? 0;
    const answered = last === undefined ? 0 : decodeOutcomeHead(last.bytes).inputSeq;
    state = `OUTCOMES at ${outcomes} (${answered}), the store at ${stored[0]?.to ?? 0}, ${shown} offers shown`;
    same = state === before && stored[0]?.to === outcomes ? same + 1 : 0;
    before = state;
  }
}
