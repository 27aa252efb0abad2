/** Which rules read each parametrised fact of a rule set. */
import { type CompiledRule, compileDocuments } from '../compiler/compile-documents.ts';
import { drain } from '../compiler/evaluator.ts';
import { leavesOf } from '../language/condition.ts';
import type { Requirement } from '../requirement.ts';
import { requirementsOf } from '../validate/estimate-cost.ts';

export interface RequirementReaders {
  readonly requirement: Requirement;
  /** Ids of rules, in the order of the documents. */
  readonly rules: readonly string[];
}

/** Documents that are not sound are left aside. */
export function requirementReaders(documents: readonly unknown[]): RequirementReaders[] {
  const compiled = drain(compileDocuments(documents));
  const readers = compiled.requirements.requirements.map((requirement) => ({
    requirement,
    rules: new Set<string>(),
  }));
  const note = (rule: CompiledRule): void => {
    for (const { left, right } of leavesOf(rule.condition))
      for (const read of right.kind === 'fact' ? [left, right.read] : [left])
        for (const { index } of requirementsOf(compiled.slotOf.get(read), compiled))
          readers[index]?.rules.add(rule.document.id);
  };
  for (const rule of compiled.rules) note(rule);
  return readers.map(({ requirement, rules }) => ({ requirement, rules: [...rules] }));
}
