/** One block of Native format: counts, then each column with its name and type. The server reads it as one insert. */
import { type Column, varUintLength, writeVarUint } from './column.ts';

const UTF8 = new TextEncoder();

export interface NamedColumn {
  readonly name: string;
  readonly column: Column;
}

/** A copy of the columns as a block, in memory that `allot` gives; the columns may be cleared afterwards. */
export function encodeBlock(
  columns: readonly NamedColumn[],
  rows: number,
  allot: (size: number) => Uint8Array = (size) => new Uint8Array(size),
): Uint8Array {
  const heads = columns.map(({ name, column }) => encodeHead(name, column.type));
  let size = varUintLength(columns.length) + varUintLength(rows);
  for (let i = 0; i < columns.length; i++) {
    size += (heads[i]?.length ?? 0) + (columns[i]?.column.byteLength ?? 0);
  }
  const block = allot(size);
  let at = writeVarUint(block, writeVarUint(block, 0, columns.length), rows);
  for (let i = 0; i < columns.length; i++) {
    const head = heads[i] as Uint8Array;
    block.set(head, at);
    at = (columns[i] as NamedColumn).column.writeTo(block, at + head.length);
  }
  if (at !== size) throw new RangeError(`a block of ${size} bytes was filled to ${at}`);
  return block;
}

function encodeHead(name: string, type: string): Uint8Array {
  const [nameBytes, typeBytes] = [UTF8.encode(name), UTF8.encode(type)];
  const head = new Uint8Array(
    varUintLength(nameBytes.length) + nameBytes.length + varUintLength(typeBytes.length) + typeBytes.length,
  );
  let at = writeVarUint(head, 0, nameBytes.length);
  head.set(nameBytes, at);
  at = writeVarUint(head, at + nameBytes.length, typeBytes.length);
  head.set(typeBytes, at);
  return head;
}
