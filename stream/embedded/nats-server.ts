/**
 * The embedded nats-server: a child process with its own store directory under the data directory, on loopback. It
 * outlives a crash of nothing: whoever starts it watches `exited` and starts it again on the same port, and every part
 * of Weir rides through the second that takes. One that switched JetStream off by itself, as it may where its disk is full,
 * would stay up without being of use, and is ended.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdir, statfs, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import type { Logger } from 'pino';
import { WeirError } from '../../core/errors.ts';
import { pause } from '../pause.ts';
import { readServerFeatures, type ServerFeatures } from '../server-features.ts';
import { findNatsServer } from './find-nats-server.ts';
import { formatNatsServerConfig } from './nats-server-config.ts';
import { endProcess, endStaleProcess, forgetProcess, recordProcess } from './server-process.ts';

const PART = 'nats-server';
/** A long log without its index is read whole before the server listens. */
const READY_TIMEOUT_MS = 180_000;
const READY_LINE = 'Server is ready';
/** These come in this order where the whole server stops, and the second one alone where JetStream is switched off. */
const STOP_LINE = 'Initiating Shutdown';
const JETSTREAM_STOP_LINE = 'Initiating JetStream Shutdown';
const START_ATTEMPTS_MAX = 5;
const START_PAUSE_MS = 300;
const PORT_MIN = 15_000;
const PORT_MAX = 31_999;
const PORT_ATTEMPTS_MAX = 100;
/** Of the file system: stable from start to start, since a server that may reserve less than before drops its streams. */
const STORE_SHARE = 0.9;

export interface NatsServer {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Resolves when the process ended, however it did. */
  readonly exited: Promise<{ code: number | null; signal: string | null }>;
  /** SIGTERM, and SIGKILL when that does not help; resolves when it is gone. */
  stop(): Promise<void>;
}

export interface StartNatsServerOptions {
  readonly dataDir: string;
  /** A free one when absent. */
  readonly port?: number;
  readonly user: string;
  readonly password: string;
  readonly log: Logger;
}

/**
 * Ends a server that an earlier, killed supervisor left in the same directory, and starts a new one. Throws
 * `part.missing` without a usable nats-server, `part.not_ready` when it does not come up or the directory is
 * in use by another supervisor that lives.
 */
export async function startNatsServer(o: StartNatsServerOptions): Promise<NatsServer> {
  const directory = resolve(o.dataDir, 'nats');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const files = { config: join(directory, 'nats-server.conf'), record: join(directory, 'nats-server.pid') };
  const program = await findNatsServer();
  const features = await serverFeatures(program);
  const stalePid = await endStaleProcess(files.record, files.config);
  if (stalePid !== undefined) o.log.warn({ pid: stalePid }, 'ended the nats-server that an earlier run had left');
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOnce(o, program, features, directory, files);
    } catch (error) {
      // Somebody else may have taken the port between choosing it and listening on it, or hold a given one for a moment.
      if (attempt >= START_ATTEMPTS_MAX || !String(error).includes('address already in use')) throw error;
      o.log.warn({ err: error }, 'the port of nats-server is taken; trying again');
      await pause(START_PAUSE_MS);
    }
  }
}

async function startOnce(
  o: StartNatsServerOptions,
  program: string,
  features: ServerFeatures,
  directory: string,
  files: { config: string; record: string },
): Promise<NatsServer> {
  const port = o.port ?? (await freePort());
  const { blocks, bsize } = await statfs(directory);
  const storeBytesMax = Math.floor(blocks * bsize * STORE_SHARE);
  const config = { port, user: o.user, password: o.password, storeDir: directory, storeBytesMax };
  await writeFile(files.config, formatNatsServerConfig(config, features), { mode: 0o600 });

  // Its own process group: Ctrl-C in a terminal reaches the supervisor, which stops the parts in their order.
  const child = spawn(program, ['-c', files.config], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    env: { GOMAXPROCS: goProcessors(), ...process.env },
  });
  const exited = new Promise<{ code: number | null; signal: string | null }>((settle) => {
    child.once('error', (error) => {
      o.log.error({ err: error }, 'nats-server could not be run');
      settle({ code: null, signal: null });
    });
    child.once('exit', (code, signal) => settle({ code, signal }));
  });
  const { lastLines, ready, jetStreamOff } = forwardLog(child, o.log);
  const { pid } = child;
  if (pid === undefined) throw new WeirError('part.missing', `${program} could not be run`);
  await recordProcess(files.record, pid);
  const stop = async (): Promise<void> => {
    await endProcess(pid);
    await exited;
    await forgetProcess(files.record);
  };

  const outcome = await Promise.race([
    ready.then(() => 'ready'),
    exited.then(() => 'ended'),
    pause(READY_TIMEOUT_MS, false).then(() => 'late'),
  ]);
  if (outcome === 'ended') {
    await forgetProcess(files.record);
    throw new WeirError('part.not_ready', `nats-server ended at once: ${lastLines.join(' | ')}`);
  }
  if (outcome === 'late') {
    await stop();
    throw new WeirError('part.not_ready', `nats-server did not listen within ${READY_TIMEOUT_MS} ms`);
  }
  o.log.info({ pid, port, version: features.version }, 'nats-server is ready');
  void jetStreamOff.then(async () => {
    o.log.error(
      { pid, directory },
      'nats-server has switched JetStream off (is its disk full?): it is ended, to be started again',
    );
    await endProcess(pid).catch((error: unknown) => o.log.error({ err: error }, 'nats-server could not be ended'));
  });
  return { url: `nats://127.0.0.1:${port}`, port, pid, exited, stop };
}

async function serverFeatures(program: string): Promise<ServerFeatures> {
  let version: string;
  try {
    version = (await promisify(execFile)(program, ['--version'])).stdout.trim();
  } catch (error) {
    throw new WeirError('part.missing', `${program} could not be run`, { cause: error });
  }
  return readServerFeatures(version.replace(/^.*v/, ''));
}

/**
 * The server's log becomes ours. `lastLines` holds its latest lines, for the message of a failed start; `ready`
 * resolves when it says that it listens, which it does only after JetStream has recovered its streams. Its own word
 * counts, not an answer on the port: that could come from another program. `jetStreamOff` resolves when it switches
 * JetStream off and goes on itself.
 */
function forwardLog(
  child: ChildProcess,
  log: Logger,
): { lastLines: string[]; ready: Promise<void>; jetStreamOff: Promise<void> } {
  const lastLines: string[] = [];
  let tellReady: () => void = () => undefined;
  let tellOff: () => void = () => undefined;
  const ready = new Promise<void>((resolve) => {
    tellReady = resolve;
  });
  const jetStreamOff = new Promise<void>((resolve) => {
    tellOff = resolve;
  });
  let isStopping = false;
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    createInterface({ input: stream }).on('line', (line) => {
      lastLines.push(line);
      if (lastLines.length > 3) lastLines.shift();
      if (line.includes(READY_LINE)) tellReady();
      else if (line.includes(STOP_LINE)) isStopping = true;
      else if (line.includes(JETSTREAM_STOP_LINE) && !isStopping) tellOff();
      if (/\[(ERR|FTL)\]/.test(line)) log.error({ part: PART }, line);
      else if (line.includes('[WRN]')) log.warn({ part: PART }, line);
      else log.debug({ part: PART }, line);
    });
  }
  return { lastLines, ready, jetStreamOff };
}

/**
 * Below the range that the kernel takes outgoing ports from: one of those could be taken while a restarted server is
 * away, and a client that dials a port of that range can even be connected to itself.
 */
async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < PORT_ATTEMPTS_MAX; attempt++) {
    const port = randomInt(PORT_MIN, PORT_MAX + 1);
    if (await isFree(port)) return port;
  }
  throw new WeirError('part.not_ready', `no free port between ${PORT_MIN} and ${PORT_MAX} was found`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((settle) => {
    const server = createServer();
    server.once('error', () => settle(false));
    server.listen(port, '127.0.0.1', () => server.close(() => settle(true)));
  });
}

/**
 * It shares its cores with all other parts: with as many Go processors as cores, its threads keep waking one another and take
 * turns from the parts that work (two cores: 7.3 µs an event instead of 5.5, and the tail of the whole path twice as long).
 */
function goProcessors(): string {
  return String(Math.max(1, Math.floor(availableParallelism() / 2)));
}
