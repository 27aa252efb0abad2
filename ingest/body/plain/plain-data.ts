/** The data of an event, as the plain reader found it: where each text lies, and what each number is. */
import type { ByteWriter } from '../../../core/codec/byte-writer.ts';
import { CLOSE_BRACE, COMMA, OPEN_BRACE, QUOTE, skipSpace } from '../json-bytes.ts';
import { MemberReader } from './member-reader.ts';
import {
  BOOLEAN,
  ENUM,
  GROUP,
  NUMBER,
  type PlainField,
  type PlainLayout,
  type PlainObject,
  TEXT,
} from './plain-layout.ts';
import { NumberReader } from './plain-number.ts';
import { endOfPlainText, isPlainTextOf } from './plain-text.ts';

const TRUE = Buffer.from('true');
const FALSE = Buffer.from('false');

export class PlainData {
  readonly #member = new MemberReader();
  readonly #number = new NumberReader();
  /** By object: which members are there. */
  readonly #present: Int32Array;
  /** By field: a number's or boolean's value, or the place of a value in its enumeration. */
  readonly #values: Float64Array;
  /** By field: where its text lies. */
  readonly #starts: Uint32Array;
  readonly #ends: Uint32Array;
  #root: PlainObject | undefined;

  /** Serves all of `layouts`, one at a time. */
  constructor(layouts: readonly PlainLayout[]) {
    const fields = Math.max(...layouts.map((layout) => layout.fields));
    this.#present = new Int32Array(Math.max(...layouts.map((layout) => layout.objects)));
    this.#values = new Float64Array(fields);
    this.#starts = new Uint32Array(fields);
    this.#ends = new Uint32Array(fields);
  }

  /** Reads the object at `start`, checked against its schema; returns where it ends, -1 where it is not plain. */
  read(bytes: Uint8Array, start: number, end: number, layout: PlainLayout | undefined): number {
    if (layout === undefined) return -1;
    const { root, defaults } = layout;
    this.#root = root;
    const dataEnd = this.#readObject(bytes, start, end, root);
    for (const { member, value } of defaults) this.#fillDefault(root, member, value);
    return dataEnd;
  }

  /** Appends what was read last, as the layout's `encode` would. */
  write(bytes: Uint8Array, writer: ByteWriter): void {
    if (this.#root !== undefined) this.#writeObject(bytes, writer, this.#root);
  }

  #readObject(bytes: Uint8Array, start: number, end: number, object: PlainObject): number {
    if (bytes[start] !== OPEN_BRACE) return -1;
    let present = 0;
    let at = skipSpace(bytes, start + 1, end);
    if (bytes[at] !== CLOSE_BRACE) {
      for (; ; at++) {
        at = this.#member.read(bytes, at, end, object.names);
        if (at < 0) return -1;
        const { member } = this.#member;
        // Of a member that is there twice the last holds, as in JSON.parse.
        present |= 1 << member;
        at = this.#readField(bytes, at, end, object.fields[member] as PlainField);
        if (at < 0) return -1;
        at = skipSpace(bytes, at, end);
        if (bytes[at] === CLOSE_BRACE) break;
        if (bytes[at] !== COMMA) return -1;
      }
    }
    if (at >= end || (present & object.required) !== object.required) return -1;
    this.#present[object.number] = present;
    return at + 1;
  }

  #readField(bytes: Uint8Array, at: number, end: number, field: PlainField): number {
    if (field.kind === TEXT || field.kind === ENUM) return this.#readText(bytes, at, end, field);
    if (field.kind === NUMBER) {
      const numberEnd = this.#number.read(bytes, at, end);
      const { value } = this.#number;
      if (numberEnd < 0 || value < field.min || value > field.max) return -1;
      if (field.isWhole && !Number.isInteger(value)) return -1;
      this.#values[field.number] = value;
      return numberEnd;
    }
    if (field.kind === GROUP && field.group !== undefined) return this.#readObject(bytes, at, end, field.group);
    if (field.kind === BOOLEAN) {
      const word = bytes[at] === TRUE[0] ? TRUE : FALSE;
      if (at + word.length > end) return -1;
      for (let i = 0; i < word.length; i++) if (bytes[at + i] !== word[i]) return -1;
      this.#values[field.number] = word === TRUE ? 1 : 0;
      return at + word.length;
    }
    return -1;
  }

  #readText(bytes: Uint8Array, at: number, end: number, field: PlainField): number {
    if (bytes[at] !== QUOTE) return -1;
    const from = at + 1;
    const to = endOfPlainText(bytes, from, end);
    if (to < 0) return -1;
    if (field.values !== undefined) {
      const value = field.values.find(bytes, from, to);
      if (value < 0) return -1;
      this.#values[field.number] = value;
      return to + 1;
    }
    if (!isPlainTextOf(bytes, from, to, field.min, field.max)) return -1;
    const { pattern } = field;
    if (pattern !== undefined) {
      if (to - from !== pattern.length) return -1;
      for (let i = from; i < to; i++) {
        const byte = bytes[i] as number;
        if (byte < pattern.low || byte > pattern.high) return -1;
      }
    }
    this.#starts[field.number] = from;
    this.#ends[field.number] = to;
    return to + 1;
  }

  #fillDefault(root: PlainObject, member: number, value: number): void {
    const present = this.#present[root.number] as number;
    if ((present & (1 << member)) !== 0) return;
    this.#present[root.number] = present | (1 << member);
    this.#values[(root.fields[member] as PlainField).number] = value;
  }

  #writeObject(bytes: Uint8Array, writer: ByteWriter, object: PlainObject): void {
    const present = this.#present[object.number] as number;
    writer.u32(present);
    const { fields } = object;
    for (let i = 0; i < fields.length; i++) {
      if ((present & (1 << i)) === 0) continue;
      const field = fields[i] as PlainField;
      if (field.kind === TEXT) {
        const from = this.#starts[field.number] as number;
        const to = this.#ends[field.number] as number;
        writer.u16(to - from);
        writer.copy(bytes, from, to);
      } else if (field.kind === NUMBER) {
        writer.f64(this.#values[field.number] as number);
      } else if (field.group !== undefined) {
        this.#writeObject(bytes, writer, field.group);
      } else {
        writer.u8(this.#values[field.number] as number);
      }
    }
  }
}
