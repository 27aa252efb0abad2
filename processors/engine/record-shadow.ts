/**
 * What shadow rules would have done about an event: recorded beside its other outcomes and nowhere else. The record is
 * bounded, so that no number of shadow rules makes an event's outcomes too large for a message.
 */
import type { WeirEvent } from '../../core/events/event.ts';
import type { ShadowOutcome } from '../../core/outcomes/outcome.ts';
import { isShadow, type RuleDocument } from '../../rules/rule-document.ts';
import { decide } from './decide.ts';
import { SHADOW_RULES_RECORDED_MAX } from './limits.ts';

/** What `fired` holds of shadow rules; undefined where it holds none. */
export type ShadowRecord = Pick<ShadowOutcome, 'decision' | 'score' | 'rules' | 'more'>;

export function recordShadow(fired: readonly RuleDocument[]): ShadowRecord | undefined {
  if (!fired.some(isShadow)) return undefined;
  const shadow = fired.filter(isShadow);
  const rules = shadow.slice(0, SHADOW_RULES_RECORDED_MAX);
  const { value, score } = decide(fired, true);
  return {
    decision: value,
    score,
    rules: rules.map(({ id, version }) => ({ ruleId: id, ruleVersion: version })),
    more: shadow.length - rules.length,
  };
}

export function shadowOutcome(
  record: ShadowRecord,
  index: number,
  event: WeirEvent,
  customer: string,
  rulesetVersion: number,
): ShadowOutcome {
  const about = { index, eventId: event.id, source: event.source, customer, timeMs: event.timeMs };
  return { kind: 'shadow', ...about, ...record, rulesetVersion };
}
