/** The log proves what the engine did: a replay gives the published bytes, and anything else is found. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { verifyRange } from '../../../processors/replay/verify-range.ts';
import { openCheckpointStore } from '../../../stream/checkpoints/checkpoint-store.ts';
import type { StreamConnection } from '../../../stream/connection.ts';
import { STREAMS } from '../../../stream/topology.ts';
import { engineLog } from '../../support/engine/engine-log.ts';
import { appendFrames, startProcessor } from '../../support/engine/processor.ts';
import { type NatsFixture, startNats } from '../../support/stream/nats.ts';
import { readAll } from '../../support/stream/stream.ts';
import { until } from '../../support/until.ts';

const FRAMES = 300;
const KEPT = 3;
const log = { warn: () => undefined };

let nats: NatsFixture;
let connection: StreamConnection;

beforeEach(async () => {
  nats = await startNats();
  connection = await nats.connect();
  await appendFrames(connection, engineLog(FRAMES, 5));
  const processor = await startProcessor(connection, { WEIR_CHECKPOINT_INTERVAL_MS: 20 });
  await until('the log to be answered', 20_000, () => processor.position === FRAMES);
  await processor.stop();
});
afterEach(() => nats.stop());

const verify = (from: number, to: number) =>
  verifyRange({ connection, store: openCheckpointStore(connection, { kept: KEPT }), from, to, log });

it('any range of the log gives the published outcomes, from a checkpoint where there is one before it', async () => {
  const whole = await verify(1, FRAMES);
  // The last frames may have had no outcome: what OUTCOMES does not answer is not compared.
  expect(whole).toMatchObject({ from: 1, checkpoint: 0, frames: whole.to });
  expect(whole.to).toBeGreaterThan(FRAMES - 5);
  expect(whole.difference).toBeUndefined();
  expect(whole.parts).toBeGreaterThan(FRAMES / 2);
  const [newest] = await openCheckpointStore(connection, { kept: KEPT }).list();
  expect(newest?.position).toBe(FRAMES);
  await appendFrames(connection, engineLog(FRAMES, 6));
  // No checkpoint of its own may push out the one that the verification begins with.
  const processor = await startProcessor(connection, { WEIR_CHECKPOINT_INTERVAL_MS: 3_600_000 });
  await until('the rest to be answered', 20_000, () => processor.position === 2 * FRAMES);
  const later = await verify(FRAMES + 20, 2 * FRAMES);
  expect(later.frames).toBe(later.to - (FRAMES + 20) + 1);
  expect(later.to).toBeGreaterThan(2 * FRAMES - 5);
  expect(later.checkpoint).toBeGreaterThanOrEqual(FRAMES);
  expect(later.difference).toBeUndefined();
  expect(await verify(3 * FRAMES, 4 * FRAMES)).toMatchObject({ frames: 0 });
  await processor.stop();
});

it('an outcome that is not what the engine decides is found at its position', async () => {
  const messages: Uint8Array[] = [];
  await readAll(connection, 'OUTCOMES', (_seq, bytes) => messages.push(bytes.slice()));
  await connection.manager.streams.purge('OUTCOMES');
  const altered = Math.floor(messages.length / 2);
  for (const [i, message] of messages.entries()) {
    if (i === altered) message[message.length - 1] = (message.at(-1) as number) ^ 1;
    await connection.jetstream.publish(STREAMS.OUTCOMES, message);
  }
  const { difference } = await verify(1, FRAMES);
  expect(difference?.message).toContain('other bytes from offset');
  const position = difference?.position as number;
  expect((await verify(1, position - 1)).difference).toBeUndefined();
  expect((await verify(position + 1, FRAMES)).difference).toBeUndefined();
});

it('an outcome that is missing is found', async () => {
  const messages: Uint8Array[] = [];
  await readAll(connection, 'OUTCOMES', (_seq, bytes) => messages.push(bytes.slice()));
  await connection.manager.streams.purge('OUTCOMES');
  for (const message of messages.toSpliced(40, 1)) await connection.jetstream.publish(STREAMS.OUTCOMES, message);
  expect((await verify(1, FRAMES)).difference?.message).toContain('OUTCOMES answers position');
});
