/** One row per merchant: when it was first seen, its transactions, and how many of them are labelled as fraud now. */

import type { SectionReader, SectionWriter } from '../snapshot-format.ts';
import { growColumn } from './columns.ts';

const ROWS_AT_START = 1_024;

export class MerchantTable {
  count = 0;
  firstSeenMs = new Float64Array(ROWS_AT_START);
  transactions = new Float64Array(ROWS_AT_START);
  fraudLabels = new Float64Array(ROWS_AT_START);

  add(timeMs: number): number {
    const row = this.count++;
    if (row >= this.firstSeenMs.length) {
      this.firstSeenMs = growColumn(this.firstSeenMs, row * 2);
      this.transactions = growColumn(this.transactions, row * 2);
      this.fraudLabels = growColumn(this.fraudLabels, row * 2);
    }
    this.firstSeenMs[row] = timeMs;
    return row;
  }

  get bytes(): number {
    return this.firstSeenMs.length * 24;
  }

  save(out: SectionWriter): void {
    out.numbers('merchants.head', [this.count]);
    out.column('merchants.firstSeenMs', this.firstSeenMs.subarray(0, this.count));
    out.column('merchants.transactions', this.transactions.subarray(0, this.count));
    out.column('merchants.fraudLabels', this.fraudLabels.subarray(0, this.count));
  }

  load(from: SectionReader): void {
    const [count = 0] = from.numbers('merchants.head');
    const rows = Math.max(ROWS_AT_START, 2 ** Math.ceil(Math.log2(count + 1)));
    this.count = count;
    this.firstSeenMs = from.float64('merchants.firstSeenMs', rows);
    this.transactions = from.float64('merchants.transactions', rows);
    this.fraudLabels = from.float64('merchants.fraudLabels', rows);
  }
}
