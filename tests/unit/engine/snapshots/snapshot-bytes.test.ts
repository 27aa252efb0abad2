/** A snapshot is read from wherever its bytes lie: the network hands out slices of buffers at any offset. */
import { expect, it } from 'vitest';
import { createEngine, restoreEngine } from '../../../../processors/engine/engine.ts';
import { engineLog } from '../../../support/engine/engine-log.ts';

it('restores from a slice of a Buffer at any offset', () => {
  const engine = createEngine();
  for (const [i, frame] of engineLog(20).entries()) engine.step(i + 1, frame);
  const snapshot = engine.snapshot();
  for (let offset = 0; offset < 8; offset++) {
    const network = Buffer.alloc(snapshot.length + offset);
    network.set(snapshot, offset);
    expect(restoreEngine(network.subarray(offset)).stats().digest).toBe(engine.stats().digest);
  }
});
