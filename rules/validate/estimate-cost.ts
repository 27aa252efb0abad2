/** What a rule costs an event at most, in nanoseconds, from measured parts: its comparisons and the facts they need. */
import type { CompiledDocuments, CompiledRule } from '../compiler/compile-documents.ts';
import { costOf } from '../compiler/leaf-kind.ts';
import { leavesOf } from '../language/condition.ts';
import type { Requirement } from '../requirement.ts';

/** Beyond this a rule is worth a second look. */
export const COSTLY_NS = 5_000;

const LIST_NS = 60;
const SEQUENCE_NS = 80;
const TRAVEL_NS = 80;
const NEARBY_NS = 2_000;
const SUM_NS = 60;
const ORDERED_NS = 200;
/** Aggregates that are read off two positions of a ring; the others look at the events in between. */
const POSITIONAL: ReadonlySet<string> = new Set(['count', 'sum', 'avg', 'rate', 'first', 'last']);

export function estimateCostNs(rule: CompiledRule, compiled: CompiledDocuments): number {
  const needed = new Set<Requirement>();
  for (const leaf of leavesOf(rule.condition)) {
    for (const read of leaf.right.kind === 'fact' ? [leaf.left, leaf.right.read] : [leaf.left])
      for (const requirement of requirementsOf(compiled.slotOf.get(read), compiled)) needed.add(requirement);
  }
  let cost = costOf(rule.expression);
  for (const requirement of needed) cost += factCostNs(requirement);
  return cost;
}

/** What a slot needs of the engine, a ratio for both its operands. */
export function requirementsOf(slot: number | undefined, compiled: CompiledDocuments): Set<Requirement> {
  const source = slot === undefined ? undefined : compiled.slots.slots[slot]?.source;
  if (source?.kind === 'ratio')
    return new Set([...requirementsOf(source.of, compiled), ...requirementsOf(source.to, compiled)]);
  const requirement = source?.kind === 'value' ? compiled.requirements.requirements[source.index] : undefined;
  return new Set(requirement === undefined ? [] : [requirement]);
}

function factCostNs(requirement: Requirement): number {
  switch (requirement.kind) {
    case 'list':
      return LIST_NS;
    case 'absence':
    case 'sequence':
      return SEQUENCE_NS;
    case 'travel':
      return TRAVEL_NS;
    case 'nearby':
      return NEARBY_NS;
    case 'recency':
      return SUM_NS;
    case 'window':
      return POSITIONAL.has(requirement.params.aggregate) ? SUM_NS : ORDERED_NS;
  }
}
