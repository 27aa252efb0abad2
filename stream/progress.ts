/**
 * How far a part has come, told a few times a second over core NATS: nothing depends on a single message, and a
 * watcher keeps the last value and its age.
 */
import type { StreamConnection } from './connection.ts';
import { SUBJECTS } from './topology.ts';

export type ProgressRole = 'processor' | 'sink';

export interface Progress {
  /** Last position of EVENTS that the part is done with. */
  readonly inputSeq: number;
  /** Last position of OUTCOMES that it wrote or read. */
  readonly outcomeSeq: number;
}

export interface ProgressWatch {
  /** The last value heard, `undefined` before the first. */
  readonly last: Progress | undefined;
  /** Milliseconds since it was heard; `Infinity` before the first. */
  ageMs(): number;
  stop(): void;
}

/** Nothing is sent while the connection is down; the next one says it all. */
export function publishProgress(c: StreamConnection, role: ProgressRole, progress: Progress): void {
  c.publish(`${SUBJECTS.progress}.${role}`, new TextEncoder().encode(JSON.stringify(progress)));
}

/** `onProgress` is told each value as it arrives. */
export function watchProgress(
  c: StreamConnection,
  role: ProgressRole,
  onProgress?: (progress: Progress) => void,
): ProgressWatch {
  let last: Progress | undefined;
  let heardAtMs = Number.NEGATIVE_INFINITY;
  const subscription = c.nats.subscribe(`${SUBJECTS.progress}.${role}`, {
    callback: (error, message) => {
      const progress = error === null ? parseProgress(message.string()) : undefined;
      if (progress === undefined) {
        c.log.warn({ role, err: error }, 'a progress message could not be read');
        return;
      }
      last = progress;
      heardAtMs = performance.now();
      onProgress?.(progress);
    },
  });
  return {
    get last() {
      return last;
    },
    ageMs: () => performance.now() - heardAtMs,
    stop: () => subscription.unsubscribe(),
  };
}

function parseProgress(text: string): Progress | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { inputSeq, outcomeSeq } = value as Partial<Record<keyof Progress, unknown>>;
  return isPosition(inputSeq) && isPosition(outcomeSeq) ? { inputSeq, outcomeSeq } : undefined;
}

function isPosition(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
