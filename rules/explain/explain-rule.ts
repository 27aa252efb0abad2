/** The full explanation of one rule on one event: the tree with all values, the first failure, the nearest change. */
import type { Condition } from '../language/condition.ts';
import { isShadow, type RuleDocument } from '../rule-document.ts';
import type { RuleExplanation } from '../ruleset.ts';
import { explainCondition, findFirstFailure, type ReadFact } from './explain-condition.ts';
import { findNearestChange, type ReadChanged } from './nearest-change.ts';

export function explainRule(
  document: Pick<RuleDocument, 'id' | 'version' | 'name' | 'mode'>,
  condition: Condition,
  read: ReadFact,
  readChanged?: ReadChanged,
): RuleExplanation {
  const conditions = explainCondition(condition, read);
  const firstFailure = findFirstFailure(conditions);
  const nearestChange = findNearestChange(condition, conditions.result, read, readChanged);
  return {
    ruleId: document.id,
    ruleVersion: document.version,
    name: document.name,
    ...(isShadow(document) && { mode: 'shadow' as const }),
    fired: conditions.result,
    conditions,
    ...(firstFailure !== undefined && { firstFailure }),
    ...(nearestChange !== undefined && { nearestChange }),
  };
}
