/**
 * What is known of one slot inside a conjunction: bounds of its number, the values it may still have, and those it may
 * not. Narrowing one to nothing is the proof that a condition can never be met.
 */
import type { LeafKind } from '../compiler/leaf-kind.ts';
import { toComparable } from '../language/operators.ts';

export interface Domain {
  readonly low: number;
  readonly lowOpen: boolean;
  readonly high: number;
  readonly highOpen: boolean;
  /** Undefined: anything. */
  readonly allowed: ReadonlySet<unknown> | undefined;
  readonly forbidden: ReadonlySet<unknown>;
  /** A comparison that must hold needs a number: the slot is one, or text that reads as one. */
  readonly numeric: boolean;
}

export const ANYTHING: Domain = {
  low: Number.NEGATIVE_INFINITY,
  lowOpen: false,
  high: Number.POSITIVE_INFINITY,
  highOpen: false,
  allowed: undefined,
  forbidden: new Set(),
  numeric: false,
};

/** The domain once the comparison (or its opposite) holds as well. */
export function narrow(domain: Domain, shape: LeafKind, holds: boolean): Domain {
  switch (shape.kind) {
    case 'number':
      // The opposite of a comparison also holds for what is no number: it says nothing.
      return holds ? narrowNumber(domain, shape.operator, shape.bound) : domain;
    case 'equal':
      return shape.negated !== holds ? allow(domain, new Set([shape.value])) : forbid(domain, [shape.value]);
    case 'member':
      return shape.negated !== holds ? allow(domain, shape.members) : forbid(domain, [...shape.members]);
    default:
      return domain;
  }
}

/** Whether no value is left. `whole`: the slot holds whole numbers only, as money in minor units does. */
export function isEmpty(domain: Domain, whole: boolean): boolean {
  const { low, high, lowOpen, highOpen, allowed, forbidden } = domain;
  if (low > high || (low === high && (lowOpen || highOpen))) return true;
  if (whole && Number.isFinite(low) && Number.isFinite(high)) {
    const first = lowOpen ? Math.floor(low) + 1 : Math.ceil(low);
    const last = highOpen ? Math.ceil(high) - 1 : Math.floor(high);
    if (first > last) return true;
  }
  if (allowed === undefined) return false;
  for (const value of allowed) if (!forbidden.has(value) && (!domain.numeric || liesIn(value, domain))) return false;
  return true;
}

/** Whether everything that `inner` lets through, `outer` lets through too. */
export function implies(inner: Domain, outer: Domain): boolean {
  if (outer.allowed !== undefined) {
    const { allowed } = inner;
    if (allowed === undefined) return false;
    for (const value of allowed) if (!inner.forbidden.has(value) && !outer.allowed.has(value)) return false;
  }
  for (const value of outer.forbidden) {
    const excluded = inner.forbidden.has(value) || (inner.allowed !== undefined && !inner.allowed.has(value));
    if (!excluded) return false;
  }
  if (!outer.numeric) return true;
  if (inner.allowed !== undefined)
    return [...inner.allowed].every((value) => inner.forbidden.has(value) || liesIn(value, outer));
  if (!inner.numeric) return false;
  const lowFits = inner.low > outer.low || (inner.low === outer.low && (inner.lowOpen || !outer.lowOpen));
  const highFits = inner.high < outer.high || (inner.high === outer.high && (inner.highOpen || !outer.highOpen));
  return lowFits && highFits;
}

function liesIn(value: unknown, { low, lowOpen, high, highOpen }: Domain): boolean {
  const number = toComparable(value);
  return (lowOpen ? number > low : number >= low) && (highOpen ? number < high : number <= high);
}

function narrowNumber(domain: Domain, operator: '>' | '>=' | '<' | '<=', bound: number): Domain {
  const open = operator === '>' || operator === '<';
  if (operator === '>' || operator === '>=') {
    const tighter = bound > domain.low || (bound === domain.low && open);
    return { ...domain, numeric: true, ...(tighter && { low: bound, lowOpen: open }) };
  }
  const tighter = bound < domain.high || (bound === domain.high && open);
  return { ...domain, numeric: true, ...(tighter && { high: bound, highOpen: open }) };
}

function allow(domain: Domain, values: ReadonlySet<unknown>): Domain {
  const { allowed } = domain;
  return {
    ...domain,
    allowed: allowed === undefined ? values : new Set([...values].filter((value) => allowed.has(value))),
  };
}

function forbid(domain: Domain, values: readonly unknown[]): Domain {
  return { ...domain, forbidden: new Set([...domain.forbidden, ...values]) };
}
