/**
 * Conditions that can never be met: the tree is walked with what is known of every slot so far, and a branch whose
 * knowledge narrows to nothing is impossible. Sound, not complete: what it reports is certain.
 */

import type { LeafKind } from '../compiler/leaf-kind.ts';
import type { Condition, LeafCondition } from '../language/condition.ts';
import { ANYTHING, type Domain, isEmpty, narrow } from './domain.ts';

export interface LeafView {
  readonly slot: number;
  readonly shape: LeafKind;
  /** Holds whole numbers only. */
  readonly whole: boolean;
}

/** What each slot may be, by slot. */
export type Knowledge = ReadonlyMap<number, Domain>;
/** Undefined for comparisons that nothing is known about, such as one with another fact. */
export type ViewLeaf = (leaf: LeafCondition) => LeafView | undefined;

export interface Impossible {
  /** Whether the rule as a whole can never fire. */
  readonly whole: boolean;
  /** Conditions that can never be met: for a whole rule the one that contradicts what stands beside it. */
  readonly pointers: readonly string[];
}

export function findImpossible(condition: Condition, view: ViewLeaf): Impossible {
  const dead: string[] = [];
  const whole = learn(condition, true, new Map(), view, dead) === undefined;
  return { whole, pointers: whole ? [dead[0] ?? condition.pointer] : [...new Set(dead)] };
}

/** What is known once `condition` is `wanted`; undefined where it cannot be. Adds branches that are dead to `dead`. */
export function learn(
  condition: Condition,
  wanted: boolean,
  known: Knowledge,
  view: ViewLeaf,
  dead: string[],
): Knowledge | undefined {
  switch (condition.kind) {
    case 'leaf':
      return learnLeaf(condition, wanted, known, view, dead);
    case 'not':
      return learn(condition.child, !wanted, known, view, dead);
    case 'condition':
      if (condition.target === undefined) return wanted ? undefined : known;
      return learn(condition.target, wanted, known, view, dead);
    default:
      return (condition.kind === 'all') === wanted
        ? learnEvery(condition.children, wanted, known, view, dead)
        : learnSome(condition.children, wanted, known, view, dead);
  }
}

/** All must hold: each adds to what is known. Twice, so that order does not matter to a branch inside. */
function learnEvery(
  children: readonly Condition[],
  wanted: boolean,
  known: Knowledge,
  view: ViewLeaf,
  dead: string[],
): Knowledge | undefined {
  let all: Knowledge = known;
  for (const pass of [false, true]) {
    for (const child of children) {
      const more = learn(child, wanted, all, view, pass ? dead : []);
      if (more === undefined) {
        dead.push(child.pointer);
        return undefined;
      }
      all = more;
    }
  }
  return all;
}

/** One must hold: a single possible one adds to what is known, several add nothing. */
function learnSome(
  children: readonly Condition[],
  wanted: boolean,
  known: Knowledge,
  view: ViewLeaf,
  dead: string[],
): Knowledge | undefined {
  if (children.length === 0) return wanted ? known : undefined;
  const possible: Knowledge[] = [];
  const deadHere: string[] = [];
  for (const child of children) {
    const more = learn(child, wanted, known, view, []);
    if (more === undefined) deadHere.push(child.pointer);
    else possible.push(more);
  }
  const [only] = possible;
  if (only === undefined) return undefined;
  dead.push(...deadHere);
  return possible.length === 1 ? only : known;
}

function learnLeaf(
  leaf: LeafCondition,
  wanted: boolean,
  known: Knowledge,
  view: ViewLeaf,
  dead: string[],
): Knowledge | undefined {
  const seen = view(leaf);
  if (seen === undefined) return known;
  const domain = narrow(known.get(seen.slot) ?? ANYTHING, seen.shape, wanted);
  if (!isEmpty(domain, seen.whole)) return new Map(known).set(seen.slot, domain);
  dead.push(leaf.pointer);
  return undefined;
}
