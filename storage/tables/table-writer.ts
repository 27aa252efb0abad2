/** Collects the rows of one table for one block. The sink holds one writer per table and empties all of them per batch. */
import { encodeBlock, type NamedColumn } from '../native/block.ts';

export interface Block {
  readonly table: string;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: number;
  readonly bytes: Uint8Array;
}

export class TableWriter {
  readonly table: string;
  rows = 0;
  readonly #columns: NamedColumn[] = [];
  readonly #types: { readonly name: string; readonly type: string }[] = [];

  #memory = new Uint8Array(0);
  readonly #allot = (size: number): Uint8Array => {
    // A little more than is needed, so that blocks of nearly one size do not take new memory each time.
    if (size > this.#memory.length) this.#memory = new Uint8Array(Math.ceil(size * 1.25));
    return this.#memory.subarray(0, size);
  };

  constructor(table: string) {
    this.table = table;
  }

  /** Registers a column; every row must push to each. */
  add<C extends NamedColumn['column']>(name: string, column: C): C {
    this.#columns.push({ name, column });
    this.#types.push({ name, type: column.type });
    return column;
  }

  /** Bytes that the block would have now. */
  get byteLength(): number {
    let total = 0;
    for (const { column } of this.#columns) total += column.byteLength;
    return total;
  }

  /**
   * The rows as a block, or `undefined` without rows; the writer is empty afterwards. The block's bytes hold until the next
   * one is taken: it lies in the same memory, since megabytes that come and go make the collector run.
   */
  takeBlock(): Block | undefined {
    if (this.rows === 0) return undefined;
    const bytes = encodeBlock(this.#columns, this.rows, this.#allot);
    const block = { table: this.table, columns: this.#types, rows: this.rows, bytes };
    this.clear();
    return block;
  }

  clear(): void {
    for (const { column } of this.#columns) column.clear();
    this.rows = 0;
  }
}
