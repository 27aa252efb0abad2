/**
 * Typed-array columns that grow together: a table of records without an object per record. A record is its row number;
 * rows are given out in order and never taken back.
 */
export type Column = Float64Array | Uint32Array | Uint8Array;

/** The same kind of column with room for `rows`, holding what the old one held. */
export function growColumn<T extends Column>(column: T, rows: number): T {
  const grown = new (column.constructor as new (length: number) => T)(rows);
  grown.set(column as never);
  return grown;
}
