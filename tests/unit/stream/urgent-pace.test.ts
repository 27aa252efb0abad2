import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { UrgentPace } from '../../../stream/log/urgent-pace.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Times at which a pace says that a frame may go, when entries come at `atMs` and are sent at once. */
async function dueTimes(lingerMs: number, atMs: readonly number[]): Promise<number[]> {
  const startMs = performance.now();
  const due: number[] = [];
  const pace = new UrgentPace(lingerMs, () => {
    expect(pace.isDue).toBe(true);
    due.push(performance.now() - startMs);
    pace.sent();
  });
  for (const at of atMs) {
    const waitMs = at - (performance.now() - startMs);
    if (waitMs > 0) await vi.advanceTimersByTimeAsync(waitMs);
    pace.begin();
    expect(pace.isDue).toBe(false);
  }
  await vi.advanceTimersByTimeAsync(1_000);
  return due;
}

describe('the pace of what somebody waits for', () => {
  it('lets few go at once, in the turn after', async () => {
    expect(await dueTimes(5, [10, 20, 30])).toEqual([10, 20, 30]);
  });

  it('gathers many for the linger after the last frame', async () => {
    expect(await dueTimes(5, [10, 11, 12, 14, 16, 17, 30])).toEqual([10, 15, 20, 30]);
  });

  it('gathers only what comes in the same turn without a linger', async () => {
    expect(await dueTimes(0, [10, 10, 10, 11])).toEqual([10, 11]);
  });

  it('stays due until all is sent', async () => {
    let calls = 0;
    const pace = new UrgentPace(5, () => calls++);
    pace.begin();
    await vi.advanceTimersByTimeAsync(1);
    pace.begin();
    await vi.advanceTimersByTimeAsync(100);
    expect(calls).toBe(1);
    expect(pace.isDue).toBe(true);
    pace.sent();
    expect(pace.isDue).toBe(false);
    pace.begin();
    await vi.advanceTimersByTimeAsync(100);
    expect(calls).toBe(2);
  });
});
