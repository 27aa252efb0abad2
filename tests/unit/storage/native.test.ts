import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ArrayColumn } from '../../../storage/native/array-column.ts';
import { encodeBlock } from '../../../storage/native/block.ts';
import { type Column, varUintLength, writeVarUint } from '../../../storage/native/column.ts';
import {
  Float64Column,
  Int16Column,
  Int64Column,
  UInt8Column,
  UInt32Column,
} from '../../../storage/native/number-columns.ts';
import { StringColumn, TagColumn } from '../../../storage/native/text-columns.ts';

const SEED = 20_261_123;

/** The bytes of one column, without its header. */
function bytesOf(column: Column): Uint8Array {
  const target = new Uint8Array(column.byteLength);
  expect(column.writeTo(target, 0)).toBe(target.length);
  return target;
}

function readVarUint(bytes: Uint8Array, at: number): [number, number] {
  let value = 0;
  let scale = 1;
  for (let i = at; ; i++) {
    const byte = bytes[i] ?? 0;
    value += (byte & 0x7f) * scale;
    scale *= 0x80;
    if (byte < 0x80) return [value, i + 1];
  }
}

function readStrings(bytes: Uint8Array, from: number, count: number): [string[], number] {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const values: string[] = [];
  let at = from;
  for (let i = 0; i < count; i++) {
    const [length, start] = readVarUint(bytes, at);
    values.push(decoder.decode(bytes.subarray(start, start + length)));
    at = start + length;
  }
  return [values, at];
}

describe('native encoders', () => {
  test('a block is counts, then name, type and values of each column', () => {
    const ids = new UInt8Column();
    const names = new StringColumn();
    for (const [id, name] of [
      [7, 'a'],
      [8, 'é'],
    ] as const) {
      ids.push(id);
      names.push(name);
    }
    const block = encodeBlock(
      [
        { name: 'id', column: ids },
        { name: 'n', column: names },
      ],
      2,
    );
    const text = (value: string) => [value.length, ...new TextEncoder().encode(value)];
    expect([...block]).toEqual([
      2,
      2,
      ...text('id'),
      ...text('UInt8'),
      7,
      8,
      ...text('n'),
      ...text('String'),
      1,
      0x61,
      2,
      0xc3,
      0xa9,
    ]);
  });

  test('64-bit integers are exact over the whole safe range, and nothing else is taken', () => {
    fc.assert(
      fc.property(fc.array(fc.maxSafeInteger(), { minLength: 1 }), (values) => {
        const column = new Int64Column('Int64');
        for (const value of values) column.push(value);
        const bytes = bytesOf(column);
        const view = new DataView(bytes.buffer);
        expect(values.map((_, i) => Number(view.getBigInt64(i * 8, true)))).toEqual(values.map((value) => value + 0));
      }),
      { seed: SEED },
    );
    const column = new Int64Column('Int64');
    for (const wrong of [0.5, Number.NaN, 2 ** 53, Number.POSITIVE_INFINITY]) {
      expect(() => column.push(wrong)).toThrow(RangeError);
    }
  });

  test('strings of every length and script come back, and a cleared column starts anew', () => {
    const column = new StringColumn();
    const strings = fc.array(fc.oneof(fc.string({ unit: 'grapheme' }), fc.string({ minLength: 100, maxLength: 400 })));
    fc.assert(
      fc.property(strings, (values) => {
        column.clear();
        for (const value of values) column.push(value);
        const bytes = bytesOf(column);
        const [read, end] = readStrings(bytes, 0, values.length);
        expect(end).toBe(bytes.length);
        expect(read).toEqual(values.map((value) => Buffer.from(value, 'utf8').toString('utf8')));
      }),
      { seed: SEED },
    );
  });

  test('tags come back through their dictionary, with indexes of one, two and four bytes', () => {
    for (const distinct of [1, 256, 257, 65_536, 65_537]) {
      const column = new TagColumn();
      const rows = distinct + 3;
      for (let i = 0; i < rows; i++) column.push(`v${(i * 7) % distinct}`);
      const bytes = bytesOf(column);
      const view = new DataView(bytes.buffer);
      expect(view.getBigUint64(0, true)).toBe(1n);
      const width = distinct <= 256 ? 1 : distinct <= 65_536 ? 2 : 4;
      expect(view.getBigUint64(8, true)).toBe(BigInt(0x600 | (width >> 1)));
      const size = Number(view.getBigUint64(16, true));
      const [keys, at] = readStrings(bytes, 24, size);
      expect(Number(view.getBigUint64(at, true))).toBe(rows);
      for (let i = 0; i < rows; i++) {
        const offset = at + 8 + i * width;
        const index =
          width === 1
            ? view.getUint8(offset)
            : width === 2
              ? view.getUint16(offset, true)
              : view.getUint32(offset, true);
        expect(keys[index]).toBe(`v${(i * 7) % distinct}`);
      }
    }
  });

  test('a cleared column of tags is like a new one, though the value of the row before comes again', () => {
    const used = new TagColumn();
    const word = fc.constantFrom('', 'a', 'b');
    fc.assert(
      fc.property(fc.array(word), fc.array(word), (before, values) => {
        for (const value of before) used.push(value);
        used.clear();
        const fresh = new TagColumn();
        for (const column of [used, fresh]) for (const value of values) column.push(value);
        expect(bytesOf(used)).toEqual(bytesOf(fresh));
        used.clear();
      }),
      { seed: SEED },
    );
  });

  test('arrays are end offsets, then the elements of all rows', () => {
    const column = new ArrayColumn<number>(new UInt32Column());
    column.push([1, 2]);
    column.pushEmpty();
    column.push([4_000_000_000]);
    expect(column.type).toBe('Array(UInt32)');
    const view = new DataView(bytesOf(column).buffer);
    expect([0, 8, 16].map((at) => Number(view.getBigUint64(at, true)))).toEqual([2, 2, 3]);
    expect([24, 28, 32].map((at) => view.getUint32(at, true))).toEqual([1, 2, 4_000_000_000]);
  });

  test('small numbers keep sign and NaN', () => {
    const shorts = new Int16Column();
    shorts.push(-840);
    expect(new DataView(bytesOf(shorts).buffer).getInt16(0, true)).toBe(-840);
    const doubles = new Float64Column();
    doubles.push(Number.NaN);
    doubles.push(-0.1);
    const view = new DataView(bytesOf(doubles).buffer);
    expect([view.getFloat64(0, true), view.getFloat64(8, true)]).toEqual([Number.NaN, -0.1]);
  });

  test('variable-length integers take as many bytes as announced', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (value) => {
        const bytes = new Uint8Array(10);
        const end = writeVarUint(bytes, 0, value);
        expect(end).toBe(varUintLength(value));
        expect(readVarUint(bytes, 0)).toEqual([value, end]);
      }),
      { seed: SEED },
    );
  });
});
