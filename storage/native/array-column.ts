/** Arrays in Native format: the end offset of each row's elements, then the elements of all rows as one column. */
import type { Column, FlatColumn } from './column.ts';
import { Int64Column } from './number-columns.ts';

class OffsetColumn extends Int64Column {
  constructor() {
    super('UInt64');
  }
}

export class ArrayColumn<T> implements Column {
  readonly type: string;
  readonly #offsets = new OffsetColumn();
  readonly #elements: FlatColumn & { push(value: T): void };
  #total = 0;

  constructor(elements: FlatColumn & { push(value: T): void }) {
    this.#elements = elements;
    this.type = `Array(${elements.type})`;
  }

  push(values: readonly T[]): void {
    for (const value of values) this.#elements.push(value);
    this.#total += values.length;
    this.#offsets.push(this.#total);
  }

  pushEmpty(): void {
    this.#offsets.push(this.#total);
  }

  get byteLength(): number {
    return this.#offsets.byteLength + this.#elements.byteLength;
  }

  writeTo(target: Uint8Array, at: number): number {
    return this.#elements.writeTo(target, this.#offsets.writeTo(target, at));
  }

  clear(): void {
    this.#offsets.clear();
    this.#elements.clear();
    this.#total = 0;
  }
}
