/**
 * The process that is ClickHouse: `node child <dataPath> <configFile> <httpPort>`. It loads the engine's library, lends
 * it a terminal and waits. Standard input is the life line: when the parent goes, so does this. Nothing of Weir's own
 * logic runs here, so that an engine crash costs a restart and no state.
 */
import { existsSync, mkdirSync, writeFileSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { ReadStream } from 'node:tty';
import { libchdbPath } from 'chdb/libchdb';
import { DataType, load, open } from 'ffi-rs';

const SYSTEM_DATABASE_UUID = '5a5a5a5a-0000-4000-8000-000000000001';
const O_RDWR = 2;
const O_NOCTTY = process.platform === 'darwin' ? 0x20000 : 0o400;

const [, , dataPath, configFile, httpPort] = process.argv;
if (dataPath === undefined || configFile === undefined || httpPort === undefined) {
  process.stderr.write('usage: child <dataPath> <configFile> <httpPort>\n');
  process.exit(64);
}

keepSystemDatabase(dataPath);
const terminal = takeTerminal();

let stopping = false;
function stop(): void {
  if (stopping) return;
  stopping = true;
  // The engine's session reads its terminal; this is how a person would leave it.
  writeSync(terminal.masterFd, 'exit\n');
}
process.on('SIGTERM', stop);
process.on('SIGINT', stop);
process.on('SIGHUP', stop);
new Socket({ fd: terminal.lifeLineFd, readable: true, writable: false }).on('end', stop).on('error', stop).resume();

const historyFile = join(dirname(configFile), 'session-history');
const args = [
  'clickhouse-local',
  `--path=${dataPath}`,
  `--config-file=${configFile}`,
  '--listen_host=127.0.0.1',
  `--http_port=${httpPort}`,
  '--log-level=warning',
  '--interactive',
  '--disable_suggestion',
  // The session saves its history with mode 600; as root, on /dev/null, that would shut every other user out of it.
  `--history_file=${historyFile}`,
  '--progress=off',
  '--progress-table=off',
  '--query=SYSTEM START LISTEN HTTP;',
];
open({ library: 'chdb', path: libchdbPath() });
load({
  library: 'chdb',
  funcName: 'query_stable_v2',
  retType: DataType.External,
  // The engine's session lasts as long as the process; on the main thread it would stop signals and the life line.
  runInNewThread: true,
  paramsType: [DataType.I32, DataType.StringArray],
  paramsValue: [args.length, args],
}).then(
  () => process.exit(stopping ? 0 : 1),
  () => process.exit(2),
);

/** Without a fixed UUID the `system` database gets a new one each start, and its log tables break after a restart. */
function keepSystemDatabase(path: string): void {
  if (existsSync(`${path}/metadata/system.sql`)) return;
  mkdirSync(`${path}/metadata`, { recursive: true });
  mkdirSync(`${path}/store/${SYSTEM_DATABASE_UUID.slice(0, 3)}/${SYSTEM_DATABASE_UUID}`, { recursive: true });
  writeFileSync(`${path}/metadata/system.sql`, `ATTACH DATABASE _ UUID '${SYSTEM_DATABASE_UUID}'\nENGINE = Atomic\n`);
}

/**
 * Puts a pseudo-terminal on descriptor 0 and keeps the old one as the life line. Without a terminal the engine
 * installs an error handler that kills the process on the first reset client socket.
 */
function takeTerminal(): { masterFd: number; lifeLineFd: number } {
  open({ library: 'c', path: process.platform === 'darwin' ? 'libSystem.B.dylib' : 'libc.so.6' });
  const lifeLineFd = callInt('dup', [DataType.I32], [0]);
  const masterFd = callInt('posix_openpt', [DataType.I32], [O_RDWR | O_NOCTTY]);
  callInt('grantpt', [DataType.I32], [masterFd]);
  callInt('unlockpt', [DataType.I32], [masterFd]);
  const name = load({
    library: 'c',
    funcName: 'ptsname',
    retType: DataType.String,
    paramsType: [DataType.I32],
    paramsValue: [masterFd],
  });
  const slaveFd = callInt('open', [DataType.String, DataType.I32], [name, O_RDWR | O_NOCTTY]);
  callInt('dup2', [DataType.I32, DataType.I32], [slaveFd, 0]);
  // What the session prints to its terminal must be read, or it would wait for room some day.
  new ReadStream(callInt('dup', [DataType.I32], [masterFd])).on('error', () => undefined).resume();
  return { masterFd, lifeLineFd };
}

function callInt(funcName: string, paramsType: DataType[], paramsValue: unknown[]): number {
  const result = load({ library: 'c', funcName, retType: DataType.I32, paramsType, paramsValue });
  if (result < 0) {
    process.stderr.write(`${funcName} failed: no terminal can be had\n`);
    process.exit(71);
  }
  return result;
}
