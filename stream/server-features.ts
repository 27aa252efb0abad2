/**
 * What a nats-server can do, by version, in one table. Everything that Weir needs works on the oldest version named
 * here; whatever is newer is used only where this table says that the connected server has it.
 */
import { WeirError } from '../core/errors.ts';

const SINCE = {
  /** The oldest that Weir runs on. */
  required: '2.9.10',
  /** `sync_interval` in the server's own configuration. */
  syncInterval: '2.10.0',
  /** Compressed streams. */
  compression: '2.10.0',
} as const;

export type ServerFeature = Exclude<keyof typeof SINCE, 'required'>;

export interface ServerFeatures {
  readonly version: string;
  has(feature: ServerFeature): boolean;
}

/** Takes `2.9.10`, `v2.10.3` or `2.11.0-beta.1`. Throws a `WeirError` `part.missing` for a server that is too old. */
export function readServerFeatures(version: string): ServerFeatures {
  const numbers = parseVersion(version);
  if (compare(numbers, parseVersion(SINCE.required)) < 0) {
    throw new WeirError('part.missing', `nats-server ${SINCE.required} or newer is needed, this one is ${version}`);
  }
  return { version, has: (feature) => compare(numbers, parseVersion(SINCE[feature])) >= 0 };
}

function parseVersion(version: string): readonly number[] {
  const match = /(\d+)\.(\d+)\.(\d+)/.exec(version);
  if (match === null) throw new WeirError('part.missing', `"${version}" is no version of a nats-server`);
  return match.slice(1).map(Number);
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < 3; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
