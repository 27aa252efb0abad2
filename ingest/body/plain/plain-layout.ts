/**
 * What the plain reader must know of an event's data: which members there are, what each may hold, and where it goes in
 * the entry. Made from the schema that validates and the layout that encodes, so that it cannot say anything of its own.
 */
import { isDeepStrictEqual } from 'node:util';
import type { TSchema } from 'typebox';
import type { FieldKind, Layout } from '../../../core/codec/layout.ts';
import { NameTable } from './name-table.ts';

export const TEXT = 0;
export const NUMBER = 1;
export const ENUM = 2;
export const BOOLEAN = 3;
export const GROUP = 4;
/** Left to the general reader. */
export const OTHER = 5;

/** A text whose every byte lies between two others, so many of them: what `^[A-Z]{3}$` says. */
interface BytePattern {
  readonly low: number;
  readonly high: number;
  readonly length: number;
}

export interface PlainField {
  /** Among all fields of the type. */
  readonly number: number;
  readonly kind: number;
  /** Of a text, in characters; of a number, its value. */
  readonly min: number;
  readonly max: number;
  readonly isWhole: boolean;
  readonly pattern: BytePattern | undefined;
  readonly values: NameTable | undefined;
  readonly group: PlainObject | undefined;
}

export interface PlainObject {
  readonly number: number;
  readonly names: NameTable;
  /** In the layout's order, which is that of the presence bits. */
  readonly fields: readonly PlainField[];
  /** Presence bits of the members that must be there. */
  readonly required: number;
}

export interface PlainLayout {
  /** Values, by their place in the enumeration, of members that are filled in where they are absent. */
  readonly defaults: readonly { readonly member: number; readonly value: number }[];
  readonly root: PlainObject;
  readonly fields: number;
  readonly objects: number;
}

type JsonSchema = Readonly<Record<string, unknown>>;

/** A schema that says more than these is left to the general reader. */
const KNOWN_KEYWORDS = new Set([
  'type',
  'description',
  'enum',
  'minLength',
  'maxLength',
  'minimum',
  'maximum',
  'pattern',
]);
const OBJECT_KEYWORDS = new Set(['type', 'description', 'properties', 'required']);
const PATTERNS: Readonly<Record<string, BytePattern>> = {
  '^[A-Z]{3}$': { low: 0x41, high: 0x5a, length: 3 },
  '^\\d{4}$': { low: 0x30, high: 0x39, length: 4 },
};

export function planPlainLayout(
  schema: TSchema,
  layout: Layout,
  defaults: Readonly<Record<string, string>>,
): PlainLayout {
  let fields = 0;
  let objects = 0;

  const planObject = (object: JsonSchema, { fields: described }: Layout): PlainObject => {
    const number = objects++;
    const properties = object.properties as Readonly<Record<string, JsonSchema>>;
    const required = (object.required ?? []) as readonly string[];
    const planned = described.map(({ name, type }) => {
      const property = properties[name] as JsonSchema;
      const group = type.kind === 'group' && isOpenObject(property) ? planObject(property, type.layout) : undefined;
      return planField(property, type, fields++, group);
    });
    return {
      number,
      names: new NameTable(described.map(({ name }) => name)),
      fields: planned,
      required: described.reduce((bits, { name }, i) => (required.includes(name) ? bits | (1 << i) : bits), 0),
    };
  };
  const root = planObject(schema as JsonSchema, layout);
  return {
    root,
    fields,
    objects,
    defaults: Object.entries(defaults).map(([name, value]) => planDefault(name, value, layout)),
  };
}

function planDefault(name: string, value: string, { fields }: Layout): PlainLayout['defaults'][number] {
  const member = fields.findIndex((field) => field.name === name);
  const type = fields[member]?.type;
  if (type?.kind !== 'enum') throw new RangeError(`${name} is no enumeration of the layout`);
  return { member, value: type.values.indexOf(value) };
}

function planField(schema: JsonSchema, type: FieldKind, number: number, group: PlainObject | undefined): PlainField {
  const pattern = typeof schema.pattern === 'string' ? PATTERNS[schema.pattern] : undefined;
  const kind = group === undefined ? kindOf(schema, type, pattern) : GROUP;
  return {
    number,
    kind,
    min: Number(schema.minLength ?? schema.minimum ?? Number.NEGATIVE_INFINITY),
    max: Number(schema.maxLength ?? schema.maximum ?? Number.POSITIVE_INFINITY),
    isWhole: schema.type === 'integer',
    pattern,
    values: kind === ENUM && type.kind === 'enum' ? new NameTable(type.values) : undefined,
    group,
  };
}

function kindOf(schema: JsonSchema, type: FieldKind, pattern: BytePattern | undefined): number {
  if (!hasOnly(schema, KNOWN_KEYWORDS)) return OTHER;
  if (schema.pattern !== undefined && pattern === undefined) return OTHER;
  if (type.kind === 'enum') return isDeepStrictEqual(schema.enum, type.values) ? ENUM : OTHER;
  if (type.kind === 'text' && schema.type === 'string') return TEXT;
  if (type.kind === 'number' && (schema.type === 'number' || schema.type === 'integer')) return NUMBER;
  if (type.kind === 'boolean' && schema.type === 'boolean') return BOOLEAN;
  return OTHER;
}

/** Further members are allowed, and left to the general reader. */
function isOpenObject(schema: JsonSchema): boolean {
  return hasOnly(schema, OBJECT_KEYWORDS);
}

/** Keywords with a tilde are the schema library's own marks. */
function hasOnly(schema: JsonSchema, keywords: ReadonlySet<string>): boolean {
  return Object.keys(schema).every((keyword) => keywords.has(keyword) || keyword.startsWith('~'));
}
