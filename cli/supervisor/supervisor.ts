/**
 * Runs one Weir: the embedded parts that the config does not name addresses for, then the roles, each a supervised
 * process. Starts them in the order of an event's way backwards and stops them in its order, so that what was taken in
 * is worked off before its successor leaves.
 */
import { join, resolve } from 'node:path';
import type { Logger } from 'pino';
import type { Config } from '../../core/config.ts';
import { WeirError } from '../../core/errors.ts';
import { startEmbeddedClickHouse } from '../../storage/embedded/start-embedded-clickhouse.ts';
import { startNatsServer } from '../../stream/embedded/nats-server.ts';
import {
  isAlive,
  PARTS_VARIABLE,
  type Parts,
  type RunFile,
  readRunFile,
  removeRunFile,
  writeRunFile,
} from '../parts.ts';
import { loadSecrets } from '../secrets.ts';
import { setUp } from '../set-up.ts';
import { lowerPriority } from './process-priority.ts';
import { type EdgeService, type RoleName, type RoleProcess, startRoleProcess } from './role-process.ts';
import { createProcessId, createProcessorStarter } from './start-processor.ts';
import { type Child, type SupervisedChild, superviseChild } from './supervised-child.ts';

const NATS_USER = 'weir';
const STORE_USER = 'weir';
/** Either may lead: the names say which was started first. */
const PROCESSOR_PAIR = ['processor', 'processor-2'];

export interface SupervisorOptions {
  readonly config: Config;
  readonly env: NodeJS.ProcessEnv;
  readonly roles: readonly RoleName[];
  readonly serves: readonly EdgeService[];
  /** A second processor, which follows the one that leads and takes its place. */
  readonly standby: boolean;
  readonly log: Logger;
  /** One line for each step of the start, for the person who waits. */
  readonly say: (line: string) => void;
}

export interface Supervisor {
  readonly url: string | undefined;
  stop(): Promise<void>;
}

/** They store what reports show; everything else is on the way of a decision. */
const WAITING_PARTS: ReadonlySet<string> = new Set(['clickhouse', 'sink']);

/** Throws a `WeirError` if another Weir runs on the data directory or a part does not start; what had started is stopped. */
export async function startSupervisor(options: SupervisorOptions): Promise<Supervisor> {
  const { config, env, roles, serves, standby, log, say } = options;
  const dataDir = resolve(config.WEIR_DATA_DIR);
  refuseSecondWeir(dataDir);
  const secrets = loadSecrets(dataDir);
  const running: SupervisedChild[] = [];
  const pids: Record<string, number> = {};
  let run: RunFile | undefined;

  const supervise = async <C extends Child>(
    name: string,
    start: () => Promise<C>,
    onRunning: (child: C) => void,
  ): Promise<void> => {
    const startedMs = performance.now();
    const child = await superviseChild({
      name,
      start,
      log,
      onRunning: (next) => {
        pids[name] = next.pid;
        if (WAITING_PARTS.has(name))
          lowerPriority(next.pid).catch((err: unknown) => log.warn({ err, part: name }, 'its priority stays as it is'));
        onRunning(next);
        if (run !== undefined) writeRunFile(dataDir, { ...run, pids });
      },
    });
    running.push(child);
    say(`${name} is ready (${((performance.now() - startedMs) / 1_000).toFixed(1)} s)`);
  };

  const stopAll = async (): Promise<void> => {
    for (const child of running.reverse()) {
      await child.stop();
      log.info({ part: child.name }, 'stopped');
    }
    removeRunFile(dataDir);
  };

  const startNats = async (): Promise<Parts['nats']> => {
    if (config.NATS_URL !== '') {
      return { url: config.NATS_URL, ...(config.NATS_CREDS_FILE === '' ? {} : { credsFile: config.NATS_CREDS_FILE }) };
    }
    let port: number | undefined;
    let url = '';
    await supervise(
      'nats-server',
      () =>
        startNatsServer({
          dataDir,
          user: NATS_USER,
          password: secrets.natsPassword,
          log,
          ...(port === undefined ? {} : { port }),
        }),
      (server) => {
        port = server.port;
        url = server.url;
      },
    );
    return { url, user: NATS_USER, password: secrets.natsPassword };
  };

  const startStore = async (): Promise<Parts['store']> => {
    const database = config.CLICKHOUSE_DATABASE;
    if (config.CLICKHOUSE_URL !== '') {
      return {
        url: config.CLICKHOUSE_URL,
        user: config.CLICKHOUSE_USER,
        password: config.CLICKHOUSE_PASSWORD,
        database,
      };
    }
    let httpPort: number | undefined;
    let url = '';
    await supervise(
      'clickhouse',
      () =>
        startEmbeddedClickHouse({
          dataDir: join(dataDir, 'clickhouse'),
          memoryBytesMax: config.WEIR_STORE_MEMORY_BYTES_MAX,
          user: STORE_USER,
          password: secrets.storePassword,
          database,
          log,
          ...(httpPort === undefined ? {} : { httpPort }),
        }),
      (server) => {
        url = server.url;
        httpPort = Number(new URL(server.url).port);
      },
    );
    return { url, user: STORE_USER, password: secrets.storePassword, database };
  };

  try {
    const [nats, store] = await Promise.all([startNats(), startStore()]);
    const parts: Parts = { nats, store, jwtSecret: config.JWT_SECRET === '' ? secrets.jwtSecret : config.JWT_SECRET };
    await setUp(parts, config, log);
    say('the log and the tables are in place');

    let url: string | undefined;
    const roleEnv = { ...env, [PARTS_VARIABLE]: JSON.stringify(parts) };
    const startProcessor = createProcessorStarter(roleEnv);
    const startRole = (role: RoleName, name: string): Promise<RoleProcess> => {
      const brief = { name, serves, ...(url === undefined ? {} : { url }) };
      if (role === 'processor') return startProcessor(brief);
      return startRoleProcess({ role, env: roleEnv, brief: { ...brief, id: createProcessId(), ended: [] } });
    };
    for (const role of roles)
      for (const name of role === 'processor' && standby ? PROCESSOR_PAIR : [role])
        await supervise(
          name,
          () => startRole(role, name),
          (started) => {
            url = started.url ?? url;
          },
        );
    run = { pid: process.pid, startedAt: new Date().toISOString(), pids, parts, ...(url === undefined ? {} : { url }) };
    writeRunFile(dataDir, run);
    return { url, stop: stopAll };
  } catch (error) {
    await stopAll();
    throw error;
  }
}

function refuseSecondWeir(dataDir: string): void {
  const other = readRunFile(dataDir);
  if (other === undefined || other.pid === process.pid || !isAlive(other.pid)) return;
  throw new WeirError(
    'part.not_ready',
    `a Weir already runs on ${dataDir}${other.url === undefined ? '' : ` at ${other.url}`} (process ${other.pid}); stop it first, or set WEIR_DATA_DIR`,
  );
}
