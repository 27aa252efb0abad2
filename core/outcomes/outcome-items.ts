/**
 * The two outcomes that come once per transaction, found in their frame without decoding them: where their texts lie, and
 * their numbers. One instance serves all frames; what it says holds until the next `load`.
 */
import { EVENT_TYPES } from '../events/event.ts';
import { DECISIONS } from './outcome.ts';
import { ACCEPTED, DECISION } from './outcome-codec.ts';

const TRANSACTION = EVENT_TYPES.indexOf('transaction');
const TEXT_HEAD_BYTES = 2;
/** Kind, index, type and whether it is late. */
const ACCEPTED_HEAD_BYTES = 1 + 4 + 1 + 1;
/** Kind and index. */
const DECISION_HEAD_BYTES = 1 + 4;
/** Decision, score, rule-set version and number of reasons. */
const VERDICT_BYTES = 1 + 8 + 4 + 2;

export class AcceptedItem {
  index = 0;
  late = false;
  customerAt = 0;
  customerLength = 0;
  entryAt = 0;

  /** Looks at the item in `[start, end)`. False where it is no accepted transaction, or is damaged. */
  load(view: DataView, start: number, end: number): boolean {
    const customerAt = start + ACCEPTED_HEAD_BYTES + TEXT_HEAD_BYTES;
    if (customerAt > end || view.getUint8(start) !== ACCEPTED || view.getUint8(start + 5) !== TRANSACTION) return false;
    this.index = view.getUint32(start + 1, true);
    this.late = view.getUint8(start + 6) === 1;
    this.customerAt = customerAt;
    this.customerLength = view.getUint16(start + ACCEPTED_HEAD_BYTES, true);
    this.entryAt = customerAt + this.customerLength;
    return this.entryAt <= end;
  }
}

export class DecisionItem {
  index = 0;
  eventIdAt = 0;
  eventIdLength = 0;
  sourceAt = 0;
  sourceLength = 0;
  customerAt = 0;
  customerLength = 0;
  timeMs = 0;
  decision = '';
  score = 0;
  rulesetVersion = 0;
  traceAt = 0;

  /** Likewise. False where it is no decision, gives reasons, or is damaged. */
  load(view: DataView, start: number, end: number): boolean {
    const eventIdAt = start + DECISION_HEAD_BYTES + TEXT_HEAD_BYTES;
    if (eventIdAt > end || view.getUint8(start) !== DECISION) return false;
    this.index = view.getUint32(start + 1, true);
    this.eventIdAt = eventIdAt;
    this.eventIdLength = view.getUint16(eventIdAt - TEXT_HEAD_BYTES, true);
    this.sourceAt = eventIdAt + this.eventIdLength + TEXT_HEAD_BYTES;
    if (this.sourceAt > end) return false;
    this.sourceLength = view.getUint16(this.sourceAt - TEXT_HEAD_BYTES, true);
    this.customerAt = this.sourceAt + this.sourceLength + TEXT_HEAD_BYTES;
    if (this.customerAt > end) return false;
    this.customerLength = view.getUint16(this.customerAt - TEXT_HEAD_BYTES, true);
    const timeAt = this.customerAt + this.customerLength;
    const verdictAt = timeAt + 8;
    this.traceAt = verdictAt + VERDICT_BYTES;
    if (this.traceAt > end) return false;
    const decision = DECISIONS[view.getUint8(verdictAt)];
    if (decision === undefined || view.getUint16(verdictAt + VERDICT_BYTES - 2, true) !== 0) return false;
    this.decision = decision;
    this.timeMs = view.getFloat64(timeAt, true);
    this.score = view.getFloat64(verdictAt + 1, true);
    this.rulesetVersion = view.getUint32(verdictAt + 9, true);
    return true;
  }
}
