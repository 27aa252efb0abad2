/** Reads a block of ClickHouse's Native format back into rows: what the sink sent, seen with other eyes than its own. */
export type StoredRow = Record<string, string | number | readonly (string | number)[]>;

type Read = () => string | number;

class BlockReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }
  varUint(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 0x80) {
      const byte = this.#bytes.readUInt8(this.#at++);
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
  }
  text(): string {
    const length = this.varUint();
    const start = this.#at;
    this.#at += length;
    return this.#bytes.toString('utf8', start, this.#at);
  }
  int64(): number {
    const value = Number(this.#bytes.readBigInt64LE(this.#at));
    this.#at += 8;
    return value;
  }
  number(bytes: number, read: (at: number) => number): number {
    const value = read(this.#at);
    this.#at += bytes;
    return value;
  }

  /** How one value of a plain type is read. Throws a `RangeError` for a type that no table of ours has. */
  plain(type: string): Read {
    const bytes = this.#bytes;
    switch (type) {
      case 'String':
        return () => this.text();
      case 'UInt64':
      case 'Int64':
      case "DateTime64(3, 'UTC')":
        return () => this.int64();
      case 'Float64':
        return () => this.number(8, (at) => bytes.readDoubleLE(at));
      case 'UInt32':
        return () => this.number(4, (at) => bytes.readUInt32LE(at));
      case 'Int16':
        return () => this.number(2, (at) => bytes.readInt16LE(at));
      case 'UInt8':
        return () => this.number(1, (at) => bytes.readUInt8(at));
      default:
        throw new RangeError(`the simulated store does not know the type ${type}`);
    }
  }

  tags(rows: number): string[] {
    this.int64();
    if (rows === 0) return [];
    const width = 1 << (this.int64() & 0xff);
    const keys = Array.from({ length: this.int64() }, () => this.text());
    if (this.int64() !== rows) throw new RangeError('a column of tags with another number of rows');
    return Array.from(
      { length: rows },
      () => keys[this.number(width, (at) => this.#bytes.readUIntLE(at, width))] ?? '',
    );
  }

  arrays(type: string, rows: number): (string | number)[][] {
    const ends = Array.from({ length: rows }, () => this.int64());
    const read = this.plain(type);
    let start = 0;
    return ends.map((end) => {
      const values = Array.from({ length: end - start }, read);
      start = end;
      return values;
    });
  }
}

/** Throws a `RangeError` where the bytes are not one whole block. */
export function readNativeBlock(bytes: Uint8Array): StoredRow[] {
  const reader = new BlockReader(bytes);
  const columns = reader.varUint();
  const count = reader.varUint();
  const rows: StoredRow[] = Array.from({ length: count }, () => ({}));
  for (let c = 0; c < columns; c++) {
    const name = reader.text();
    const type = reader.text();
    const array = /^Array\((.+)\)$/.exec(type)?.[1];
    const read = type === 'LowCardinality(String)' || array !== undefined ? undefined : reader.plain(type);
    const values =
      read !== undefined
        ? Array.from({ length: count }, read)
        : array === undefined
          ? reader.tags(count)
          : reader.arrays(array, count);
    for (let r = 0; r < count; r++) (rows[r] as StoredRow)[name] = values[r] ?? '';
  }
  if (!reader.isAtEnd) throw new RangeError('bytes after the end of a block');
  return rows;
}
