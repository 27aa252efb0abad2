/** Values as a trace stores them: a tag and the least bytes that bring the value back exactly. */
import type { ByteReader } from '../../core/codec/byte-reader.ts';
import type { ByteWriter } from '../../core/codec/byte-writer.ts';

const UNDEFINED = 0;
const NULL = 1;
const FALSE = 2;
const TRUE = 3;
const BYTE = 4;
const NATURAL = 5;
const DOUBLE = 6;
const TEXT = 7;
const LONG_TEXT = 8;
const JSON_VALUE = 9;

const SHORT_TEXT_MAX = 85;

/** Values that share one word of tags, four bits each. */
export const TAGS_PER_WORD = 8;
const TAG_BITS = 4;
const TAG_MASK = 15;

function tagOf(value: unknown): number {
  switch (typeof value) {
    case 'number':
      if (value >>> 0 !== value || Object.is(value, -0)) return DOUBLE;
      return value < 256 ? BYTE : NATURAL;
    case 'string':
      return value.length > SHORT_TEXT_MAX ? LONG_TEXT : TEXT;
    case 'boolean':
      return value ? TRUE : FALSE;
    case 'object':
      return value === null ? NULL : JSON_VALUE;
    default:
      return UNDEFINED;
  }
}

/** Writes what the tag does not say already. */
function writePayload(writer: ByteWriter, tag: number, value: unknown): void {
  switch (tag) {
    case BYTE:
      writer.u8(value as number);
      return;
    case NATURAL:
      writer.u32(value as number);
      return;
    case DOUBLE:
      writer.f64(value as number);
      return;
    case TEXT:
      writer.text(value as string);
      return;
    case LONG_TEXT:
      writer.text32(value as string);
      return;
    case JSON_VALUE:
      writer.text32(JSON.stringify(value));
  }
}

/** Writes all values: a word of tags before every eight, then their payloads. */
export function writeValues(writer: ByteWriter, values: readonly unknown[]): void {
  for (let start = 0; start < values.length; start += TAGS_PER_WORD) {
    const end = Math.min(values.length, start + TAGS_PER_WORD);
    let tags = 0;
    for (let i = end - 1; i >= start; i--) tags = (tags << TAG_BITS) | tagOf(values[i]);
    writer.u32(tags >>> 0);
    for (let i = start; i < end; i++) {
      writePayload(writer, tags & TAG_MASK, values[i]);
      tags >>>= TAG_BITS;
    }
  }
}

export function readValues(reader: ByteReader, count: number): unknown[] {
  const values: unknown[] = [];
  let tags = 0;
  for (let i = 0; i < count; i++) {
    if (i % TAGS_PER_WORD === 0) tags = reader.u32();
    values.push(readPayload(reader, tags & TAG_MASK));
    tags >>>= TAG_BITS;
  }
  if (tags !== 0 && count % TAGS_PER_WORD !== 0) throw new RangeError('there are more tags than values');
  return values;
}

function readPayload(reader: ByteReader, tag: number): unknown {
  switch (tag) {
    case UNDEFINED:
      return undefined;
    case NULL:
      return null;
    case FALSE:
      return false;
    case TRUE:
      return true;
    case BYTE:
      return reader.u8();
    case NATURAL:
      return reader.u32();
    case DOUBLE:
      return reader.f64();
    case TEXT:
      return reader.text();
    case LONG_TEXT:
      return reader.text32();
    case JSON_VALUE:
      return JSON.parse(reader.text32());
    default:
      throw new RangeError(`no value has the tag ${tag}`);
  }
}
