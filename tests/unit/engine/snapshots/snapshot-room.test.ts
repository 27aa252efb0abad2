import { expect, it } from 'vitest';
import { createEngine, restoreEngine } from '../../../../processors/engine/engine.ts';
import { createSnapshotRoom } from '../../../../processors/snapshot-room.ts';
import { engineLog } from '../../../support/engine/engine-log.ts';

it('takes one snapshot after the other in the same memory, each whole, while the state grows', async () => {
  const room = createSnapshotRoom();
  const engine = createEngine();
  const rooms = new Set<Uint8Array>();
  for (const [i, frame] of engineLog(120, 3).entries()) {
    engine.step(i + 1, frame);
    if (i % 20 !== 19) continue;
    const memory = await room.reserve(engine.snapshotBytes);
    rooms.add(memory);
    const snapshot = engine.beginSnapshot(memory);
    while (snapshot.copy(3));
    const taken = snapshot.take();
    expect(taken.buffer).toBe(memory.buffer);
    expect(Buffer.compare(taken, engine.snapshot())).toBe(0);
    expect(restoreEngine(taken).stats().digest).toBe(engine.stats().digest);
  }
  expect(rooms.size).toBe(1);
});

it('takes a snapshot for which the room is too small in memory of its own', () => {
  const engine = createEngine();
  for (const [i, frame] of engineLog(30, 3).entries()) engine.step(i + 1, frame);
  const small = new Uint8Array(100);
  const snapshot = engine.beginSnapshot(small);
  while (snapshot.copy(3));
  expect(Buffer.compare(snapshot.take(), engine.snapshot())).toBe(0);
});
