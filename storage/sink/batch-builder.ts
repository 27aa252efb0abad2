/**
 * Outcome frames to blocks: decodes each frame once and spreads its outcomes over the tables' columns. A batch ends where
 * an input frame is wholly answered, so its rows depend on its range alone and a repeated batch is the same batch.
 */
import { decodeEntry } from '../../core/codec/entry.ts';
import { EVENT_TYPES, type EventType } from '../../core/events/event.ts';
import type { AcceptedOutcome, Outcome } from '../../core/outcomes/outcome.ts';
import { decodeOutcomeFrame } from '../../core/outcomes/outcome-codec.ts';
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
  readonly fromSeq: number;
  readonly toSeq: number;
  readonly inputSeq: number;
  readonly rows: number;
  readonly blocks: readonly Block[];
}

/** Called for what cannot become rows; the message stays in the log. */
export type OnUnreadable = (what: 'frame' | 'entry', seq: number, error: unknown) => void;

const NO_DIMENSIONS: AlertDimensions = { kind: '', department: '' };

/** What outcomes of an input frame need from the event with the same index. */
interface Cause extends AlertDimensions {
  readonly receivedMs: number;
}

export class BatchBuilder {
  rows = 0;
  /** Of the last frame added. */
  toSeq = 0;
  inputSeq = 0;
  /** The last frame added was the final one of its answer; only then may the batch be taken. */
  atAnswerEnd = true;
  readonly #onUnreadable: OnUnreadable;
  #fromSeq = 0;
  /** By entry index, for the answer that is being read. */
  readonly #causes = new Map<number, Cause>();
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
    return this.#fromSeq === 0;
  }

  get byteLength(): number {
    let total = 0;
    for (const writer of this.#writers()) total += writer.byteLength;
    return total;
  }

  add(message: OutcomeMessage): void {
    if (this.#fromSeq === 0) this.#fromSeq = message.seq;
    this.toSeq = message.seq;
    let frame: ReturnType<typeof decodeOutcomeFrame>;
    try {
      frame = decodeOutcomeFrame(message.bytes);
    } catch (error) {
      this.#onUnreadable('frame', message.seq, error);
      return;
    }
    const { head, outcomes } = frame;
    if (this.atAnswerEnd) this.#causes.clear();
    this.inputSeq = head.inputSeq;
    this.atAnswerEnd = head.final;
    for (let item = 0; item < outcomes.length; item++) {
      const outcome = outcomes[item] as Outcome;
      const index = 'index' in outcome ? outcome.index : -1;
      const position = {
        inputSeq: head.inputSeq,
        outcomeSeq: message.seq,
        item,
        receivedMs: this.#causes.get(index)?.receivedMs ?? head.clockMs,
      };
      this.#addOutcome(outcome, position);
    }
  }

  /** The batch so far; the builder is empty afterwards. */
  take(): Batch {
    const blocks: Block[] = [];
    for (const writer of this.#writers()) {
      const block = writer.takeBlock();
      if (block !== undefined) blocks.push(block);
    }
    const batch = { fromSeq: this.#fromSeq, toSeq: this.toSeq, inputSeq: this.inputSeq, rows: this.rows, blocks };
    this.#fromSeq = 0;
    this.rows = 0;
    return batch;
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
        this.#alerts.append(outcome, this.#causes.get(outcome.index) ?? NO_DIMENSIONS, position);
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
    this.#causes.set(outcome.index, {
      receivedMs: event.receivedMs,
      kind: String(transaction?.kind ?? ''),
      department: transaction?.department ?? '',
    });
    const at = { ...position, receivedMs: event.receivedMs };
    this.#events[event.type].append(event, outcome.customer, outcome.late, at);
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
