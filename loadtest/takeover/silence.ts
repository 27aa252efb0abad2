/** The longest time in which a log stood still. */
export interface Silence {
  /** From the given moment on, milliseconds: when the log went on. */
  readonly endMs: number;
  readonly lengthMs: number;
}

/** The longest silence that ended after `atMs`, which counts as a message itself; times of messages rise. */
export function silenceAfter(appendedMs: readonly number[], atMs: number): Silence {
  let beforeMs = atMs;
  let longest: Silence = { endMs: 0, lengthMs: 0 };
  for (const ms of appendedMs) {
    if (ms <= atMs) continue;
    if (ms - beforeMs > longest.lengthMs) longest = { endMs: ms - atMs, lengthMs: ms - beforeMs };
    beforeMs = ms;
  }
  return longest;
}
