/**
 * One role in a process of its own. The role says `ready` over the IPC channel, is asked to `stop` over it, and leaves
 * by itself when the channel breaks: a supervisor that is killed leaves no role behind.
 */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { WeirError } from '../../core/errors.ts';
import { NODE_FLAGS, PROCESSOR_NODE_FLAGS } from '../../core/node-flags.ts';
import type { Child } from './supervised-child.ts';

export const ROLES = ['processor', 'sink', 'edge', 'demo'] as const;
export type RoleName = (typeof ROLES)[number];

/** What the edge serves: the two public roles that share its process. */
export type EdgeService = 'ingest' | 'api';

/** What a role process is told on its command line, as JSON. */
export interface RoleBrief {
  /** Base address of the HTTP server, for roles that start after it. */
  readonly url?: string;
  readonly serves: readonly EdgeService[];
}

export interface RoleProcess extends Child {
  /** What the role reported when it became ready. */
  readonly url: string | undefined;
}

export type RoleMessage =
  | { readonly type: 'ready'; readonly url?: string }
  | { readonly type: 'failed'; readonly message: string };

const READY_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 15_000;
const ROLE_MAIN = fileURLToPath(
  new URL(`../role-main${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url),
);

export interface RoleProcessOptions {
  readonly role: RoleName;
  readonly env: NodeJS.ProcessEnv;
  readonly brief: RoleBrief;
}

export function startRoleProcess({ role, env, brief }: RoleProcessOptions): Promise<RoleProcess> {
  // Detached: Ctrl-C in the terminal reaches the supervisor alone, which stops the parts in their order.
  const child = fork(ROLE_MAIN, [role, JSON.stringify(brief)], {
    env,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    execArgv: [...process.execArgv, ...(role === 'processor' ? PROCESSOR_NODE_FLAGS : NODE_FLAGS)],
    detached: true,
  });
  const exited = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
    child.once('error', () => resolve({ code: null, signal: null }));
  });

  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    if (child.connected) child.send({ type: 'stop' });
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await exited;
    clearTimeout(timer);
  };

  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new WeirError('part.not_ready', `the ${role} was not ready within ${READY_TIMEOUT_MS} ms`));
    }, READY_TIMEOUT_MS);
    child.on('message', (message: RoleMessage) => {
      clearTimeout(timer);
      if (message.type === 'failed')
        return reject(new WeirError('part.not_ready', `the ${role} did not start: ${message.message}`));
      resolve({ pid: child.pid ?? 0, exited, stop, url: message.url });
    });
    void exited.then(({ code, signal }) => {
      clearTimeout(timer);
      reject(new WeirError('part.not_ready', `the ${role} ended before it was ready (${signal ?? `code ${code}`})`));
    });
  });
}
