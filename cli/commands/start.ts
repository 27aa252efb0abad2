/** `weir start`: runs this machine's share of Weir until it is told to stop. */
import { setTimeout as pause } from 'node:timers/promises';
import { Command, InvalidArgumentError } from 'commander';
import { type Config, parseConfig } from '../../core/config.ts';
import { createLogger } from '../logger.ts';
import type { EdgeService, RoleName } from '../supervisor/role-process.ts';
import { startSupervisor } from '../supervisor/supervisor.ts';

/** The public role names; `ingest` and `api` share the edge process. */
const PROCESS_OF_ROLE: Readonly<Record<string, RoleName>> = {
  processor: 'processor',
  sink: 'sink',
  ingest: 'edge',
  api: 'edge',
};
const START_ORDER: readonly RoleName[] = ['processor', 'sink', 'edge', 'demo'];
const EDGE_SERVICES: readonly EdgeService[] = ['ingest', 'api'];
const STOP_TIMEOUT_MS = 30_000;

interface StartOptions {
  readonly role?: readonly string[];
  readonly demo: boolean;
  readonly standby: boolean;
}

export function startCommand(): Command {
  return new Command('start')
    .description('start Weir with everything embedded, or the given roles of it')
    .option('--role <roles>', `comma-separated: ${Object.keys(PROCESS_OF_ROLE).join(', ')} (default: all)`, parseRoles)
    .option('--standby', 'a second processor, which follows the first and takes its place when it ends', false)
    .option('--no-demo', 'leave the demo world out')
    .action(start);
}

function parseRoles(text: string): string[] {
  const roles = text.split(',').map((role) => role.trim());
  const unknown = roles.filter((role) => PROCESS_OF_ROLE[role] === undefined);
  if (unknown.length > 0) throw new InvalidArgumentError(`no such role: ${unknown.join(', ')}`);
  return roles;
}

function processesOf(options: StartOptions, config: Config): RoleName[] {
  const wanted = new Set<RoleName | undefined>(
    (options.role ?? Object.keys(PROCESS_OF_ROLE)).map((role) => PROCESS_OF_ROLE[role]),
  );
  if (options.demo && options.role === undefined && config.NODE_ENV !== 'production') wanted.add('demo');
  return START_ORDER.filter((role) => wanted.has(role));
}

async function start(options: StartOptions, command: Command): Promise<void> {
  if (options.standby && options.role?.includes('processor') === false)
    command.error('error: --standby is for the role processor, which is not among the given ones');
  const config = parseConfig(process.env);
  const log = createLogger(config, 'supervisor');
  const say = (line: string) => process.stdout.write(`  ${line}\n`);
  process.stdout.write('\nStarting Weir\n');

  let stopRequested = false;
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        stopRequested = true;
        resolve();
      });
    }
  });

  const supervisor = await startSupervisor({
    config,
    env: process.env,
    roles: processesOf(options, config),
    serves: EDGE_SERVICES.filter((service) => options.role?.includes(service) ?? true),
    standby: options.standby,
    log,
    say,
  });
  if (supervisor.url !== undefined && !stopRequested) process.stdout.write(banner(supervisor.url, config));
  await stopped;
  process.stdout.write('\nStopping Weir\n');
  const late = new AbortController();
  await Promise.race([
    supervisor.stop(),
    pause(STOP_TIMEOUT_MS, undefined, { signal: late.signal }).then(
      () => log.error('the parts did not stop in time'),
      () => {},
    ),
  ]);
  late.abort();
  process.stdout.write('Stopped. The next start continues from here.\n');
  process.exit(0);
}

function banner(url: string, config: Config): string {
  const demo = config.NODE_ENV !== 'production';
  return `
Weir is running

  Cockpit    ${url}/            ${demo ? 'sign in as Manager with one click' : 'sign in with a token'}
  Phone      ${url}/phone       ${demo ? 'pick a customer and wait for an offer' : 'sign in with an app token'}
  API        ${url}/docs
  Token      npm run --silent weir -- token --role manager

  Data in ${config.WEIR_DATA_DIR}, logs in ${config.WEIR_DATA_DIR}/logs. Ctrl-C stops everything; the next start continues where it was.

`;
}
