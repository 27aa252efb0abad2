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

export function writeValue(writer: ByteWriter, value: unknown): void {
  switch (typeof value) {
    case 'number':
      writeNumber(writer, value);
      return;
    case 'string':
      if (value.length <= SHORT_TEXT_MAX) {
        writer.u8(TEXT);
        writer.text(value);
      } else {
        writer.u8(LONG_TEXT);
        writer.text32(value);
      }
      return;
    case 'boolean':
      writer.u8(value ? TRUE : FALSE);
      return;
    case 'object':
      if (value === null) writer.u8(NULL);
      else {
        writer.u8(JSON_VALUE);
        writer.text32(JSON.stringify(value));
      }
      return;
    default:
      writer.u8(UNDEFINED);
  }
}

function writeNumber(writer: ByteWriter, value: number): void {
  if (value >>> 0 === value && !Object.is(value, -0)) {
    if (value < 256) {
      writer.u8(BYTE);
      writer.u8(value);
    } else {
      writer.u8(NATURAL);
      writer.u32(value);
    }
    return;
  }
  writer.u8(DOUBLE);
  writer.f64(value);
}

export function readValue(reader: ByteReader): unknown {
  const tag = reader.u8();
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
