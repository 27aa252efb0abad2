/** `npm run loadtest -- takeover`: real processes, ended in each of the three ways. */
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { measureTakeover } from '../../loadtest/takeover/measure-takeover.ts';

it('measures how long a standby takes, and finds everything answered once', async () => {
  const lines: string[] = [];
  const result = await measureTakeover({
    root: fileURLToPath(new URL('../..', import.meta.url)),
    processors: 2,
    rounds: 3,
    rate: 500,
    signal: AbortSignal.timeout(180_000),
    onLine: (line) => lines.push(line),
  });
  expect(lines).toHaveLength(3);
  for (const way of ['kill', 'pause', 'stop'] as const) {
    expect(result.takeoverMs[way]?.count).toBe(1);
    expect(result.takeoverMs[way]?.max).toBeGreaterThan(0);
  }
  expect(result).toMatchObject({ digestEqual: true, publishedFrames: result.wantedFrames });
  expect(result.events).toBeGreaterThan(500);
  expect(result.wantedFrames).toBeGreaterThan(10);
});
