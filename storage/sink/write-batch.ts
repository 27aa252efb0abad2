/**
 * Writes one batch so that its rows come in once, whoever else writes. The range is agreed on first: an intent carries a token
 * made of the place that it begins after, and of two with one token ClickHouse keeps the first. So whoever writes from a place
 * writes up to the same end, under the same tokens. A guard goes with each insert and asks, in the server, whether the newest
 * intent is still this one: an insert that arrives late finds others and is refused, however long ago its sink fell asleep.
 */
import type { Clock } from '../../core/clock.ts';
import { WeirError } from '../../core/errors.ts';
import type { InsertGuard, Store } from '../open-store.ts';
import { type SinkPosition, sinkPosition } from '../queries/sink-position.ts';
import type { Batch } from './batch-builder.ts';
import { OvertakenError } from './retry.ts';
import type { SinkMetrics } from './sink-metrics.ts';

export const SINK = 'outcomes';
/** Newest mark, whether it is a completion, and where it begins. */
const NEWEST = `(SELECT max((to_seq, state = 'complete', from_seq)) FROM sink_batches WHERE sink = {sink:String})`;

export type SinkStore = Pick<Store, 'query' | 'execute' | 'insertBlock' | 'capabilities'>;

export interface BatchContext {
  readonly store: SinkStore;
  readonly clock: Clock;
  readonly metrics: SinkMetrics;
  /** Repeats a step until it succeeds; `OvertakenError` and stopping end it. */
  readonly retry: <T>(step: string, call: () => Promise<T>) => Promise<T>;
}

/** A batch with its place: everything up to `completeSeq` is in, and its tokens say `fromSeq`. */
export interface PlacedBatch extends Batch {
  readonly completeSeq: number;
  readonly fromSeq: number;
}

/** Throws an `OvertakenError` where another sink has gone on, or has begun another range here. */
export async function writeBatch(c: BatchContext, batch: PlacedBatch): Promise<void> {
  const startedMs = performance.now();
  await reserve(c, batch);
  const isOurs = ownIntent(batch);
  await Promise.all(
    batch.blocks.map(async (block) => {
      const token = `${block.table}:${batch.fromSeq}-${batch.toSeq}`;
      await c.retry(block.table, async () => {
        try {
          await c.store.insertBlock(block, token, isOurs);
        } catch (error) {
          // A replica that does not know of the intent yet refuses as well; then it is still ours.
          if (error instanceof WeirError && error.code === 'store.fenced') checkOurs(await position(c), batch);
          throw error;
        }
      });
      c.metrics.rows.inc({ table: block.table }, block.rows);
    }),
  );
  await c.retry('complete', () => mark(c, batch, 'complete', isOurs));
  c.metrics.batches.inc();
  c.metrics.batchSeconds.observe((performance.now() - startedMs) / 1_000);
}

/** Ends when the intent for this place is this batch's, be it this sink's or an earlier one's. */
async function reserve(c: BatchContext, batch: PlacedBatch): Promise<void> {
  const isNext: InsertGuard = {
    sql: `tupleElement(${NEWEST}, 1) = {after:UInt64} AND tupleElement(${NEWEST}, 2) = ({after:UInt64} > 0)`,
    params: { sink: SINK, after: batch.completeSeq },
  };
  let attempt = 0;
  await c.retry('intent', async () => {
    await mark(c, batch, 'intent', isNext, `${SINK}:after-${batch.completeSeq}.${attempt}`);
    if (checkOurs(await position(c), batch)) return;
    // The server took it and does not have it. A replica will; a single server was killed between the token and the row.
    if (c.store.capabilities.cluster === undefined) attempt++;
    throw new WeirError('store.unavailable', `the intent after ${batch.completeSeq} cannot be seen`);
  });
}

/** Whether the batch is begun and not completed; false where nothing is begun here. */
function checkOurs(found: SinkPosition, batch: PlacedBatch): boolean {
  const { pending, outcomeSeq } = found;
  const isOther = pending !== undefined && (pending.fromSeq !== batch.fromSeq || pending.toSeq !== batch.toSeq);
  if (outcomeSeq === batch.completeSeq && !isOther) return pending !== undefined;
  const upTo = pending?.toSeq ?? outcomeSeq;
  throw new OvertakenError(`another sink has written up to ${upTo}, this one was at ${batch.completeSeq}`);
}

function ownIntent(batch: PlacedBatch): InsertGuard {
  return {
    sql: `${NEWEST} = ({to:UInt64}, 0, {from:UInt64})`,
    params: { sink: SINK, to: batch.toSeq, from: batch.fromSeq },
  };
}

async function mark(
  c: BatchContext,
  batch: PlacedBatch,
  state: 'intent' | 'complete',
  guard: InsertGuard,
  token?: string,
): Promise<void> {
  await c.store.execute(
    `INSERT INTO sink_batches (sink, state, from_seq, to_seq, input_seq, row_count, at)
SELECT {sink:String}, {state:String}, {from:UInt64}, {to:UInt64}, {input:UInt64}, {rows:UInt64}, fromUnixTimestamp64Milli({at:Int64}, 'UTC')
WHERE ${guard.sql}`,
    {
      ...guard.params,
      state,
      from: batch.fromSeq,
      to: batch.toSeq,
      input: batch.inputSeq,
      rows: batch.rows,
      at: c.clock.nowMs(),
    },
    token === undefined ? {} : { token },
  );
}

function position({ store }: BatchContext): Promise<SinkPosition> {
  return sinkPosition(store, SINK);
}
