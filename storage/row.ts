/**
 * Rows as ClickHouse answers them are outside input: each value is read by name and checked here, so that a changed
 * table fails loudly instead of becoming `undefined` in somebody's total.
 */
import { WeirError } from '../core/errors.ts';

export type Row = Readonly<Record<string, unknown>>;

export function isRow(value: unknown): value is Row {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function readText(row: Row, name: string): string {
  const value = row[name];
  return typeof value === 'string' ? value : refuse(name, value, 'text');
}

export function readNumber(row: Row, name: string): number {
  const value = row[name];
  if (typeof value === 'number') return value;
  return refuse(name, value, 'a number');
}

/** ClickHouse answers NaN as null; Weir's tables hold NaN where a coordinate or distance is absent. */
export function readNumberOrAbsent(row: Row, name: string): number | undefined {
  const value = row[name];
  return value === null ? undefined : readNumber(row, name);
}

export function readTexts(row: Row, name: string): string[] {
  const value = row[name];
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
  return refuse(name, value, 'an array of text');
}

export function readNumbers(row: Row, name: string): number[] {
  const value = row[name];
  if (Array.isArray(value) && value.every((item) => typeof item === 'number')) return value;
  return refuse(name, value, 'an array of numbers');
}

/** One of a fixed list, such as a decision. */
export function readOneOf<const T extends string>(row: Row, name: string, values: readonly T[]): T {
  const text = readText(row, name);
  const found = values.find((value) => value === text);
  return found ?? refuse(name, text, values.join(', '));
}

/** Bytes that the query sent as `base64Encode(column)`. */
export function readBytes(row: Row, name: string): Uint8Array {
  return new Uint8Array(Buffer.from(readText(row, name), 'base64'));
}

function refuse(name: string, value: unknown, wanted: string): never {
  throw new WeirError('store.bad_row', `column "${name}" should hold ${wanted}, not ${JSON.stringify(value)}`);
}
