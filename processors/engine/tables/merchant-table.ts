/**
 * One record of 24 bytes per merchant: when it was first seen, its transactions, and how many of them are labelled as
 * fraud now. Rows are numbered from 1; 0 is "none".
 */
import { MERCHANTS_MAX } from '../limits.ts';
import type { MemoryReport } from '../memory/memory-report.ts';
import { RecordTable, type RecordTableHead } from '../memory/record-table.ts';
import type { Slab } from '../memory/slab.ts';

const FIRST_SEEN_WORD = 0;
const TRANSACTIONS_WORD = 1;
const FRAUD_LABELS_WORD = 2;
const RECORD_WORDS = 3;

export class MerchantTable {
  readonly #slab: Slab;
  readonly #records: RecordTable;

  constructor(slab: Slab) {
    this.#slab = slab;
    this.#records = new RecordTable(slab, RECORD_WORDS, MERCHANTS_MAX);
  }

  get count(): number {
    return this.#records.count;
  }

  measure(report: MemoryReport): void {
    this.#records.measure('merchants', report);
  }

  /** Throws where `add` of `rows` further merchants could not succeed: called before any state changes. */
  assertRoom(rows: number): void {
    this.#records.assertRoom(rows, 'merchants');
  }

  /** First word of a row: for prefetching. */
  at(row: number): number {
    return this.#records.at(row);
  }

  add(timeMs: number): number {
    const row = this.#records.add();
    this.#slab.words[this.#records.at(row) + FIRST_SEEN_WORD] = timeMs;
    return row;
  }

  /** Counts one transaction of this time. */
  addTransaction(row: number, timeMs: number): void {
    const at = this.#records.at(row);
    this.#slab.touch(at, RECORD_WORDS);
    const { words } = this.#slab;
    if (timeMs < (words[at + FIRST_SEEN_WORD] as number)) words[at + FIRST_SEEN_WORD] = timeMs;
    words[at + TRANSACTIONS_WORD] = (words[at + TRANSACTIONS_WORD] as number) + 1;
  }

  addFraudLabels(row: number, count: number): void {
    const at = this.#records.at(row) + FRAUD_LABELS_WORD;
    this.#slab.touch(at);
    this.#slab.words[at] = (this.#slab.words[at] as number) + count;
  }

  firstSeenMs(row: number): number {
    return this.#slab.words[this.#records.at(row) + FIRST_SEEN_WORD] as number;
  }

  transactions(row: number): number {
    return this.#slab.words[this.#records.at(row) + TRANSACTIONS_WORD] as number;
  }

  fraudLabels(row: number): number {
    return this.#slab.words[this.#records.at(row) + FRAUD_LABELS_WORD] as number;
  }

  saveHead(): RecordTableHead {
    return this.#records.save();
  }

  loadHead(head: RecordTableHead): void {
    this.#records.load(head);
  }
}
