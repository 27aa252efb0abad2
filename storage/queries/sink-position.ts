/**
 * How far the sink has come. A batch leaves an intent before its rows and a completion after them, so a reader knows
 * whether rows may be coming in just now: rollups are read only where the newest intent is complete.
 */
import type { Store } from '../open-store.ts';
import { readNumber, readText } from '../row.ts';

export interface SinkBatch {
  /** First and last sequence in OUTCOMES, both included. */
  readonly fromSeq: number;
  readonly toSeq: number;
  /** Sequence in EVENTS of the last answered frame: the position that people see. */
  readonly inputSeq: number;
}

export interface SinkPosition {
  /** Every row up to here is in the tables; zeros before the first batch. */
  readonly inputSeq: number;
  readonly outcomeSeq: number;
  /** No batch is half way in: tables and rollups hold exactly what lies up to `outcomeSeq`. */
  readonly settled: boolean;
  /** The batch that was begun and not completed. */
  readonly pending?: SinkBatch;
}

export async function sinkPosition(store: Pick<Store, 'query'>, sink = 'outcomes'): Promise<SinkPosition> {
  const rows = await store.query(
    'sink-position',
    'SELECT state, from_seq, to_seq, input_seq FROM sink_batches FINAL WHERE sink = {sink:String}',
    { sink },
  );
  let complete: SinkBatch = { fromSeq: 0, toSeq: 0, inputSeq: 0 };
  let intent: SinkBatch = complete;
  for (const row of rows) {
    const batch = {
      fromSeq: readNumber(row, 'from_seq'),
      toSeq: readNumber(row, 'to_seq'),
      inputSeq: readNumber(row, 'input_seq'),
    };
    if (readText(row, 'state') === 'complete') complete = batch;
    else intent = batch;
  }
  const position = { inputSeq: complete.inputSeq, outcomeSeq: complete.toSeq };
  return intent.toSeq > complete.toSeq
    ? { ...position, settled: false, pending: intent }
    : { ...position, settled: true };
}
