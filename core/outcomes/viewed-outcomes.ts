/**
 * The two outcomes that come once per transaction, written from where the transaction lies in its frame: ids and the entry
 * are copied, not decoded. The bytes are those that `writeOutcome` writes.
 */
import type { ByteWriter } from '../codec/byte-writer.ts';
import { ID, SOURCE, SUBJECT } from '../codec/transaction-fields.ts';
import type { TransactionView } from '../codec/transaction-view.ts';
import { EVENT_TYPES } from '../events/event.ts';
import { ACCEPTED, DECISION, type Verdict, writeVerdict } from './outcome-codec.ts';

const TRANSACTION = EVENT_TYPES.indexOf('transaction');

/** `writeOutcome` of an accepted transaction, from where it lies. `customer` is undefined where the subject is that. */
export function writeAcceptedView(
  writer: ByteWriter,
  index: number,
  late: boolean,
  view: TransactionView,
  customer: string | undefined,
): void {
  writer.u8(ACCEPTED);
  writer.u32(index);
  writer.u8(TRANSACTION);
  writer.u8(late ? 1 : 0);
  writeField(writer, view, SUBJECT, customer);
  writer.copy(view.bytes, view.start, view.end);
}

/** `writeOutcome` of the decision about a transaction, likewise. */
export function writeDecisionView(
  writer: ByteWriter,
  index: number,
  view: TransactionView,
  customer: string | undefined,
  verdict: Verdict,
): void {
  writer.u8(DECISION);
  writer.u32(index);
  writeField(writer, view, ID, undefined);
  writeField(writer, view, SOURCE, undefined);
  writeField(writer, view, SUBJECT, customer);
  writer.f64(view.timeMs);
  writeVerdict(writer, verdict);
}

/** A text of the entry as it lies there, or `instead`. */
function writeField(writer: ByteWriter, view: TransactionView, field: number, instead: string | undefined): void {
  if (instead !== undefined || !view.isAscii(field)) {
    writer.text(instead ?? view.text(field) ?? '');
    return;
  }
  const at = view.at(field);
  writer.u16(view.length(field));
  writer.copy(view.bytes, at, at + view.length(field));
}
