/** Does to a running Weir what the plan says, and counts what was really done. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { delay } from '../send/event-sender.ts';
import type { PlannedFault, Victim } from './fault-plan.ts';
import type { SmallDisk } from './small-disk.ts';

const run = promisify(execFile);
/** Of a slow store's time, how long it stands still and how long it runs. */
const STANDSTILL_MS = 180;
const RUN_MS = 20;
/** A log server that met a full disk has switched JetStream off and is started anew, as an operator would. */
const RESTART_AFTER_FULL_MS = 500;
const LOOK_AGAIN_MS = 100;
const VICTIM_WAIT_MS = 8_000;

export interface Injected {
  kills: number;
  readonly killsByPart: Record<string, number>;
  pauses: number;
  cuts: number;
  slowStore: number;
  fullDisk: number;
}

export interface Injector {
  readonly done: Injected;
  /** Resolves when the fault is over; what it did to others goes on. */
  inject(fault: PlannedFault): Promise<void>;
}

export function createInjector(o: {
  readonly pids: () => Readonly<Record<string, number>>;
  readonly natsPort: number;
  readonly disk: SmallDisk;
  readonly signal: AbortSignal;
}): Injector {
  const done: Injected = { kills: 0, killsByPart: {}, pauses: 0, cuts: 0, slowStore: 0, fullDisk: 0 };
  const killed = new Set<number>();

  /** The process that is the part now; waits for one that is being started. */
  async function find(victim: Victim): Promise<number | undefined> {
    const deadlineMs = performance.now() + VICTIM_WAIT_MS;
    while (performance.now() < deadlineMs) {
      const pid = o.pids()[victim];
      if (pid !== undefined && !killed.has(pid) && signalTo(pid, 0)) return pid;
      await delay(LOOK_AGAIN_MS, o.signal);
    }
    return undefined;
  }

  async function kill(victim: Victim): Promise<void> {
    const pid = await find(victim);
    if (pid === undefined || !signalTo(pid, 'SIGKILL')) return;
    killed.add(pid);
    done.kills++;
    done.killsByPart[victim] = (done.killsByPart[victim] ?? 0) + 1;
  }

  async function pause(victim: Victim, forMs: number): Promise<void> {
    const pid = await find(victim);
    if (pid === undefined || !signalTo(pid, 'SIGSTOP')) return;
    try {
      await delay(forMs, o.signal);
    } finally {
      signalTo(pid, 'SIGCONT');
    }
    done.pauses++;
  }

  return {
    done,
    async inject(fault) {
      switch (fault.kind) {
        case 'kill':
          return kill(fault.victim);
        case 'pause':
          return pause(fault.victim, fault.forMs);
        case 'cut': {
          // The kernel breaks them: both ends see a reset, whatever was under way.
          const isCut = await run('ss', ['-K', 'dst', '127.0.0.1', 'dport', '=', `:${o.natsPort}`]).then(
            ({ stdout }) => stdout.includes('ESTAB'),
            () => false,
          );
          if (isCut) done.cuts++;
          return;
        }
        case 'slow-store': {
          const untilMs = performance.now() + fault.forMs;
          while (performance.now() < untilMs && !o.signal.aborted) {
            const pid = o.pids().clickhouse;
            if (pid === undefined || !signalTo(pid, 'SIGSTOP')) break;
            try {
              await delay(STANDSTILL_MS, o.signal);
            } finally {
              signalTo(pid, 'SIGCONT');
            }
            await delay(RUN_MS, o.signal);
          }
          done.slowStore++;
          return;
        }
        case 'full-disk': {
          if (!o.disk.isMounted) return;
          try {
            await o.disk.fill();
            await delay(fault.forMs, o.signal);
          } finally {
            await o.disk.free();
          }
          done.fullDisk++;
          await delay(RESTART_AFTER_FULL_MS, o.signal);
          return kill('nats-server');
        }
      }
    },
  };
}

function signalTo(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false;
  }
}
