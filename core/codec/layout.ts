/**
 * Describes an object once and encodes it without names: a presence bitmap, then the present fields in order. Members
 * that the description does not know travel as JSON behind one more bit, so a round trip loses nothing.
 * Fields may only be appended; their order is what the log stores.
 */
import type { ByteReader } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';

export type FieldKind =
  | { readonly kind: 'number' | 'text' | 'boolean' | 'json' }
  | { readonly kind: 'enum'; readonly values: readonly string[] }
  | { readonly kind: 'group'; readonly layout: Layout };

interface Field {
  readonly name: string;
  readonly type: FieldKind;
}

export interface Layout {
  /** In the order of their presence bits. */
  readonly fields: readonly Field[];
  encode(writer: ByteWriter, value: Readonly<Record<string, unknown>>): void;
  decode(reader: ByteReader): Record<string, unknown>;
}

export const number: FieldKind = { kind: 'number' };
export const text: FieldKind = { kind: 'text' };
export const boolean: FieldKind = { kind: 'boolean' };
export const json: FieldKind = { kind: 'json' };
export const enumOf = (values: readonly string[]): FieldKind => ({ kind: 'enum', values });
export const group = (fields: Readonly<Record<string, FieldKind>>): FieldKind => ({
  kind: 'group',
  layout: defineLayout(fields),
});

const EXTRA_BIT = 31;

/** At most 31 fields: the 32nd bit says that unknown members follow. */
export function defineLayout(description: Readonly<Record<string, FieldKind>>): Layout {
  const fields: Field[] = Object.entries(description).map(([name, type]) => ({ name, type }));
  const known = new Set(fields.map((field) => field.name));
  if (fields.length > EXTRA_BIT)
    throw new RangeError(`a layout holds at most ${EXTRA_BIT} fields, not ${fields.length}`);

  return {
    fields,

    encode(writer, value) {
      const bitmapAt = writer.length;
      writer.u32(0);
      let bitmap = 0;
      let present = 0;
      for (let i = 0; i < fields.length; i++) {
        const field = fields[i] as Field;
        const member = value[field.name];
        if (member === undefined) continue;
        bitmap |= 1 << i;
        present++;
        encodeField(writer, field.type, member);
      }
      const extra = unknownMembers(value, known, present);
      if (extra !== undefined) {
        bitmap |= 1 << EXTRA_BIT;
        writer.text32(JSON.stringify(extra));
      }
      writer.patchU32(bitmapAt, bitmap >>> 0);
    },

    decode(reader) {
      const bitmap = reader.u32();
      const value: Record<string, unknown> = {};
      for (let i = 0; i < fields.length; i++) {
        if ((bitmap & (1 << i)) === 0) continue;
        const field = fields[i] as Field;
        value[field.name] = decodeField(reader, field.type);
      }
      return (bitmap & (1 << EXTRA_BIT)) === 0 ? value : Object.assign(value, JSON.parse(reader.text32()));
    },
  };
}

function unknownMembers(
  value: Readonly<Record<string, unknown>>,
  known: ReadonlySet<string>,
  present: number,
): Record<string, unknown> | undefined {
  const names = Object.keys(value);
  if (names.length === present) return undefined;
  const extra: Record<string, unknown> = {};
  let found = false;
  for (const name of names) {
    if (known.has(name) || value[name] === undefined || name === '__proto__') continue;
    extra[name] = value[name];
    found = true;
  }
  return found ? extra : undefined;
}

function encodeField(writer: ByteWriter, type: FieldKind, member: unknown): void {
  switch (type.kind) {
    case 'number':
      writer.f64(member as number);
      return;
    case 'text':
      writer.text(member as string);
      return;
    case 'boolean':
      writer.u8(member === true ? 1 : 0);
      return;
    case 'json':
      writer.text32(JSON.stringify(member));
      return;
    case 'enum': {
      const index = type.values.indexOf(member as string);
      if (index < 0) throw new RangeError(`"${String(member)}" is none of ${type.values.join(', ')}`);
      writer.u8(index);
      return;
    }
    case 'group':
      type.layout.encode(writer, member as Record<string, unknown>);
  }
}

function decodeField(reader: ByteReader, type: FieldKind): unknown {
  switch (type.kind) {
    case 'number':
      return reader.f64();
    case 'text':
      return reader.text();
    case 'boolean':
      return reader.u8() === 1;
    case 'json':
      return JSON.parse(reader.text32());
    case 'enum':
      return enumValue(type.values, reader.u8());
    case 'group':
      return type.layout.decode(reader);
  }
}

function enumValue(values: readonly string[], index: number): string {
  const value = values[index];
  if (value === undefined) throw new RangeError(`no value ${index} among ${values.join(', ')}`);
  return value;
}
