/**
 * Where a row comes from: the columns that every table of outcomes begins with. `input_seq` is the position that people
 * see, `outcome_seq` and `item` make the row's cursor.
 */
import { Int64Column, UInt32Column } from '../native/number-columns.ts';
import { type Row, readNumber } from '../row.ts';
import type { TableWriter } from './table-writer.ts';

export interface RowPosition {
  /** Sequence of the input frame in EVENTS. */
  readonly inputSeq: number;
  /** Sequence of the outcome frame in OUTCOMES. */
  readonly outcomeSeq: number;
  /** Index of the outcome in its frame. */
  readonly item: number;
  /** When ingest took the event that caused it; the engine's clock where a timer did. */
  readonly receivedMs: number;
}

export const POSITION_SELECT =
  'input_seq, outcome_seq, item, toUnixTimestamp64Milli(received_at) AS received_ms' as const;

export function readPosition(row: Row): RowPosition {
  return {
    inputSeq: readNumber(row, 'input_seq'),
    outcomeSeq: readNumber(row, 'outcome_seq'),
    item: readNumber(row, 'item'),
    receivedMs: readNumber(row, 'received_ms'),
  };
}

export const TIME_TYPE = "DateTime64(3, 'UTC')";

export function addPositionColumns(writer: TableWriter): (position: RowPosition) => void {
  const inputSeq = writer.add('input_seq', new Int64Column('UInt64'));
  const outcomeSeq = writer.add('outcome_seq', new Int64Column('UInt64'));
  const item = writer.add('item', new UInt32Column());
  const receivedAt = writer.add('received_at', new Int64Column(TIME_TYPE));
  return (position) => {
    inputSeq.push(position.inputSeq);
    outcomeSeq.push(position.outcomeSeq);
    item.push(position.item);
    receivedAt.push(position.receivedMs);
  };
}
