/**
 * How often each comparison of a rule set is true on a sample of events. Handed to `compileRuleSet`, it puts the
 * conditions that decide most cheaply first; results stay what they are, since built-in conditions are pure.
 */
import { compileDocuments } from './compiler/compile-documents.ts';
import { drain } from './compiler/evaluator.ts';
import type { Leaf } from './compiler/expression.ts';
import { visitLeaves } from './compiler/leaf-kind.ts';
import { keyOfLeaf, type Selectivity } from './compiler/selectivity.ts';
import { SlotFile } from './compiler/slot-file.ts';
import type { RuleInput } from './ruleset.ts';

/** Fewer events than this say nothing about a comparison. */
export const SAMPLE_EVENTS_MIN = 20;

/** Shares from 0 to 1 by the comparison's meaning: they hold for later versions of the rules too. */
export function measureSelectivity(documents: readonly unknown[], sample: Iterable<RuleInput>): Selectivity {
  const { rules, slots } = drain(compileDocuments(documents));
  const leaves = new Map<number, Leaf>();
  for (const { expression } of rules) visitLeaves(expression, (leaf) => void leaves.set(leaf.id, leaf));
  const file = new SlotFile(slots.slots, new Set());
  const hits = new Map<Leaf, number>();
  let events = 0;
  for (const input of sample) {
    events++;
    file.begin(input.facts, input.values);
    for (let i = 0; i < slots.slots.length; i++) file.load(i);
    for (const leaf of leaves.values()) {
      const right = leaf.rightSlot === undefined ? leaf.value : file.s[leaf.rightSlot];
      if (leaf.operator.test(file.s[leaf.slot], right)) hits.set(leaf, (hits.get(leaf) ?? 0) + 1);
    }
  }
  if (events < SAMPLE_EVENTS_MIN) return new Map();
  return new Map([...leaves.values()].map((leaf) => [keyOfLeaf(leaf, slots.slots), (hits.get(leaf) ?? 0) / events]));
}
