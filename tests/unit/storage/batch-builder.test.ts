import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Batch, BatchBuilder } from '../../../storage/sink/batch-builder.ts';
import { transactionNumber } from '../../support/events/transactions.ts';
import { outcomeFrame, outcomesOf } from '../../support/storage/outcome-frames.ts';

const SEED = 20_261_126;

function build(builder: BatchBuilder, firstSeq: number, sizes: readonly number[]): Batch {
  sizes.forEach((size, i) => {
    const seq = firstSeq + i;
    const events = Array.from({ length: size }, (_, k) => transactionNumber(seq * 100 + k));
    builder.add({ seq, bytes: outcomeFrame(seq, outcomesOf(events)) });
  });
  return builder.take();
}

const refuse = (_what: string, _seq: number, error: unknown): never => {
  throw error;
};

const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

test('a batch depends on its frames alone, not on what was in the columns and in the memory before', () => {
  const used = new BatchBuilder(refuse);
  const sizes = fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 6 });
  let seq = 1;
  fc.assert(
    fc.property(sizes, (frames) => {
      const again = build(used, seq, frames);
      const fresh = build(new BatchBuilder(refuse), seq, frames);
      seq += frames.length;
      const shape = (batch: Batch) => batch.blocks.map(({ table, rows, bytes }) => [table, rows, digest(bytes)]);
      expect(shape(again)).toEqual(shape(fresh));
    }),
    { seed: SEED, numRuns: 40 },
  );
});

test('the size of a batch is that of its frames, and begins anew when it is taken', () => {
  const builder = new BatchBuilder(refuse);
  const bytes = outcomeFrame(1, outcomesOf([transactionNumber(1)]));
  for (const seq of [1, 2]) builder.add({ seq, bytes });
  expect(builder.byteLength).toBe(2 * bytes.length);
  builder.take();
  expect([builder.byteLength, builder.rows, builder.isEmpty]).toEqual([0, 0, true]);
});
