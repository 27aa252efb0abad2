/**
 * The Weir that is measured: a fresh one of our own, started through the same command and supervisor as everybody's,
 * on an empty data directory and a free port; or one that runs already.
 */
import { execFile, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import Type from 'typebox';
import Value from 'typebox/value';
import { WeirError } from '../../core/errors.ts';
import { delay } from '../send/event-sender.ts';
import { createHttpPoster } from '../send/http-post.ts';

export interface StartTargetOptions {
  /** Settings beside those that every fresh Weir gets. */
  readonly env?: Readonly<Record<string, string>>;
  /** Rule documents that go live before the load; those that ship when absent. */
  readonly rules?: readonly object[];
  /** Flags for Node.js, which every process of it gets. */
  readonly nodeFlags?: readonly string[];
  /** Prepares the empty data directory before the start, and gives what undoes it. */
  readonly prepare?: (dataDir: string) => Promise<() => Promise<void>>;
}

export interface Target {
  readonly url: string;
  /** A token with the role `ingest`. */
  readonly token: string;
  /** Process ids by part; empty for a Weir whose processes are not ours to see. */
  pids(): Readonly<Record<string, number>>;
  /** A token for a customer's app. */
  appToken(customer: string): Promise<string>;
  stop(): Promise<void>;
}

const START_MAX_MS = 90_000;
const STOP_MAX_MS = 30_000;
const POLL_MS = 150;

const RunFile = Type.Object({
  url: Type.Optional(Type.String()),
  pids: Type.Optional(Type.Record(Type.String(), Type.Integer())),
});
const SignIn = Type.Object({ token: Type.String() });

/** One that runs already, anywhere. */
export function remoteTarget(url: string, token: string): Target {
  return {
    url,
    token,
    pids: () => ({}),
    appToken: (customer) => signInAs(url, customer),
    stop: async () => undefined,
  };
}

/**
 * Starts a fresh Weir from the compiled command line in `root` and waits until it is ready. Throws `WeirError`
 * `part.missing` without a build, `part.not_ready` with the end of its log if it does not come up.
 */
export async function startTarget(
  root: string,
  signal: AbortSignal,
  o: StartTargetOptions = {},
): Promise<Target & { readonly dataDir: string }> {
  const main = join(root, 'dist/cli/main.js');
  if (!existsSync(main)) throw new WeirError('part.missing', `${main} is not there: build Weir first (npm run build)`);
  const dataDir = await mkdtemp(join(tmpdir(), 'weir-load-'));
  const env = {
    ...process.env,
    WEIR_DATA_DIR: dataDir,
    PORT: '0',
    HOST: '127.0.0.1',
    LOG_LEVEL: 'warn',
    NODE_ENV: 'development',
    ...o.env,
  };
  const undo = await o.prepare?.(dataDir);
  const logFile = join(dataDir, 'start.log');
  const out = openSync(logFile, 'a');
  // Its own process group: a Ctrl-C for the driver must let the driver stop it in order.
  const child = spawn(process.execPath, [...(o.nodeFlags ?? []), main, 'start', '--no-demo'], {
    cwd: root,
    env,
    stdio: ['ignore', out, out],
    detached: true,
  });
  closeSync(out);
  let exited = false;
  const exit = new Promise<void>((resolve) => {
    child.once('exit', () => {
      exited = true;
      resolve();
    });
    child.once('error', () => {
      exited = true;
      resolve();
    });
  });

  async function stop(): Promise<void> {
    if (!exited) child.kill('SIGINT');
    const late = new AbortController();
    await Promise.race([exit, delay(STOP_MAX_MS, late.signal).catch(() => undefined)]);
    late.abort();
    if (!exited) child.kill('SIGKILL');
    await exit;
    await undo?.();
    await rm(dataDir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }

  try {
    const url = await waitUntilReady(dataDir, signal, () => exited);
    const run = promisify(execFile);
    const weir = (args: readonly string[]) => run(process.execPath, [main, ...args], { cwd: root, env });
    const { stdout } = await weir(['token', '--role', 'ingest', '--ttl', '7d']);
    if (o.rules !== undefined) {
      const file = join(dataDir, 'load-rules.json');
      await writeFile(file, JSON.stringify(o.rules));
      await weir(['rules', 'import', file]);
    }
    const token = stdout.trim().split('\n').at(-1) ?? '';
    return {
      url,
      token,
      dataDir,
      pids: () => ({ ...readPids(dataDir), ...(child.pid === undefined ? {} : { supervisor: child.pid }) }),
      appToken: (customer) => signInAs(url, customer),
      stop,
    };
  } catch (error) {
    const log = await readFile(logFile, 'utf8').catch(() => '');
    await stop();
    signal.throwIfAborted();
    throw new WeirError('part.not_ready', `Weir did not start: ${String(error)}\n${log.slice(-2_000)}`, {
      cause: error,
    });
  }
}

function readRun(dataDir: string): Type.Static<typeof RunFile> | undefined {
  try {
    const run: unknown = JSON.parse(readFileSync(join(dataDir, 'run.json'), 'utf8'));
    return Value.Check(RunFile, run) ? run : undefined;
  } catch {
    return undefined;
  }
}

function readPids(dataDir: string): Readonly<Record<string, number>> {
  return readRun(dataDir)?.pids ?? {};
}

async function waitUntilReady(dataDir: string, signal: AbortSignal, hasExited: () => boolean): Promise<string> {
  const deadlineMs = performance.now() + START_MAX_MS;
  for (;;) {
    signal.throwIfAborted();
    if (hasExited()) throw new Error('it ended while it started');
    if (performance.now() > deadlineMs) throw new Error(`it was not ready after ${START_MAX_MS / 1_000} s`);
    const url = readRun(dataDir)?.url;
    if (url !== undefined && (await isReady(url))) return url;
    await delay(POLL_MS, signal);
  }
}

async function isReady(url: string): Promise<boolean> {
  const poster = createHttpPoster({ baseUrl: url, token: '', timeoutMs: 3_000 });
  try {
    return (await poster.get('/readyz')).status === 200;
  } catch {
    return false;
  } finally {
    poster.close();
  }
}

async function signInAs(url: string, customer: string): Promise<string> {
  const poster = createHttpPoster({ baseUrl: url, token: '' });
  try {
    const reply = await poster.post('/v1/demo/sign-in', 'application/json', JSON.stringify({ role: 'app', customer }));
    const answer: unknown = reply.status === 200 ? JSON.parse(reply.body) : undefined;
    if (Value.Check(SignIn, answer)) return answer.token;
    throw new WeirError(
      'auth.missing',
      `the demo sign-in answered ${reply.status}: an app token cannot be had this way`,
    );
  } finally {
    poster.close();
  }
}
