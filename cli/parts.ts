/**
 * Where the parts of one running Weir are: what the supervisor tells its role processes, and what it leaves in
 * `run.json` (mode 600) for commands that talk to a running Weir.
 */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Type, { type Static } from 'typebox';
import Value from 'typebox/value';
import { WeirError } from '../core/errors.ts';

const NatsPart = Type.Object({
  url: Type.String(),
  user: Type.Optional(Type.String()),
  password: Type.Optional(Type.String()),
  credsFile: Type.Optional(Type.String()),
});

const StorePart = Type.Object({
  url: Type.String(),
  user: Type.String(),
  password: Type.String(),
  database: Type.String(),
});

const Parts = Type.Object({
  nats: NatsPart,
  store: StorePart,
  jwtSecret: Type.String({ minLength: 32 }),
});
export type Parts = Static<typeof Parts>;

const RunFile = Type.Object({
  pid: Type.Integer(),
  /** Base address of the HTTP server; absent where this Weir runs no ingest or api. */
  url: Type.Optional(Type.String()),
  startedAt: Type.String(),
  /** Process id of each part, by name. */
  pids: Type.Record(Type.String(), Type.Integer()),
  parts: Parts,
});
export type RunFile = Static<typeof RunFile>;

/** The environment variable that carries `Parts` as JSON to a role process. */
export const PARTS_VARIABLE = 'WEIR_PARTS';

export function parseParts(json: string | undefined): Parts {
  const parsed: unknown = json === undefined ? undefined : JSON.parse(json);
  if (Value.Check(Parts, parsed)) return parsed;
  throw new WeirError('config.invalid', `${PARTS_VARIABLE} is not set: role processes are started by "weir start"`);
}

const pathOf = (dataDir: string) => join(dataDir, 'run.json');

/** Replaces the file whole, so that a reader never sees half of it. */
export function writeRunFile(dataDir: string, run: RunFile): void {
  const path = pathOf(dataDir);
  writeFileSync(`${path}.new`, `${JSON.stringify(run, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

export function removeRunFile(dataDir: string): void {
  rmSync(pathOf(dataDir), { force: true });
}

/** What a Weir on this data directory wrote last; `undefined` without one. It may have died since: check `pid`. */
export function readRunFile(dataDir: string): RunFile | undefined {
  try {
    const parsed: unknown = JSON.parse(readFileSync(pathOf(dataDir), 'utf8'));
    return Value.Check(RunFile, parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
