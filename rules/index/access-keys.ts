/**
 * What a rule can be found by: conditions that every match must meet. An equality gives the values of a slot, bounds give
 * an interval. A rule that is found by its key need not test that key again.
 */
import { type Expression, type ExpressionTable, TRUE } from '../compiler/expression.ts';
import { kindOf } from '../compiler/leaf-kind.ts';

/** The slot holds one of `values` whenever the rule is true; `child` is the condition that says so. */
export interface EqualityKey {
  readonly kind: 'equality';
  readonly slot: number;
  readonly values: readonly unknown[];
  readonly children: readonly Expression[];
}

/** The slot's numeric view lies in the interval whenever the rule is true. */
export interface RangeKey {
  readonly kind: 'range';
  readonly slot: number;
  readonly low: number;
  readonly lowOpen: boolean;
  readonly high: number;
  readonly highOpen: boolean;
  readonly children: readonly Expression[];
}

export type AccessKey = EqualityKey | RangeKey;

/** Longer lists would put one rule into too many buckets. */
export const KEY_VALUES_MAX = 64;

/** Every key that `expression` can be found by, at most one of each kind for a slot. */
export function accessKeysOf(expression: Expression): readonly AccessKey[] {
  let keys = known.get(expression);
  if (keys === undefined) {
    keys = findKeys(expression);
    known.set(expression, keys);
  }
  return keys;
}

/** Rows that one key does not find are looked at again for the next. */
const known = new WeakMap<Expression, readonly AccessKey[]>();

function findKeys(expression: Expression): AccessKey[] {
  const parts = expression.kind === 'all' ? expression.children : [expression];
  const keys: AccessKey[] = [];
  const seen = new Set<number>();
  for (const part of parts) {
    const equality = equalityOf(part);
    if (equality === undefined || seen.has(equality.slot)) continue;
    seen.add(equality.slot);
    keys.push(equality);
  }
  keys.push(...rangesOf(parts));
  return keys;
}

/** What remains to be tested of a rule that `key` has found. */
export function withoutKey(expression: Expression, key: AccessKey, table: ExpressionTable): Expression {
  if (expression.kind !== 'all') return TRUE;
  return table.conjunction(expression.children.filter((part) => !key.children.includes(part)));
}

function equalityOf(part: Expression): EqualityKey | undefined {
  if (part.kind === 'leaf') {
    const shape = kindOf(part);
    if (shape.kind === 'equal' && !shape.negated && isKeyValue(shape.value))
      return { kind: 'equality', slot: part.slot, values: [shape.value], children: [part] };
    if (shape.kind !== 'member' || shape.negated || shape.members.size > KEY_VALUES_MAX) return undefined;
    return { kind: 'equality', slot: part.slot, values: [...shape.members], children: [part] };
  }
  if (part.kind !== 'any') return undefined;
  const values = new Set<unknown>();
  let slot: number | undefined;
  for (const child of part.children) {
    const key = child.kind === 'leaf' ? equalityOf(child) : undefined;
    if (key === undefined || (slot !== undefined && key.slot !== slot)) return undefined;
    slot = key.slot;
    for (const value of key.values) values.add(value);
  }
  if (slot === undefined || values.size > KEY_VALUES_MAX) return undefined;
  return { kind: 'equality', slot, values: [...values], children: [part] };
}

/** A `Map` finds what `===` finds, but for NaN, which nothing equals. */
function isKeyValue(value: unknown): boolean {
  return (
    value === null ||
    typeof value === 'string' ||
    typeof value === 'boolean' ||
    (typeof value === 'number' && !Number.isNaN(value))
  );
}

interface Bounds {
  low: number;
  lowOpen: boolean;
  high: number;
  highOpen: boolean;
  readonly children: Expression[];
}

function rangesOf(parts: readonly Expression[]): RangeKey[] {
  const bySlot = new Map<number, Bounds>();
  for (const part of parts) {
    if (part.kind !== 'leaf') continue;
    const shape = kindOf(part);
    if (shape.kind !== 'number' || Number.isNaN(shape.bound)) continue;
    let bounds = bySlot.get(part.slot);
    if (bounds === undefined) {
      bounds = { low: -Infinity, lowOpen: false, high: Infinity, highOpen: false, children: [] };
      bySlot.set(part.slot, bounds);
    }
    bounds.children.push(part);
    narrow(bounds, shape.operator, shape.bound);
  }
  return [...bySlot].map(([slot, bounds]) => ({ kind: 'range', slot, ...bounds }));
}

function narrow(bounds: Bounds, operator: '>' | '>=' | '<' | '<=', bound: number): void {
  const open = operator === '>' || operator === '<';
  if (operator === '>' || operator === '>=') {
    if (bound > bounds.low || (bound === bounds.low && open)) {
      bounds.low = bound;
      bounds.lowOpen = open;
    }
  } else if (bound < bounds.high || (bound === bounds.high && open)) {
    bounds.high = bound;
    bounds.highOpen = open;
  }
}
