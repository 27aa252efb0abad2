/** `weir doctor`: checks what Weir needs on this machine and how the running one is doing. */
import { spawnSync } from 'node:child_process';
import { statfsSync } from 'node:fs';
import { resolve } from 'node:path';
import { Command } from 'commander';
import { parseConfig } from '../../core/config.ts';
import { isAlive, readRunFile } from '../parts.ts';

const DISK_FREE_BYTES_MIN = 2_000_000_000;
const ANSWER_TIMEOUT_MS = 3_000;

interface Finding {
  readonly ok: boolean;
  readonly what: string;
}

export function doctorCommand(): Command {
  return new Command('doctor').description('check the machine and the running Weir').action(async () => {
    const findings = [...checkMachine(), ...(await checkRunning())];
    for (const { ok, what } of findings) process.stdout.write(`${ok ? 'ok  ' : 'BAD '} ${what}\n`);
    if (findings.some((finding) => !finding.ok)) process.exitCode = 1;
  });
}

function checkMachine(): Finding[] {
  const config = parseConfig(process.env);
  const nats = spawnSync('nats-server', ['--version'], {
    encoding: 'utf8',
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` },
  });
  const disk = statfsSync(resolve(config.WEIR_DATA_DIR, '..'));
  const freeBytes = disk.bavail * disk.bsize;
  return [
    { ok: Number(process.versions.node.split('.')[0]) >= 20, what: `Node.js ${process.versions.node}` },
    config.NATS_URL === ''
      ? { ok: nats.status === 0, what: nats.stdout?.trim() || 'nats-server is not on PATH' }
      : { ok: true, what: `NATS at ${new URL(config.NATS_URL).host}` },
    {
      ok: freeBytes >= DISK_FREE_BYTES_MIN,
      what: `${(freeBytes / 1e9).toFixed(1)} GB free for ${config.WEIR_DATA_DIR}`,
    },
  ];
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
