/**
 * Profiles of Weir's own processes: Node's sampling profilers write them when a process ends, and this names the files by
 * part and says where each part's time and memory went. They open in Chromium's developer tools as they are.
 */
import { readdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import Type from 'typebox';
import Value from 'typebox/value';

/** Flags for the process that is started; it hands them on to its own. */
export function profilerFlags(dir: string): readonly string[] {
  return ['--cpu-prof', `--cpu-prof-dir=${dir}`, '--heap-prof', `--heap-prof-dir=${dir}`];
}

export interface ProfileLine {
  /** Function and source file. */
  readonly where: string;
  /** Of the samples in which the process was not idle, or of the bytes that were still in use: 0 to 1. */
  readonly share: number;
}

export interface PartProfile {
  readonly cpu: readonly ProfileLine[];
  /** Of the samples, those in which the process did anything. */
  readonly busyShare: number;
}

const LINES = 25;
const IDLE: ReadonlySet<string> = new Set(['(idle)', '(root)']);
const FILE = /^(CPU|Heap)\.\d+\.\d+\.(\d+)\.\d+\.\d+\.(cpuprofile|heapprofile)$/;

const CpuProfile = Type.Object({
  nodes: Type.Array(
    Type.Object({
      id: Type.Integer(),
      callFrame: Type.Object({ functionName: Type.String(), url: Type.String() }),
    }),
  ),
  samples: Type.Array(Type.Integer()),
  timeDeltas: Type.Array(Type.Number()),
});

/** Renames what the processes left in `dir` to `<part>.cpuprofile` and `<part>.heapprofile`, and reads the former. */
export async function collectProfiles(
  dir: string,
  pids: Readonly<Record<string, number>>,
): Promise<Record<string, PartProfile>> {
  const parts = new Map(Object.entries(pids).map(([part, pid]) => [String(pid), part]));
  const profiles: Record<string, PartProfile> = {};
  for (const file of await readdir(dir)) {
    const [, , pid, kind] = FILE.exec(file) ?? [];
    const part = pid === undefined ? undefined : parts.get(pid);
    if (part === undefined || kind === undefined) continue;
    const named = join(dir, `${part}.${kind}`);
    await rename(join(dir, file), named);
    if (kind === 'cpuprofile') profiles[part] = summarize(JSON.parse(await readFile(named, 'utf8')));
  }
  return profiles;
}

function summarize(profile: unknown): PartProfile {
  const { nodes, samples, timeDeltas } = Value.Parse(CpuProfile, profile);
  const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame.functionName, callFrame.url)]));
  const spent = new Map<string, number>();
  let total = 0;
  let busy = 0;
  for (const [i, id] of samples.entries()) {
    const time = timeDeltas[i] ?? 0;
    const name = names.get(id) ?? '';
    total += time;
    if (IDLE.has(name)) continue;
    busy += time;
    spent.set(name, (spent.get(name) ?? 0) + time);
  }
  const cpu = [...spent]
    .sort(([, a], [, b]) => b - a)
    .slice(0, LINES)
    .map(([where, time]) => ({ where, share: round(time / busy) }));
  return { cpu, busyShare: round(busy / total) };
}

function nameOf(functionName: string, url: string): string {
  if (url === '') return functionName;
  const file = url.replace(/^.*\/(dist|node_modules)\//, '').replace(/^file:\/\//, '');
  return `${functionName === '' ? '(anonymous)' : functionName} ${file}`;
}

function round(share: number): number {
  return Math.round(share * 1_000) / 1_000;
}
