/**
 * Which operating-system process serves a data directory. A supervisor that was killed leaves its nats-server running;
 * the next start finds it by the record in the store directory, makes sure that it is that very process and not
 * another one with a reused id, and ends it. A server whose supervisor lives is never touched.
 */
import { execFile } from 'node:child_process';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { WeirError } from '../../core/errors.ts';
import { pause } from '../pause.ts';

const STOP_TIMEOUT_MS = 10_000;
const KILL_TIMEOUT_MS = 5_000;
const POLL_MS = 20;

export interface ProcessRecord {
  readonly pid: number;
  readonly ownerPid: number;
  /** Start time of the owner as the kernel counts it: tells it from a later process with the same id. */
  readonly ownerStart: string;
}

export async function recordProcess(file: string, pid: number): Promise<void> {
  const record: ProcessRecord = { pid, ownerPid: process.pid, ownerStart: await startTime(process.pid) };
  await writeFile(`${file}.new`, JSON.stringify(record), { mode: 0o600 });
  await rename(`${file}.new`, file);
}

export async function forgetProcess(file: string): Promise<void> {
  await rm(file, { force: true });
}

/**
 * Ends what an earlier supervisor left. `marker` is text that its command line must hold (the path of its
 * configuration). Resolves to the id that was ended. Throws `part.not_ready` when its supervisor is alive.
 */
export async function endStaleProcess(file: string, marker: string): Promise<number | undefined> {
  const record = parseRecord(await readFile(file, 'utf8').catch(() => ''));
  if (record === undefined) return undefined;
  const commandLine = await readCommandLine(record.pid);
  if (commandLine === undefined || !commandLine.includes(marker)) return undefined;
  const ownerAlive = isAlive(record.ownerPid) && (await startTime(record.ownerPid)) === record.ownerStart;
  if (ownerAlive && record.ownerPid !== process.pid) {
    throw new WeirError('part.not_ready', `the data directory is in use by process ${record.ownerPid}`);
  }
  await endProcess(record.pid);
  await forgetProcess(file);
  return record.pid;
}

/** SIGTERM, then SIGKILL; resolves when the process is gone. */
export async function endProcess(pid: number): Promise<void> {
  signal(pid, 'SIGTERM');
  if (await isGoneWithin(pid, STOP_TIMEOUT_MS)) return;
  signal(pid, 'SIGKILL');
  if (!(await isGoneWithin(pid, KILL_TIMEOUT_MS))) {
    throw new WeirError('part.not_ready', `process ${pid} does not end`);
  }
}

function parseRecord(text: string): ProcessRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { pid, ownerPid, ownerStart } = value as Partial<Record<keyof ProcessRecord, unknown>>;
  if (!isPid(pid) || !isPid(ownerPid) || typeof ownerStart !== 'string') return undefined;
  return { pid, ownerPid, ownerStart };
}

function isPid(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 1;
}

async function isGoneWithin(pid: number, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (isAlive(pid) && !(await isZombie(pid))) {
    if (performance.now() >= deadline) return false;
    await pause(POLL_MS);
  }
  return true;
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // Gone already.
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function isZombie(pid: number): Promise<boolean> {
  return (await statFields(pid))[0] === 'Z';
}

/** Field 22 of /proc/<pid>/stat; empty where there is no /proc. */
async function startTime(pid: number): Promise<string> {
  return (await statFields(pid))[19] ?? '';
}

/** The fields after the command's name, which may itself hold spaces and brackets. */
async function statFields(pid: number): Promise<string[]> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

async function readCommandLine(pid: number): Promise<string | undefined> {
  if (!isAlive(pid)) return undefined;
  try {
    return (await readFile(`/proc/${pid}/cmdline`, 'utf8')).replaceAll('\0', ' ');
  } catch {
    // No /proc on this system.
  }
  try {
    return (await promisify(execFile)('ps', ['-p', String(pid), '-o', 'command='])).stdout;
  } catch {
    return undefined;
  }
}
