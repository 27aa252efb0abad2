/** What is known of transactions to be fraud or not: the label events of a range, the last one of a transaction holding. */
import { decodeEntry } from '../../core/codec/entry.ts';
import { splitFrame } from '../../core/codec/frame.ts';
import { readLabelItem } from '../../core/outcomes/outcome-codec.ts';

/** Labelled transactions that are held; labels of further ones are counted and left out. */
export const LABELS_MAX = 2_000_000;

interface Label {
  readonly customer: string;
  fraud: boolean;
  met: boolean;
}

export class KnownLabels {
  /** Labels past `LABELS_MAX`. */
  leftOut = 0;
  readonly #byTransaction = new Map<string, Label[]>();
  #count = 0;

  /** Takes the labels in a part of OUTCOMES. */
  addPart(part: Uint8Array): void {
    for (const item of splitFrame(part)) {
      const outcome = readLabelItem(item);
      if (outcome === undefined) continue;
      const entry = decodeEntry(outcome.entry);
      if (entry.kind !== 'event' || entry.event.type !== 'label') continue;
      this.#set(entry.event.data.transactionId, outcome.customer, entry.event.data.fraud);
    }
  }

  /** Labels whose transactions were asked for, and those whose were not. */
  get counts(): { readonly fraud: number; readonly legitimate: number; readonly unmatched: number } {
    const counts = { fraud: 0, legitimate: 0, unmatched: 0 };
    for (const label of [...this.#byTransaction.values()].flat()) {
      if (!label.met) counts.unmatched++;
      else if (label.fraud) counts.fraud++;
      else counts.legitimate++;
    }
    return counts;
  }

  /** Whether the transaction is fraud; undefined where nobody has said. */
  of(transactionId: string, customer: string): boolean | undefined {
    const labels = this.#byTransaction.get(transactionId);
    if (labels === undefined) return undefined;
    // One label alone is meant even if the customer was known by another name when the transaction came.
    const label = labels.find((one) => one.customer === customer) ?? (labels.length === 1 ? labels[0] : undefined);
    if (label !== undefined) label.met = true;
    return label?.fraud;
  }

  #set(transactionId: string, customer: string, fraud: boolean): void {
    const labels = this.#byTransaction.get(transactionId) ?? [];
    const known = labels.find((label) => label.customer === customer);
    if (known !== undefined) {
      known.fraud = fraud;
    } else if (this.#count >= LABELS_MAX) {
      this.leftOut++;
    } else {
      this.#count++;
      this.#byTransaction.set(transactionId, [...labels, { customer, fraud, met: false }]);
    }
  }
}
