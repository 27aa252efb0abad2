/** Whether something is a rule document at all, its conditions left aside; and how the conditions of one are parsed. */
import Compile from 'typebox/compile';
import type { Problem } from '../../core/errors.ts';
import type { ConditionContext } from '../language/condition.ts';
import { EMPTY_REGISTRY } from '../language/operators.ts';
import { RuleDocumentShape } from '../rule-document.schema.ts';
import type { RuleDocument } from '../rule-document.ts';

export type Validated =
  | { readonly ok: true; readonly document: RuleDocument }
  | { readonly ok: false; readonly problems: Problem[] };

const shape = Compile(RuleDocumentShape);
const SHAPE_PROBLEMS_MAX = 20;

export function parseShape(document: unknown): Validated {
  // The schema has checked it; a test holds schema and type together.
  if (shape.Check(document)) return { ok: true, document: document as RuleDocument };
  const problems: Problem[] = [];
  for (const error of shape.Errors(document).slice(0, SHAPE_PROBLEMS_MAX)) {
    problems.push({ code: 'rule.invalid', pointer: error.instancePath, message: error.message });
  }
  if (problems.length === 0) problems.push({ code: 'rule.invalid', pointer: '', message: 'this is no rule document' });
  return { ok: false, problems };
}

/** Rules on a stream: built-in operators, no named conditions, nothing empty. */
export function ruleContext(problems: Problem[]): ConditionContext {
  return { registry: EMPTY_REGISTRY, named: new Map(), allowUndefinedConditions: false, allowEmpty: false, problems };
}
