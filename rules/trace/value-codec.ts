/** Values as a trace stores them: a tag and the least bytes that bring the value back exactly. */
import type { ByteReader } from '../../core/codec/byte-reader.ts';
import type { ByteWriter } from '../../core/codec/byte-writer.ts';

const UNDEFINED = 0;
const NULL = 1;
const FALSE = 2;
const TRUE = 3;
/** A whole number below 2^32 in one byte; the next three tags are two, three and four bytes. */
export const BYTE = 4;
const FOUR_BYTES = 7;
const DOUBLE = 8;
const TEXT = 9;
const LONG_TEXT = 10;
const JSON_VALUE = 11;
/** A text by its number. */
export const NAMED = 12;

const SHORT_TEXT_MAX = 85;

/** Values that share one word of tags, four bits each. */
export const TAGS_PER_WORD = 8;
export const TAG_BITS = 4;
const TAG_MASK = 15;

/** Texts that a value is compared with, numbered from 0: of one of these a trace keeps the number. */
export type TextNumbers = ReadonlyMap<string, number>;
/** A number takes one byte. */
export const TEXT_NUMBERS_MAX = 256;

/** Writes one value's payload, which is what its tag does not say already, and gives the tag. */
export function writeValue(writer: ByteWriter, value: unknown, names: TextNumbers | undefined): number {
  if (typeof value === 'number') {
    if (value >>> 0 !== value || (value === 0 && Object.is(value, -0))) {
      writer.f64(value);
      return DOUBLE;
    }
    return BYTE - 1 + writer.leastBytes(value);
  }
  if (typeof value === 'string') {
    const number = names?.get(value);
    if (number !== undefined) {
      writer.u8(number);
      return NAMED;
    }
    if (value.length <= SHORT_TEXT_MAX) {
      writer.text(value);
      return TEXT;
    }
    writer.text32(value);
    return LONG_TEXT;
  }
  if (typeof value === 'boolean') return value ? TRUE : FALSE;
  if (value === null) return NULL;
  if (typeof value !== 'object') return UNDEFINED;
  writer.text32(JSON.stringify(value));
  return JSON_VALUE;
}

/** Writes `values[indexes[0]]`, `values[indexes[1]]` … (texts by `names`, in the same order): a word of tags before every eight, then their payloads. */
export function writeValues(
  writer: ByteWriter,
  values: readonly unknown[],
  indexes: Int32Array,
  names: readonly (TextNumbers | undefined)[],
): void {
  const count = indexes.length;
  for (let start = 0; start < count; start += TAGS_PER_WORD) {
    const end = Math.min(count, start + TAGS_PER_WORD);
    const at = writer.length;
    writer.u32(0);
    let tags = 0;
    for (let i = start, shift = 0; i < end; i++, shift += TAG_BITS)
      tags |= writeValue(writer, values[indexes[i] as number], names[i]) << shift;
    writer.patchU32(at, tags >>> 0);
  }
}

/** Reads one value for each of `names`, which must be those that the values were written with. Throws a `RangeError`. */
export function readValues(reader: ByteReader, names: readonly (TextNumbers | undefined)[]): unknown[] {
  const count = names.length;
  const values: unknown[] = [];
  let tags = 0;
  for (let i = 0; i < count; i++) {
    if (i % TAGS_PER_WORD === 0) tags = reader.u32();
    values.push(readPayload(reader, tags & TAG_MASK, names[i]));
    tags >>>= TAG_BITS;
  }
  if (tags !== 0 && count % TAGS_PER_WORD !== 0) throw new RangeError('there are more tags than values');
  return values;
}

function readPayload(reader: ByteReader, tag: number, names: TextNumbers | undefined): unknown {
  if (tag >= BYTE && tag <= FOUR_BYTES) return readBytes(reader, tag - BYTE + 1);
  switch (tag) {
    case UNDEFINED:
      return undefined;
    case NULL:
      return null;
    case FALSE:
      return false;
    case TRUE:
      return true;
    case DOUBLE:
      return reader.f64();
    case TEXT:
      return reader.text();
    case LONG_TEXT:
      return reader.text32();
    case JSON_VALUE:
      return JSON.parse(reader.text32());
    case NAMED:
      return textOf(reader.u8(), names);
    default:
      throw new RangeError(`no value has the tag ${tag}`);
  }
}

function readBytes(reader: ByteReader, count: number): number {
  let value = 0;
  for (let i = 0, unit = 1; i < count; i++, unit *= 256) value += reader.u8() * unit;
  return value;
}

function textOf(number: number, names: TextNumbers | undefined): string {
  for (const [text, known] of names ?? []) if (known === number) return text;
  throw new RangeError(`no text has the number ${number}`);
}
