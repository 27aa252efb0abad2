/**
 * Explains a condition tree on one event: every comparison with its actual and wanted value. Nothing is
 * short-circuited, so that a person sees the whole rule; the results follow from the values alone.
 */
import type { Condition, FactRead, LeafCondition } from '../language/condition.ts';
import type { ExplainedCondition } from '../ruleset.ts';

/** The value of a fact at the time of the evaluation that is explained. */
export type ReadFact = (read: FactRead) => unknown;

export function explainCondition(condition: Condition, read: ReadFact): ExplainedCondition {
  const { kind, pointer } = condition;
  switch (kind) {
    case 'leaf':
      return explainLeaf(condition, read);
    case 'not': {
      const child = explainCondition(condition.child, read);
      return { pointer, kind, result: !child.result, children: [child] };
    }
    case 'condition': {
      const children = condition.target === undefined ? [] : [explainCondition(condition.target, read)];
      return { pointer, kind, result: children[0]?.result ?? false, children };
    }
    default: {
      const children = condition.children.map((child) => explainCondition(child, read));
      return { pointer, kind, result: combine(kind, children), children };
    }
  }
}

/** An empty `any` is true, as json-rules-engine has it where empty branches are let in at all. */
export function combine(kind: 'all' | 'any', children: readonly ExplainedCondition[]): boolean {
  if (children.length === 0) return true;
  return kind === 'all' ? children.every((child) => child.result) : children.some((child) => child.result);
}

function explainLeaf(leaf: LeafCondition, read: ReadFact): ExplainedCondition {
  const { left, right, operator, pointer } = leaf;
  const actual = read(left);
  const wanted = right.kind === 'fact' ? read(right.read) : right.value;
  return {
    pointer,
    kind: 'leaf',
    result: operator.test(actual, wanted),
    fact: left.fact,
    ...(left.path !== undefined && { path: left.path.text }),
    ...(left.params !== undefined && { params: left.params }),
    operator: operator.name,
    actual,
    wanted,
    ...((isEstimate(left, actual) || (right.kind === 'fact' && isEstimate(right.read, wanted))) && {
      approximate: true as const,
    }),
  };
}

/** A count of distinct values that is no whole number is an estimate: the engine says so by its half. */
function isEstimate({ fact, params }: FactRead, value: unknown): boolean {
  if (fact !== 'window' || typeof value !== 'number' || Number.isInteger(value)) return false;
  return (params as { aggregate?: unknown } | undefined)?.aggregate === 'distinct';
}

/** The first condition, in document order, that made a false tree false; undefined for a true one. */
export function findFirstFailure(explained: ExplainedCondition): ExplainedCondition | undefined {
  if (explained.result) return undefined;
  const children = explained.children ?? [];
  if (explained.kind === 'leaf' || explained.kind === 'not' || children.length === 0) return explained;
  for (const child of children) {
    const found = findFirstFailure(child);
    if (found !== undefined) return found;
  }
  return explained;
}
