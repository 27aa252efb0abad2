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

  /** The rows as a block, or `undefined` without rows; the writer is empty afterwards. */
  takeBlock(): Block | undefined {
    if (this.rows === 0) return undefined;
    const bytes = encodeBlock(this.#columns, this.rows);
    const block = { table: this.table, columns: this.#types, rows: this.rows, bytes };
    this.clear();
    return block;
  }

  clear(): void {
    for (const { column } of this.#columns) column.clear();
    this.rows = 0;
  }
}
