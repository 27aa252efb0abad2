/**
 * How far a part has come, told a few times a second over core NATS: nothing depends on a single message, and a
 * watcher keeps the last value and its age.
 */
import type { StreamConnection } from './connection.ts';
import { SUBJECTS } from './topology.ts';

export type ProgressRole = 'processor' | 'standby' | 'sink';

export interface Progress {
  /** Last position of EVENTS that the part is done with. */
  readonly inputSeq: number;
  /** Last position of OUTCOMES that it wrote or read. */
  readonly outcomeSeq: number;
  /** Of a processor: the rule sets that its engine holds staged, and whether they are compiled. */
  readonly staged?: readonly StagedProgress[];
}

export interface StagedProgress {
  readonly version: number;
  readonly compiled: boolean;
}

export interface ProgressWatch {
  /** The last value heard, `undefined` before the first. */
  readonly last: Progress | undefined;
  /** Milliseconds since it was heard; `Infinity` before the first. */
  ageMs(): number;
  /** Whether a value for which `holds` is heard, or was heard last, within `timeoutMs`. */
  until(holds: (progress: Progress) => boolean, timeoutMs: number): Promise<boolean>;
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
  const listeners = new Set<(progress: Progress) => void>();
  if (onProgress !== undefined) listeners.add(onProgress);
  const subscription = c.nats.subscribe(`${SUBJECTS.progress}.${role}`, {
    callback: (error, message) => {
      const progress = error === null ? parseProgress(message.string()) : undefined;
      if (progress === undefined) {
        c.log.warn({ role, err: error }, 'a progress message could not be read');
        return;
      }
      last = progress;
      heardAtMs = performance.now();
      for (const listener of listeners) listener(progress);
    },
  });
  return {
    get last() {
      return last;
    },
    ageMs: () => performance.now() - heardAtMs,
    until(holds, timeoutMs) {
      if (last !== undefined && holds(last)) return Promise.resolve(true);
      return new Promise((resolve) => {
        const settle = (held: boolean): void => {
          clearTimeout(timer);
          listeners.delete(listen);
          resolve(held);
        };
        const listen = (progress: Progress): void => {
          if (holds(progress)) settle(true);
        };
        const timer = setTimeout(settle, timeoutMs, false);
        listeners.add(listen);
      });
    },
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
  const { inputSeq, outcomeSeq, staged } = value as Partial<Record<keyof Progress, unknown>>;
  if (!isPosition(inputSeq) || !isPosition(outcomeSeq)) return undefined;
  if (staged === undefined) return { inputSeq, outcomeSeq };
  return Array.isArray(staged) && staged.every(isStaged) ? { inputSeq, outcomeSeq, staged } : undefined;
}

function isStaged(value: unknown): value is StagedProgress {
  if (typeof value !== 'object' || value === null) return false;
  const { version, compiled } = value as Partial<Record<keyof StagedProgress, unknown>>;
  return isPosition(version) && typeof compiled === 'boolean';
}

function isPosition(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
