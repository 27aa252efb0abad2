// Runs a command with its output passed through; a failure ends the bootstrap with the command that failed.
import { spawnSync } from 'node:child_process';

export function run(what, command, args, options = {}) {
  process.stdout.write(`weir: ${what}\n`);
  const done = spawnSync(command, args, { stdio: 'inherit', ...options });
  if (done.status === 0) return;
  process.stderr.write(`\nweir: ${what} failed: ${command} ${args.join(' ')}\n`);
  process.exit(done.status ?? 1);
}

/** The same, quietly: true if it succeeded. */
export function attempt(command, args, options = {}) {
  return spawnSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'], ...options }).status === 0;
}
