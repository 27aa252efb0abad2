/** CPU seconds that processes have used, from the kernel's own count (Linux). */
import { readFileSync } from 'node:fs';

/** `sysconf(_SC_CLK_TCK)`: fixed at 100 for user space on Linux. */
const TICKS_PER_SECOND = 100;
const MIB = 1_048_576;
const PAGE_BYTES = 4_096;

interface ProcessUsage {
  /** User and system time of the process and of its children that have ended. */
  readonly cpuSeconds: number;
  readonly residentMiB: number;
}

/** `undefined` when there is no such process (or no /proc). */
function readUsage(pid: number): ProcessUsage | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name, in brackets, may hold spaces: fields are counted from its end. utime is field 14 of all, rss field 24.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const ticks = [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at] ?? 0), 0);
    return {
      cpuSeconds: ticks / TICKS_PER_SECOND,
      residentMiB: Math.round((Number(fields[21] ?? 0) * PAGE_BYTES) / MIB),
    };
  } catch {
    return undefined;
  }
}

export type PartUsage = Readonly<Record<string, ProcessUsage>>;

export function readPartUsage(pids: Readonly<Record<string, number>>): PartUsage {
  const usage: Record<string, ProcessUsage> = {};
  for (const [name, pid] of Object.entries(pids)) {
    const read = readUsage(pid);
    if (read !== undefined) usage[name] = read;
  }
  return usage;
}

export interface PartCost {
  readonly cpuSeconds: number;
  /** CPU seconds a second: 1 is one core, busy. */
  readonly cores: number;
  readonly microsecondsPerEvent: number;
  readonly residentMiB: number;
}

export function costBetween(
  before: PartUsage,
  after: PartUsage,
  seconds: number,
  events: number,
): Record<string, PartCost> {
  const costs: Record<string, PartCost> = {};
  for (const [name, { cpuSeconds, residentMiB }] of Object.entries(after)) {
    const used = cpuSeconds - (before[name]?.cpuSeconds ?? 0);
    costs[name] = {
      cpuSeconds: Math.round(used * 100) / 100,
      cores: Math.round((used / seconds) * 1_000) / 1_000,
      microsecondsPerEvent: events === 0 ? 0 : Math.round((used * 1e8) / events) / 100,
      residentMiB,
    };
  }
  return costs;
}
