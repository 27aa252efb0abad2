/**
 * Starts ClickHouse as a child process and says when it answers. Weir talks to it over HTTP exactly as to a server;
 * this file only makes the address. The child leaves when this process does, and a port given once can be given again,
 * so that a supervisor restarts it under clients that keep their connections.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Logger } from 'pino';
import { WeirError } from '../../core/errors.ts';
import { writeServerConfig, writeUsersConfig } from './server-config.ts';

const READY_TIMEOUT_MS = 30_000;
const READY_POLL_MS = 10;
const STOP_TIMEOUT_MS = 10_000;
/** Lines of the engine's own complaints that are kept for the error when it does not start. */
const LAST_LINES_MAX = 20;
const LINE_LENGTH_MAX = 500;

export interface EmbeddedClickHouseOptions {
  readonly dataDir: string;
  readonly memoryBytesMax: number;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
  /** A free one when absent. */
  readonly httpPort?: number;
  readonly user: string;
  /** Made up when absent. */
  readonly password?: string;
  readonly database: string;
}

export interface EmbeddedClickHouse {
  readonly url: string;
  readonly httpPort: number;
  readonly user: string;
  readonly password: string;
  readonly pid: number;
  /** Settles when the process has gone, however it went. */
  readonly exited: Promise<{ code: number | null; signal: string | null }>;
  /** Closes it in order; kills it where that takes longer than ten seconds. */
  stop(): Promise<void>;
}

/** Throws a `WeirError`: `part.not_ready` when it does not answer in time or leaves early. */
export async function startEmbeddedClickHouse(o: EmbeddedClickHouseOptions): Promise<EmbeddedClickHouse> {
  const root = resolve(o.dataDir);
  const configDir = join(root, 'server');
  const dataPath = join(root, 'data');
  await mkdir(configDir, { recursive: true });
  await mkdir(dataPath, { recursive: true });
  const password = o.password ?? randomBytes(24).toString('base64url');
  const nonce = randomBytes(16).toString('hex');
  const httpPort = o.httpPort ?? (await findFreePort());
  const usersFile = join(configDir, 'users.xml');
  const configFile = join(configDir, 'server.xml');
  const { user, database, memoryBytesMax } = o;
  await writeFile(usersFile, writeUsersConfig({ user, password, database, memoryBytesMax }), { mode: 0o600 });
  await writeFile(configFile, writeServerConfig({ usersFile, memoryBytesMax, nonce }), { mode: 0o600 });

  // The working directory and HOME are the data directory: the engine would read a stray config.xml from either.
  const child = spawn(process.execPath, [...childProgram(), dataPath, configFile, String(httpPort)], {
    cwd: root,
    env: { PATH: process.env.PATH ?? '', HOME: root, TZ: 'UTC' },
    stdio: ['pipe', 'ignore', 'pipe'],
    detached: true,
  });
  const lastLines = keepLastLines(child, o.log);
  const exited = new Promise<{ code: number | null; signal: string | null }>((done) => {
    child.once('error', () => done({ code: 127, signal: null }));
    child.once('exit', (code, signal) => done({ code, signal }));
  });
  const server: EmbeddedClickHouse = {
    url: `http://127.0.0.1:${httpPort}`,
    httpPort,
    user,
    password,
    pid: child.pid ?? 0,
    exited,
    stop: () => stopChild(child, exited),
  };
  try {
    await waitUntilReady(server, nonce, lastLines);
  } catch (error) {
    await server.stop();
    throw error;
  }
  o.log.info({ pid: server.pid, url: server.url }, 'ClickHouse is ready');
  return server;
}

/** Compiled, the child is plain JavaScript; from source it needs the loader. Its own directory must not matter. */
function childProgram(): string[] {
  const fromSource = import.meta.url.endsWith('.ts');
  const program = fileURLToPath(new URL(fromSource ? './child.ts' : './child.js', import.meta.url));
  if (!fromSource) return [program];
  const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
  return ['--import', loader, program];
}

async function waitUntilReady(server: EmbeddedClickHouse, nonce: string, lastLines: string[]): Promise<void> {
  const deadline = performance.now() + READY_TIMEOUT_MS;
  let gone: { code: number | null; signal: string | null } | undefined;
  void server.exited.then((how) => {
    gone = how;
  });
  while (performance.now() < deadline) {
    // The engine's session outlives a listener that could not open: its port is taken.
    if (gone !== undefined || lastLines.some((line) => line.includes('Listen ['))) break;
    // `/ping` would also be answered by another server that holds the port.
    if ((await askInstance(server)) === nonce) return;
    await wait(READY_POLL_MS);
  }
  const how =
    gone === undefined ? `did not answer on ${server.url}` : `left with ${gone.signal ?? `code ${gone.code}`}`;
  throw new WeirError('part.not_ready', `ClickHouse ${how}. ${lastLines.join(' | ')}`.trim());
}

async function askInstance(server: EmbeddedClickHouse): Promise<string | undefined> {
  try {
    const response = await fetch(`${server.url}/?query=${encodeURIComponent("SELECT getMacro('instance')")}`, {
      headers: { 'X-ClickHouse-User': server.user, 'X-ClickHouse-Key': server.password, connection: 'close' },
      signal: AbortSignal.timeout(2_000),
    });
    return (await response.text()).trim();
  } catch {
    return undefined;
  }
}

async function stopChild(child: ChildProcess, exited: Promise<unknown>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.stdin?.destroy();
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
  await exited;
  clearTimeout(timer);
}

function keepLastLines(child: ChildProcess, log: EmbeddedClickHouseOptions['log']): string[] {
  const lines: string[] = [];
  let rest = '';
  child.stderr?.setEncoding('utf8');
  child.stderr?.on('data', (chunk: string) => {
    const parts = (rest + chunk).split('\n');
    rest = (parts.pop() ?? '').slice(0, LINE_LENGTH_MAX);
    for (const part of parts) {
      const line = part.trim().slice(0, LINE_LENGTH_MAX);
      if (line === '') continue;
      lines.push(line);
      if (lines.length > LAST_LINES_MAX) lines.shift();
      log.warn({ part: 'clickhouse' }, line);
    }
  });
  child.stderr?.on('error', () => undefined);
  child.stdin?.on('error', () => undefined);
  return lines;
}

function findFreePort(): Promise<number> {
  return new Promise((done, fail) => {
    const probe = createServer();
    probe.once('error', fail);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => (address !== null && typeof address === 'object' ? done(address.port) : fail(address)));
    });
  });
}
