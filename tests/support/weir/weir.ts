/**
 * A whole Weir for a test: the compiled supervisor with everything embedded, in a data directory of its own and on a
 * free port. The test may kill any part of it; `stop` ends what is left.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createTokenAuthority } from '../../../api/token-authority.ts';
import { isAlive, type RunFile, readRunFile } from '../../../cli/parts.ts';
import { until } from '../until.ts';

const MAIN = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 30_000;
const TOKEN_TTL_SECONDS = 3_600;

export interface WeirUnderTest {
  readonly url: string;
  readonly dataDir: string;
  run(): RunFile;
  token(role: Parameters<ReturnType<typeof createTokenAuthority>['sign']>[0]['role'], sub?: string): string;
  /** Rows of a SELECT on the analytics store. */
  select<T>(query: string): Promise<T[]>;
  /** Ends a part without warning; the supervisor starts it again. */
  kill(part: string): void;
  /** Ends the supervisor and every part of it at once, without warning. */
  killAll(): Promise<void>;
  /** Starts again on the same data directory and the same port. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export async function startWeir(
  options: { demo?: boolean; args?: readonly string[]; env?: Record<string, string> } = {},
): Promise<WeirUnderTest> {
  const dataDir = mkdtempSync(join(tmpdir(), 'weir-e2e-'));
  let port = '0';
  let supervisor: ChildProcess;
  let output = '';

  const launch = async (): Promise<void> => {
    const args = ['start', ...(options.demo === true ? [] : ['--no-demo']), ...(options.args ?? [])];
    output = '';
    supervisor = spawn(process.execPath, [MAIN, ...args], {
      env: { ...process.env, NODE_ENV: 'development', WEIR_DATA_DIR: dataDir, PORT: port, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const collect = (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-20_000);
    };
    supervisor.stdout?.on('data', collect);
    supervisor.stderr?.on('data', collect);
    await until(`Weir to start\n${output}`, START_TIMEOUT_MS, () => {
      if (supervisor.exitCode !== null) throw new Error(`Weir ended with code ${supervisor.exitCode}:\n${output}`);
      return readRunFile(dataDir)?.pid === supervisor.pid;
    });
  };

  const run = (): RunFile => {
    const found = readRunFile(dataDir);
    if (found === undefined) throw new Error(`no run.json in ${dataDir}:\n${output}`);
    return found;
  };

  await launch();
  const url = run().url ?? '';
  port = new URL(url).port;
  const { jwtSecret } = run().parts;

  const ended = (): Promise<unknown> =>
    supervisor.exitCode !== null || supervisor.signalCode !== null
      ? Promise.resolve()
      : new Promise((resolve) => supervisor.once('exit', resolve));

  return {
    url,
    dataDir,
    run,
    token: (role, sub = `test-${role}`) =>
      createTokenAuthority(jwtSecret).sign({ role, sub, ttlSeconds: TOKEN_TTL_SECONDS }),
    async select<T>(query: string): Promise<T[]> {
      const { store } = run().parts;
      const answer = await fetch(
        `${store.url}/?database=${store.database}&default_format=JSONEachRow&output_format_json_quote_64bit_integers=0`,
        {
          method: 'POST',
          headers: { 'X-ClickHouse-User': store.user, 'X-ClickHouse-Key': store.password },
          body: query,
        },
      );
      const text = await answer.text();
      if (!answer.ok) throw new Error(text);
      return text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as T);
    },
    kill(part) {
      const pid = run().pids[part];
      if (pid === undefined) throw new Error(`no part ${part} among ${Object.keys(run().pids).join(', ')}`);
      process.kill(pid, 'SIGKILL');
    },
    async killAll() {
      const { pid, pids } = run();
      for (const victim of [pid, ...Object.values(pids)]) if (isAlive(victim)) process.kill(victim, 'SIGKILL');
      await ended();
    },
    restart: launch,
    async stop() {
      if (supervisor.exitCode === null && supervisor.signalCode === null) supervisor.kill('SIGTERM');
      const timer = setTimeout(() => supervisor.kill('SIGKILL'), STOP_TIMEOUT_MS);
      await ended();
      clearTimeout(timer);
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
