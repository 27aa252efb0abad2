/** What a comparison is to the compiler: the few shapes it has fast forms for, and what each costs. */
import type { BuiltInOperator } from '../language/operators.ts';
import type { Expression, Leaf } from './expression.ts';

const NUMBER_OPERATORS = {
  greaterThan: '>',
  greaterThanInclusive: '>=',
  lessThan: '<',
  lessThanInclusive: '<=',
} as const satisfies { readonly [name in BuiltInOperator]?: string };
export type NumberOperator = (typeof NUMBER_OPERATORS)[keyof typeof NUMBER_OPERATORS];

export type LeafKind =
  /** The slot's numeric view against a number. */
  | { readonly kind: 'number'; readonly operator: NumberOperator; readonly bound: number }
  | { readonly kind: 'equal'; readonly negated: boolean; readonly value: unknown }
  | { readonly kind: 'member'; readonly negated: boolean; readonly members: ReadonlySet<unknown> }
  | { readonly kind: 'test' };

const known = new WeakMap<Leaf, LeafKind>();

export function kindOf(leaf: Leaf): LeafKind {
  let kind = known.get(leaf);
  if (kind === undefined) {
    kind = classify(leaf);
    known.set(leaf, kind);
  }
  return kind;
}

function classify(leaf: Leaf): LeafKind {
  const { builtIn } = leaf.operator;
  const { value } = leaf;
  if (builtIn === undefined || leaf.rightSlot !== undefined) return { kind: 'test' };
  switch (builtIn) {
    case 'equal':
    case 'notEqual':
      return { kind: 'equal', negated: builtIn === 'notEqual', value };
    case 'in':
    case 'notIn':
      if (!Array.isArray(value)) return { kind: 'test' };
      // indexOf compares by identity: an object of the rule's is none of the facts', and NaN equals nothing.
      return { kind: 'member', negated: builtIn === 'notIn', members: new Set(value.filter(isScalar)) };
    case 'contains':
    case 'doesNotContain':
      return { kind: 'test' };
    default:
      return typeof value === 'number'
        ? { kind: 'number', operator: NUMBER_OPERATORS[builtIn], bound: value }
        : { kind: 'test' };
  }
}

function isScalar(value: unknown): boolean {
  return value === null || (typeof value !== 'object' && value !== undefined && !Number.isNaN(value));
}

/** Relative cost of a comparison, about nanoseconds on the machine that the numbers were taken on. */
export function costOf(expression: Expression): number {
  switch (expression.kind) {
    case 'constant':
      return 0;
    case 'not':
      return costOf(expression.child);
    case 'leaf':
      return leafCost(expression);
    default:
      return expression.children.reduce((sum, child) => sum + costOf(child), 0);
  }
}

function leafCost(leaf: Leaf): number {
  if (leaf.operator.custom) return 1_000;
  const shape = kindOf(leaf);
  switch (shape.kind) {
    case 'number':
      return 1;
    case 'equal':
      return typeof shape.value === 'string' ? 2 : 1;
    case 'member':
      return shape.members.size <= 4 ? 1 + shape.members.size : 8;
    default:
      return 10 * leaf.operator.parts.length;
  }
}

export function isCustom(expression: Expression): boolean {
  switch (expression.kind) {
    case 'constant':
      return false;
    case 'leaf':
      return expression.operator.custom;
    case 'not':
      return isCustom(expression.child);
    default:
      return expression.children.some(isCustom);
  }
}

export function visitLeaves(expression: Expression, visit: (leaf: Leaf) => void): void {
  switch (expression.kind) {
    case 'leaf':
      visit(expression);
      return;
    case 'not':
      visitLeaves(expression.child, visit);
      return;
    case 'constant':
      return;
    default:
      for (const child of expression.children) visitLeaves(child, visit);
  }
}
