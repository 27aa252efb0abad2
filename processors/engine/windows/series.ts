/**
 * A series is what windows read: the matching events of one type under one kind of key, with at most one value each.
 * All lengths, offsets and aggregates over the same (type, over, of, where) share it, so an event is stored once per
 * series and key, not once per window.
 */
import { hashString } from '../../../core/hash.ts';
import { canonicalText } from '../../../rules/language/canonical.ts';
import type { Where, WindowKey } from '../../../rules/requirement.ts';
import { compileDataPath, type ReadData } from './data-path.ts';
import { compileWhere, type Matches } from './where-clause.ts';

/**
 * What a series stores beside the time: nothing; money as exclusive prefix sums (whole numbers, exact); a number as
 * it is; a 53-bit hash of any scalar; or two coordinates.
 */
export type SeriesKind = 'count' | 'money' | 'number' | 'scalar' | 'position';
export type SeriesType = 'transaction' | 'location' | 'label';
export const SERIES_TYPES: readonly SeriesType[] = ['transaction', 'location', 'label'];

export interface SeriesSpec {
  readonly type: SeriesType;
  readonly over: readonly WindowKey[];
  readonly kind: SeriesKind;
  readonly of?: string | undefined;
  readonly where: Where;
}

export interface Series extends SeriesSpec {
  /** Stays the same for as long as any rule set uses the series. */
  readonly id: number;
  /** Its place in the plan of the live rule set. */
  readonly slot: number;
  readonly signature: string;
  /** The positions of `over` among an event's keys. */
  readonly keys: readonly number[];
  /** What reads those of `over` that are paths, undefined for the others. */
  readonly keyPaths: readonly (ReadData | undefined)[];
  readonly columns: number;
  readonly matches: Matches;
  /** The value to store; `undefined` where the event has none and so is not part of the series. */
  readonly valueOf: (data: object) => number | undefined;
  /** How far back any window reads: the longest `offset + last`. */
  reachMs: number;
  /** The same of those that not only shadow rules read. */
  activeReachMs: number;
  /** Whether somebody asks for the event before, however long ago it was. */
  keepsLast: boolean;
}

/** Always there and whole in a transaction, so a count shares their series. */
export const ALWAYS_PRESENT = '$.amount';
const MONEY_PATHS: ReadonlySet<string> = new Set([ALWAYS_PRESENT, '$.fee', '$.cost']);
const COLUMNS: Readonly<Record<SeriesKind, number>> = { count: 1, money: 2, number: 2, scalar: 2, position: 3 };
const SCALAR_SEED_A = 0x5ca1_0a;
const SCALAR_SEED_B = 0x5ca1_0b;
const LOW_21_BITS = 0x1f_ffff;

export function numericKind(type: SeriesType, of: string): SeriesKind {
  return type === 'transaction' && MONEY_PATHS.has(of) ? 'money' : 'number';
}

export function signatureOf(spec: SeriesSpec): string {
  return `${spec.type}|${spec.over.join('+')}|${spec.kind}|${spec.of ?? ''}|${canonicalText(spec.where)}`;
}

/** Always the same members in the same order: what the engine reads of all series is compiled for one shape. */
export function createSeries(spec: SeriesSpec, id: number, slot: number, keys: readonly number[]): Series {
  const { type, over, kind, of, where } = spec;
  return {
    type,
    over,
    kind,
    of,
    where,
    id,
    slot,
    signature: signatureOf(spec),
    keys,
    keyPaths: over.map((key) => (key.startsWith('$') ? compileDataPath(key) : undefined)),
    columns: COLUMNS[kind],
    matches: compileWhere(where),
    valueOf: compileValue(spec),
    reachMs: 0,
    activeReachMs: 0,
    keepsLast: false,
  };
}

function compileValue(spec: SeriesSpec): (data: object) => number | undefined {
  if (spec.of === undefined) return () => 0;
  if (spec.of === ALWAYS_PRESENT && spec.kind === 'money') return amountOf;
  const read = compileDataPath(spec.of);
  if (spec.kind === 'scalar') return (data) => hashScalar(read(data));
  const whole = spec.kind === 'money';
  return (data) => {
    const value = read(data);
    if (typeof value !== 'number') return undefined;
    // Adding 0 turns -0 into 0.
    return (whole ? Number.isSafeInteger(value) : Number.isFinite(value)) ? value + 0 : undefined;
  };
}

function amountOf(data: object): number | undefined {
  const { amount } = data as { readonly amount: number };
  return Number.isSafeInteger(amount) ? amount + 0 : undefined;
}

/** 53 bits, so that it is a whole number in an f64; `"5"` and `5` differ. */
function hashScalar(value: unknown): number | undefined {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return undefined;
  const text = typeof value === 'string' ? value : `${typeof value}\u0000${value}`;
  return (hashString(text, SCALAR_SEED_A) & LOW_21_BITS) * 2 ** 32 + hashString(text, SCALAR_SEED_B);
}
