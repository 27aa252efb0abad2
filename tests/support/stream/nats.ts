/**
 * A real nats-server for one test file: a fresh directory, a free port, and the means to kill it without mercy and
 * bring it back on the same port, as the supervisor does.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { Config } from '../../../core/config.ts';
import { connectStream, type StreamConnection } from '../../../stream/connection.ts';
import { type NatsServer, startNatsServer } from '../../../stream/embedded/nats-server.ts';
import { ensureTopology } from '../../../stream/topology.ts';

const USER = 'weir';
const PASSWORD = 'a password of the tests';
const LOG_BYTES = 1_073_741_824;

export interface NatsFixture {
  readonly dataDir: string;
  readonly url: string;
  readonly user: string;
  readonly password: string;
  /** The present process; another one after `restart`. */
  server(): NatsServer;
  /** A connection that `stop` closes; at the server's own address unless `url` says another way to it. */
  connect(name?: string, url?: string): Promise<StreamConnection>;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  /** Starts it again on the same port. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export type TopologyOverrides = Partial<Pick<Config, 'NATS_REPLICAS' | 'WEIR_LOG_BYTES_MAX' | 'WEIR_LOG_AGE_DAYS'>>;

/** Topology included, unless `topology` is false. */
export async function startNats(topology: TopologyOverrides | false = {}): Promise<NatsFixture> {
  const log = pino({ level: process.env.TEST_LOG_LEVEL ?? 'silent' });
  const dataDir = await mkdtemp(join(tmpdir(), 'weir-nats-'));
  const connections: StreamConnection[] = [];
  let server = await startNatsServer({ dataDir, user: USER, password: PASSWORD, log });

  const fixture: NatsFixture = {
    dataDir,
    url: server.url,
    user: USER,
    password: PASSWORD,
    server: () => server,
    async connect(name = 'test', url = server.url) {
      const connection = await connectStream({ url, user: USER, password: PASSWORD, name, log });
      connections.push(connection);
      return connection;
    },
    async kill() {
      process.kill(server.pid, 'SIGKILL');
      await server.exited;
    },
    async restart() {
      server = await startNatsServer({ dataDir, port: server.port, user: USER, password: PASSWORD, log });
    },
    async stop() {
      await Promise.all(connections.map((connection) => connection.close()));
      await server.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
  if (topology !== false) {
    const connection = await fixture.connect('topology');
    await ensureTopology(connection, {
      NATS_REPLICAS: 1,
      WEIR_LOG_BYTES_MAX: LOG_BYTES,
      WEIR_LOG_AGE_DAYS: 30,
      ...topology,
    });
  }
  return fixture;
}
