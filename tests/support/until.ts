import { setTimeout as pause } from 'node:timers/promises';

const POLL_MS = 20;

/** Polls until `check` gives something truthy; a deadline instead of a sleep. Errors of `check` end it at once. */
export async function until<T>(what: string, timeoutMs: number, check: () => T | Promise<T>): Promise<NonNullable<T>> {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    const value = await check();
    if (value) return value;
    if (performance.now() > deadlineMs) throw new Error(`waited ${timeoutMs} ms for ${what}`);
    await pause(POLL_MS);
  }
}
