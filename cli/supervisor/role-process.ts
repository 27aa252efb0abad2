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
  /** Of this part of the supervisor's, whichever process it is: for logs. */
  readonly name: string;
  /** Of this process alone. */
  readonly id: string;
  /** Processors whose end was seen, by their ids. */
  readonly ended: readonly string[];
}

export interface RoleProcess extends Child {
  /** To a processor: these others have ended. */
  markEnded(ids: readonly string[]): void;
  /** What the role reported when it became ready. */
  readonly url: string | undefined;
}

export type RoleMessage =
  | { readonly type: 'ready'; readonly url?: string }
  | { readonly type: 'failed'; readonly message: string };

/** What a role process is told while it runs. */
export type RoleOrder = { readonly type: 'stop' } | { readonly type: 'ended'; readonly ids: readonly string[] };

const READY_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 15_000;
/** A role that reports a failure ends by itself, once its log is written. */
const FAILED_TIMEOUT_MS = 2_000;
const ROLE_MAIN = fileURLToPath(
  new URL(`../role-main${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url),
);

export interface RoleProcessOptions {
  readonly role: RoleName;
  readonly env: NodeJS.ProcessEnv;
  readonly brief: RoleBrief;
  /** Called once, when the process is gone, whether it was ever ready or not. */
  readonly onExit?: () => void;
}

/** Resolves when it is ready. Rejects with `part.not_ready`, and only when it has ended: the next one never meets it. */
export function startRoleProcess({ role, env, brief, onExit }: RoleProcessOptions): Promise<RoleProcess> {
  // Detached: Ctrl-C in the terminal reaches the supervisor alone, which stops the parts in their order.
  const child = fork(ROLE_MAIN, [role, JSON.stringify(brief)], {
    env,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    execArgv: [...process.execArgv, ...(role === 'processor' ? PROCESSOR_NODE_FLAGS : NODE_FLAGS)],
    detached: true,
  });
  const exited = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
    // It also tells of a message that did not arrive; only a process that never began has no other end.
    child.once('error', () => child.pid === undefined && resolve({ code: null, signal: null }));
  });
  void exited.then(() => onExit?.());
  /** What does not arrive is for a process that ends. */
  const order = (message: RoleOrder): void => {
    if (child.connected) child.send(message, () => undefined);
  };

  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    order({ type: 'stop' });
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await exited;
    clearTimeout(timer);
  };

  return new Promise((resolve, reject) => {
    let failure: string | undefined;
    const endWithin = (timeoutMs: number, message: string): NodeJS.Timeout =>
      setTimeout(() => {
        failure ??= message;
        child.kill('SIGKILL');
      }, timeoutMs);
    let timer = endWithin(READY_TIMEOUT_MS, `the ${role} was not ready within ${READY_TIMEOUT_MS} ms`);
    child.on('message', (message: RoleMessage) => {
      clearTimeout(timer);
      if (message.type === 'ready') {
        const markEnded = (ids: readonly string[]) => order({ type: 'ended', ids });
        return resolve({ pid: child.pid ?? 0, exited, stop, url: message.url, markEnded });
      }
      failure = `the ${role} did not start: ${message.message}`;
      timer = endWithin(FAILED_TIMEOUT_MS, failure);
    });
    void exited.then(({ code, signal }) => {
      clearTimeout(timer);
      const message = failure ?? `the ${role} ended before it was ready (${signal ?? `code ${code}`})`;
      reject(new WeirError('part.not_ready', message));
    });
  });
}
