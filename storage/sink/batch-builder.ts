/**
 * Outcome frames to blocks: reads each frame once and spreads its outcomes over the tables' columns. A batch ends where
 * an input frame is wholly answered, so its rows depend on its range alone and a repeated batch is the same batch.
 */
import { decodeEntry } from '../../core/codec/entry.ts';
import { FrameItems } from '../../core/codec/frame.ts';
import { DEPARTMENT, KIND, SOURCE } from '../../core/codec/transaction-fields.ts';
import { TransactionView } from '../../core/codec/transaction-view.ts';
import { EVENT_TYPES, type EventType } from '../../core/events/event.ts';
import type { AcceptedOutcome, Outcome } from '../../core/outcomes/outcome.ts';
import { KPI, readHead, readOutcome } from '../../core/outcomes/outcome-codec.ts';
import { AcceptedItem, DecisionItem } from '../../core/outcomes/outcome-items.ts';
import { createEventTableWriter, type EventTableWriter } from '../tables/event-table.ts';
import {
  type AlertDimensions,
  createAlertWriter,
  createDecisionWriter,
  createOfferWriter,
  createRulesetPartWriter,
  createRulesetWriter,
  createShadowWriter,
  createWithdrawalWriter,
} from '../tables/outcome-tables.ts';
import type { RowPosition } from '../tables/position-columns.ts';
import type { Block } from '../tables/table-writer.ts';

export interface OutcomeMessage {
  readonly seq: number;
  readonly bytes: Uint8Array;
}

export interface Batch {
  readonly toSeq: number;
  readonly inputSeq: number;
  readonly rows: number;
  readonly blocks: readonly Block[];
}

/** Called for what cannot become rows; the message stays in the log. */
export type OnUnreadable = (what: 'frame' | 'entry', seq: number, error: unknown) => void;

const NO_DIMENSIONS: AlertDimensions = { kind: '', department: '' };
const NO_INDEX = -1;

export class BatchBuilder {
  rows = 0;
  /** Of the last frame added. */
  toSeq = 0;
  inputSeq = 0;
  /** The last frame added was the final one of its answer; only then may the batch be taken. */
  atAnswerEnd = true;
  readonly #onUnreadable: OnUnreadable;
  #isEmpty = true;
  #bytes = 0;
  readonly #items = new FrameItems();
  readonly #view = new TransactionView();
  readonly #accepted = new AcceptedItem();
  readonly #decision = new DecisionItem();
  /** What outcomes need from the event that they follow, which has the same index. */
  readonly #cause = { index: NO_INDEX, receivedMs: 0, kind: '', department: '' };
  /** Of the row at hand. */
  readonly #position = { inputSeq: 0, outcomeSeq: 0, item: 0, receivedMs: 0 };
  readonly #events: { readonly [T in EventType]: EventTableWriter };
  readonly #decisions = createDecisionWriter();
  readonly #alerts = createAlertWriter();
  readonly #offers = createOfferWriter();
  readonly #withdrawals = createWithdrawalWriter();
  readonly #shadows = createShadowWriter();
  readonly #rulesets = createRulesetWriter();
  readonly #rulesetParts = createRulesetPartWriter();

  constructor(onUnreadable: OnUnreadable) {
    this.#onUnreadable = onUnreadable;
    const events = Object.fromEntries(EVENT_TYPES.map((type) => [type, createEventTableWriter(type)]));
    this.#events = events as { [T in EventType]: EventTableWriter };
  }

  get isEmpty(): boolean {
    return this.#isEmpty;
  }

  /** Of the frames in it: what their rows take comes to about as much, and adding up columns would cost each frame. */
  get byteLength(): number {
    return this.#bytes;
  }

  add(message: OutcomeMessage): void {
    this.#isEmpty = false;
    this.toSeq = message.seq;
    const { bytes } = message;
    this.#bytes += bytes.length;
    let head: ReturnType<typeof readHead>;
    try {
      this.#items.find(bytes);
      head = readHead(bytes.subarray(this.#items.starts[0], this.#items.ends[0]));
    } catch (error) {
      this.#onUnreadable('frame', message.seq, error);
      return;
    }
    if (this.atAnswerEnd) this.#cause.index = NO_INDEX;
    this.inputSeq = head.inputSeq;
    this.atAnswerEnd = head.final;
    this.#position.inputSeq = head.inputSeq;
    this.#position.outcomeSeq = message.seq;
    this.#view.enter(bytes);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    // Of an event in the part before, the view no longer holds anything.
    let viewed = NO_INDEX;
    for (let i = 1; i < this.#items.count; i++) {
      const start = this.#items.starts[i] as number;
      const end = this.#items.ends[i] as number;
      this.#position.item = i - 1;
      if (this.#addAcceptedView(view, start, end)) viewed = this.#accepted.index;
      else if (!this.#addDecisionItem(view, bytes, start, end, viewed))
        this.#addDecoded(bytes.subarray(start, end), head.clockMs);
    }
  }

  /** Nothing is left in the log up to a position that ends an answer: the batch ends there all the same. */
  passTo(toSeq: number, inputSeq: number): void {
    this.#isEmpty = false;
    this.toSeq = toSeq;
    this.inputSeq = inputSeq;
    this.atAnswerEnd = true;
  }

  /** The batch so far; the builder is empty afterwards. */
  take(): Batch {
    const blocks: Block[] = [];
    for (const writer of this.#writers()) {
      const block = writer.takeBlock();
      if (block !== undefined) blocks.push(block);
    }
    const batch = { toSeq: this.toSeq, inputSeq: this.inputSeq, rows: this.rows, blocks };
    this.#isEmpty = true;
    this.#bytes = 0;
    this.rows = 0;
    return batch;
  }

  /** False where it is no accepted transaction that can be read where it lies. */
  #addAcceptedView(view: DataView, start: number, end: number): boolean {
    const item = this.#accepted;
    if (!item.load(view, start, end) || !this.#view.load(item.entryAt, end)) return false;
    this.#cause.index = item.index;
    this.#cause.receivedMs = this.#view.receivedMs;
    this.#cause.kind = this.#view.word(KIND);
    this.#cause.department = this.#view.word(DEPARTMENT);
    this.#position.receivedMs = this.#cause.receivedMs;
    this.#events.transaction.appendView(this.#view, item, this.#position);
    this.rows++;
    return true;
  }

  /** False where it is no decision without reasons about the transaction at hand. */
  #addDecisionItem(view: DataView, bytes: Uint8Array, start: number, end: number, viewed: number): boolean {
    const item = this.#decision;
    if (viewed === NO_INDEX || !item.load(view, start, end) || item.index !== viewed) return false;
    this.#position.receivedMs = this.#cause.receivedMs;
    this.#decisions.appendItem(bytes, item, this.#view.word(SOURCE), end, this.#position);
    this.rows++;
    return true;
  }

  #addDecoded(item: Uint8Array, clockMs: number): void {
    // Rollups are made from the rows themselves.
    if (item[0] === KPI) return;
    let outcome: Outcome;
    try {
      outcome = readOutcome(item);
    } catch (error) {
      this.#onUnreadable('frame', this.#position.outcomeSeq, error);
      return;
    }
    const isCaused = 'index' in outcome && outcome.index === this.#cause.index;
    this.#position.receivedMs = isCaused ? this.#cause.receivedMs : clockMs;
    this.#addOutcome(outcome, this.#position);
  }

  #addOutcome(outcome: Outcome, position: RowPosition): void {
    switch (outcome.kind) {
      case 'accepted':
        this.#addAccepted(outcome, position);
        return;
      case 'decision':
        this.#decisions.append(outcome, position);
        break;
      case 'alert':
        this.#alerts.append(outcome, outcome.index === this.#cause.index ? this.#cause : NO_DIMENSIONS, position);
        break;
      case 'offer':
        this.#offers.append(outcome, position);
        break;
      case 'withdrawn':
        this.#withdrawals.append(outcome, position);
        break;
      case 'shadow':
        this.#shadows.append(outcome, position);
        break;
      case 'ruleset':
        this.#rulesets.append(outcome, position);
        break;
      case 'ruleset_part':
        this.#rulesetParts.append(outcome, position);
        break;
      case 'kpi':
        return; // Rollups are made from the rows themselves.
      case 'warming':
        return; // What comes of it is told when the rule set goes live.
      case 'poison':
        return; // The processor has put it into QUARANTINE, which has its own sink.
    }
    this.rows++;
  }

  #addAccepted(outcome: AcceptedOutcome, position: RowPosition): void {
    let entry: ReturnType<typeof decodeEntry>;
    try {
      entry = decodeEntry(outcome.entry);
      if (entry.kind !== 'event') throw new RangeError(`an accepted outcome holds a ${entry.kind} entry`);
    } catch (error) {
      this.#onUnreadable('entry', position.outcomeSeq, error);
      return;
    }
    const { event } = entry;
    const transaction = event.type === 'transaction' ? event.data : undefined;
    this.#cause.index = outcome.index;
    this.#cause.receivedMs = event.receivedMs;
    this.#cause.kind = String(transaction?.kind ?? '');
    this.#cause.department = transaction?.department ?? '';
    this.#position.receivedMs = event.receivedMs;
    this.#events[event.type].append(event, outcome.customer, outcome.late, position);
    this.rows++;
  }

  *#writers() {
    for (const type of EVENT_TYPES) yield this.#events[type];
    yield this.#decisions;
    yield this.#alerts;
    yield this.#offers;
    yield this.#withdrawals;
    yield this.#shadows;
    yield this.#rulesets;
    yield this.#rulesetParts;
  }
}
