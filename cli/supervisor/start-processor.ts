/**
 * Processor processes of one supervisor, each told of the others' ends: those that run at once, those that come later when
 * they start. So neither a standby nor a successor waits for a lease that nobody will renew.
 */
import { randomBytes } from 'node:crypto';
import { createEndedProcesses } from '../../processors/ended-processes.ts';
import { type RoleBrief, type RoleProcess, startRoleProcess } from './role-process.ts';

export type ProcessorBrief = Omit<RoleBrief, 'id' | 'ended'>;

/** The returned function resolves and rejects as `startRoleProcess` does. */
export function createProcessorStarter(env: NodeJS.ProcessEnv): (brief: ProcessorBrief) => Promise<RoleProcess> {
  const ended = createEndedProcesses();
  const running = new Set<RoleProcess>();
  return async (brief) => {
    const id = createProcessId();
    const onExit = (): void => {
      ended.add([id]);
      for (const other of running) other.markEnded([id]);
    };
    const started = await startRoleProcess({
      role: 'processor',
      env,
      brief: { ...brief, id, ended: ended.list() },
      onExit,
    });
    running.add(started);
    void started.exited.then(() => running.delete(started));
    return started;
  };
}

export function createProcessId(): string {
  return randomBytes(6).toString('hex');
}
