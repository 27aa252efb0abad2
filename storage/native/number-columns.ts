/**
 * Numbers in Native format. 64-bit integers come as JavaScript numbers: exact up to 2^53, and anything else is a broken
 * invariant that must not reach a table as a neighbouring number.
 */
import { FlatColumn } from './column.ts';

const TWO_32 = 4_294_967_296;

/** `Int64`, `UInt64` and `DateTime64(3, 'UTC')` (milliseconds since the epoch): all are eight bytes of an integer. */
export class Int64Column extends FlatColumn {
  push(value: number): void {
    if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is not an integer that a number holds exactly`);
    const at = this.buffer.reserve(8);
    this.buffer.view.setUint32(at, value >>> 0, true);
    this.buffer.view.setInt32(at + 4, Math.floor(value / TWO_32), true);
    this.buffer.length = at + 8;
  }
}

export class Float64Column extends FlatColumn {
  constructor() {
    super('Float64');
  }

  push(value: number): void {
    const at = this.buffer.reserve(8);
    this.buffer.view.setFloat64(at, value, true);
    this.buffer.length = at + 8;
  }
}

export class UInt32Column extends FlatColumn {
  constructor() {
    super('UInt32');
  }

  push(value: number): void {
    const at = this.buffer.reserve(4);
    this.buffer.view.setUint32(at, value, true);
    this.buffer.length = at + 4;
  }
}

export class Int16Column extends FlatColumn {
  constructor() {
    super('Int16');
  }

  push(value: number): void {
    const at = this.buffer.reserve(2);
    this.buffer.view.setInt16(at, value, true);
    this.buffer.length = at + 2;
  }
}

export class UInt8Column extends FlatColumn {
  constructor() {
    super('UInt8');
  }

  push(value: number): void {
    const at = this.buffer.reserve(1);
    this.buffer.bytes[at] = value;
    this.buffer.length = at + 1;
  }
}
