/**
 * From the rules that fired to a decision, shadow rules left aside. score = min(100, sum of their scores); decline if any asks for it, else review
 * if any asks for it or the score reaches `REVIEW_SCORE`, else approve.
 */
import type { DecisionValue, Reason } from '../../core/outcomes/outcome.ts';
import { isShadow, type RuleDocument } from '../../rules/rule-document.ts';

const SCORE_MAX = 100;
/** From this score on a transaction is looked at even if no rule asks for it by itself. */
const REVIEW_SCORE = 60;

export interface Decision {
  readonly value: DecisionValue;
  readonly score: number;
  readonly reasons: readonly Reason[];
}

export const APPROVED: Decision = { value: 'approve', score: 0, reasons: [] };

/** `withShadow`: as if the shadow rules were active. */
export function decide(fired: readonly RuleDocument[], withShadow = false): Decision {
  let score = 0;
  let asked: DecisionValue = 'approve';
  const reasons: Reason[] = [];
  for (const document of fired) {
    const { id, version, event } = document;
    if (event.type !== 'fraud' || (isShadow(document) && !withShadow)) continue;
    const { action, code, message } = event.params;
    score += event.params.score;
    if (action === 'decline') asked = 'decline';
    else if (action === 'review' && asked === 'approve') asked = 'review';
    reasons.push({ ruleId: id, ruleVersion: version, code, message });
  }
  if (reasons.length === 0) return APPROVED;
  if (asked === 'approve' && score >= REVIEW_SCORE) asked = 'review';
  return { value: asked, score: Math.min(SCORE_MAX, score), reasons };
}
