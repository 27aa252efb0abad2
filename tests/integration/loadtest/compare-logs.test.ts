/** The comparison after takeovers finds what it is there for: a lost, a doubled and a changed answer. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compareLogs } from '../../../loadtest/log/compare-logs.ts';
import { createEngine } from '../../../processors/engine/engine.ts';
import type { StreamConnection } from '../../../stream/connection.ts';
import { STREAMS } from '../../../stream/topology.ts';
import { busyLog } from '../../support/engine/busy-log.ts';
import { type NatsFixture, startNats } from '../../support/stream/nats.ts';

const frames = busyLog(20);
let nats: NatsFixture;
let connection: StreamConnection;

beforeEach(async () => {
  nats = await startNats();
  connection = await nats.connect();
});
afterEach(() => nats.stop());

async function publish(change: (parts: Uint8Array[]) => Uint8Array[]): Promise<number> {
  const engine = createEngine();
  const parts: Uint8Array[] = [];
  for (const [i, frame] of frames.entries()) {
    await connection.jetstream.publish(STREAMS.EVENTS, frame);
    parts.push(...engine.step(i + 1, frame));
  }
  for (const part of change(parts)) await connection.jetstream.publish(STREAMS.OUTCOMES, part);
  return parts.length;
}

describe('two logs', () => {
  it('are equal where everything is answered once', async () => {
    const count = await publish((parts) => parts);
    expect(await compareLogs(connection)).toEqual({ wantedFrames: count, publishedFrames: count, digestEqual: true });
  });

  it.each<[string, (parts: Uint8Array[]) => Uint8Array[], string]>([
    ['an answer is missing in the middle', (parts) => parts.toSpliced(5, 1), 'differs from an undisturbed run at 6'],
    ['the last one is missing', (parts) => parts.slice(0, -1), 'frames, an undisturbed run gives'],
    ['one is there twice', (parts) => parts.toSpliced(5, 0, parts[5] as Uint8Array), 'run at 7'],
    [
      'a byte differs',
      (parts) =>
        parts.with(
          3,
          (parts[3] as Uint8Array).map((byte, i, all) => (i === all.length - 1 ? byte ^ 1 : byte)),
        ),
      'run at 4',
    ],
  ])('differ where %s', async (_title, change, problem) => {
    await publish(change);
    const compared = await compareLogs(connection);
    expect(compared.digestEqual).toBe(false);
    expect(compared.problem).toContain(problem);
  });
});
