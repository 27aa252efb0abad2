/** `weir doctor`: checks what Weir needs on this machine and how the running one is doing. */
import { spawnSync } from 'node:child_process';
import { existsSync, statfsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Command } from 'commander';
import { parseConfig } from '../../core/config.ts';
import { findNatsServer } from '../../stream/embedded/find-nats-server.ts';
import { isAlive, readRunFile } from '../parts.ts';

const DISK_FREE_BYTES_MIN = 2_000_000_000;
const ANSWER_TIMEOUT_MS = 3_000;

interface Finding {
  readonly ok: boolean;
  readonly what: string;
}

export function doctorCommand(): Command {
  return new Command('doctor').description('check the machine and the running Weir').action(async () => {
    const findings = [...(await checkMachine()), ...(await checkRunning())];
    for (const { ok, what } of findings) process.stdout.write(`${ok ? 'ok  ' : 'BAD '} ${what}\n`);
    if (findings.some((finding) => !finding.ok)) process.exitCode = 1;
  });
}

async function checkMachine(): Promise<Finding[]> {
  const config = parseConfig(process.env);
  const disk = statfsSync(nearestFolder(resolve(config.WEIR_DATA_DIR)));
  const freeBytes = disk.bavail * disk.bsize;
  return [
    { ok: Number(process.versions.node.split('.')[0]) >= 20, what: `Node.js ${process.versions.node}` },
    config.NATS_URL === '' ? await checkNatsServer() : { ok: true, what: `NATS at ${new URL(config.NATS_URL).host}` },
    {
      ok: freeBytes >= DISK_FREE_BYTES_MIN,
      what: `${(freeBytes / 1e9).toFixed(1)} GB free for ${config.WEIR_DATA_DIR}`,
    },
  ];
}

/** The folder itself, or the nearest one above it that exists. */
function nearestFolder(path: string): string {
  return existsSync(path) ? path : nearestFolder(dirname(path));
}

async function checkNatsServer(): Promise<Finding> {
  try {
    const program = await findNatsServer();
    const { stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' });
    return { ok: true, what: `${program}, ${stdout.trim()}` };
  } catch (error) {
    return { ok: false, what: error instanceof Error ? error.message : String(error) };
  }
}

async function checkRunning(): Promise<Finding[]> {
  const run = readRunFile(resolve(parseConfig(process.env).WEIR_DATA_DIR));
  if (run === undefined || !isAlive(run.pid)) return [{ ok: true, what: 'no Weir runs on this data directory' }];
  const pids = Object.entries(run.pids).map(
    ([name, pid]): Finding => ({ ok: isAlive(pid), what: `${name} is process ${pid}` }),
  );
  if (run.url === undefined) return pids;
  try {
    const answer = await fetch(`${run.url}/readyz`, { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) });
    return [...pids, { ok: answer.ok, what: `${run.url}/readyz answers ${answer.status}: ${await answer.text()}` }];
  } catch (error) {
    return [...pids, { ok: false, what: `${run.url}/readyz does not answer: ${String(error)}` }];
  }
}
