/**
 * The slots of the event that is being evaluated: raw values and, for number comparisons, their numeric view. Slots
 * that many rules read are loaded at once; one that few read is loaded when a rule gets to it.
 */
import { toComparable } from '../language/operators.ts';
import { createReader, FactCalls, type Facts, type ReadSlot } from './read-slot.ts';
import type { Slot } from './slot-table.ts';

const NO_FACTS: Facts = Object.freeze({});
const NO_VALUES: readonly unknown[] = Object.freeze([]);

export class SlotFile {
  readonly s: unknown[];
  readonly n: Float64Array;
  readonly #slots: readonly Slot[];
  readonly #readers: (ReadSlot | undefined)[] = [];
  readonly #ownCalls = new FactCalls();
  #calls = this.#ownCalls;
  #facts: Facts = NO_FACTS;
  #values: readonly unknown[] = NO_VALUES;

  readonly #numeric: Uint8Array;

  /** `numeric`: slots whose numeric view somebody compares. */
  constructor(slots: readonly Slot[], numeric: ReadonlySet<number>) {
    this.#slots = slots;
    this.#numeric = Uint8Array.from(slots, (slot) => Number(numeric.has(slot.index)));
    this.s = new Array(slots.length).fill(undefined);
    this.n = new Float64Array(slots.length).fill(Number.NaN);
  }

  /** `calls`: results of function facts that are known already. */
  begin(facts: Facts, values: readonly unknown[], calls?: FactCalls): void {
    this.#facts = facts;
    this.#values = values;
    if (calls === undefined) this.#ownCalls.reset();
    this.#calls = calls ?? this.#ownCalls;
  }

  load(index: number): void {
    const slot = this.#slots[index] as Slot;
    const { source } = slot;
    if (source.kind === 'ratio') {
      this.load(source.of);
      this.load(source.to);
    }
    let reader = this.#readers[index];
    if (reader === undefined) {
      reader = createReader(slot);
      this.#readers[index] = reader;
    }
    const value = reader(this.#facts, this.#values, this.s, this.#calls);
    this.s[index] = value;
    if (this.#numeric[index] === 1) this.n[index] = toComparable(value);
  }
}

/** Slots that `indexes` stand for, operands of ratios before the ratios. */
export function withOperands(slots: readonly Slot[], indexes: Iterable<number>): number[] {
  const found = new Set<number>();
  const add = (index: number) => {
    const source = slots[index]?.source;
    if (source?.kind === 'ratio') {
      add(source.of);
      add(source.to);
    }
    found.add(index);
  };
  for (const index of indexes) add(index);
  return [...found];
}
