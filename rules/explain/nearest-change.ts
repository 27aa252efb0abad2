/**
 * The nearest single change that would flip a rule: for each fact that a condition reads, the values at which one of
 * its comparisons turns are tried on the whole tree, and the one that flips it at the least distance is named. Every
 * answer was evaluated, none is guessed.
 */
import { canonicalText } from '../language/canonical.ts';
import { type Condition, type FactRead, type LeafCondition, leavesOf } from '../language/condition.ts';
import type { NearestChange } from '../ruleset.ts';
import type { ReadFact } from './explain-condition.ts';

const CANDIDATES_MAX = 4;
/** A rule of a thousand comparisons would be tried a thousand times. */
const LEAVES_MAX = 200;

/** Reads of the same event, had the value of one fact been `to`. */
export type ReadChanged = (read: FactRead, to: unknown) => ReadFact;

/** `readChanged`: by default nothing is computed from the fact that changes. */
export function findNearestChange(
  condition: Condition,
  fired: boolean,
  read: ReadFact,
  readChanged: ReadChanged = replacing(read),
): NearestChange | undefined {
  let nearest: NearestChange | undefined;
  let tried = 0;
  for (const leaf of leavesOf(condition)) {
    if (++tried > LEAVES_MAX) break;
    const from = read(leaf.left);
    for (const to of turningValues(leaf, from, read)) {
      const distance = distanceOf(from, to);
      if (nearest !== undefined && distance >= nearest.distance) continue;
      if (resultOf(condition, readChanged(leaf.left, to)) === fired) continue;
      nearest = {
        pointer: leaf.pointer,
        fact: leaf.left.fact,
        ...(leaf.left.path !== undefined && { path: leaf.left.path.text }),
        ...(leaf.left.params !== undefined && { params: leaf.left.params }),
        from,
        to,
        distance,
      };
    }
  }
  return nearest;
}

function replacing(read: ReadFact): ReadChanged {
  return (changed, to) => {
    const key = keyOf(changed);
    return (other) => (keyOf(other) === key ? to : read(other));
  };
}

/** Equal for reads of the same value. */
function keyOf(read: FactRead): string {
  return `${read.fact} ${canonicalText(read.params ?? {})} ${canonicalText(read.path?.steps ?? [])}`;
}

function resultOf(condition: Condition, read: ReadFact): boolean {
  switch (condition.kind) {
    case 'leaf': {
      const { right } = condition;
      return condition.operator.test(read(condition.left), right.kind === 'fact' ? read(right.read) : right.value);
    }
    case 'not':
      return !resultOf(condition.child, read);
    case 'condition':
      return condition.target !== undefined && resultOf(condition.target, read);
    default:
      return condition.kind === 'all'
        ? condition.children.every((child) => resultOf(child, read))
        : condition.children.length === 0 || condition.children.some((child) => resultOf(child, read));
  }
}

/** Values of the fact on either side of the comparison's turning point. */
function turningValues(leaf: LeafCondition, from: unknown, read: ReadFact): unknown[] {
  const wanted = leaf.right.kind === 'fact' ? read(leaf.right.read) : leaf.right.value;
  const operator = leaf.operator.parts.at(-1);
  switch (operator) {
    case 'equal':
    case 'notEqual':
      return [wanted, otherThan(wanted, from)];
    case 'in':
    case 'notIn':
      return Array.isArray(wanted) ? [...nearestMembers(wanted, from), otherThan(wanted[0], from)] : [];
    case 'contains':
    case 'doesNotContain':
      return Array.isArray(from) ? [[...from, wanted], from.filter((member) => member !== wanted)] : [[wanted], []];
    case 'greaterThan':
    case 'greaterThanInclusive':
    case 'lessThan':
    case 'lessThanInclusive':
      return typeof wanted === 'number' ? valuesAround(wanted, from) : [];
    default:
      return [];
  }
}

/** A bound and the smallest steps beyond it: whole numbers where the fact is one (counts, minor units). */
function valuesAround(bound: number, from: unknown): number[] {
  if (typeof from === 'number' ? Number.isInteger(from) : Number.isInteger(bound))
    return [Math.floor(bound), Math.ceil(bound), Math.floor(bound) - 1, Math.ceil(bound) + 1];
  const step = Math.max(Math.abs(bound), 1) * 1e-9;
  return [bound, bound + step, bound - step];
}

function nearestMembers(members: readonly unknown[], from: unknown): unknown[] {
  return [...members].sort((a, b) => distanceOf(from, a) - distanceOf(from, b)).slice(0, CANDIDATES_MAX);
}

/** Something of the same kind that is not `value`. */
function otherThan(value: unknown, from: unknown): unknown {
  if (from !== value) return from;
  if (typeof value === 'number') return value + 1;
  return typeof value === 'boolean' ? !value : undefined;
}

/** 0 for no change, up to 1 and beyond for numbers by their relative distance, 1 for anything else. */
export function distanceOf(from: unknown, to: unknown): number {
  if (from === to) return 0;
  if (typeof from !== 'number' || typeof to !== 'number') return 1;
  return Math.abs(to - from) / Math.max(Math.abs(from), Math.abs(to), 1);
}
