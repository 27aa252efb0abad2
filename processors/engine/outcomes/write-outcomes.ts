/**
 * From a judgement to the outcomes of its event: the accepted event, the decision and alert of a transaction, offers,
 * withdrawals and the shadow record, in this order. Nothing is committed yet: an outcome that cannot be written costs the
 * entry only.
 */
import type { EventOf, WeirEvent } from '../../../core/events/event.ts';
import { writeAcceptedView, writeDecisionView } from '../../../core/outcomes/viewed-outcomes.ts';
import type { Judgement } from '../judgement.ts';
import { outcomeId } from '../offers/plan-offers.ts';
import { shadowOutcome } from '../record-shadow.ts';
import type { OutcomeParts } from './outcome-parts.ts';

/** The entry lies in `[start, end)` of the frame. Throws a `RangeError` where an outcome cannot be encoded. */
export function writeOutcomes(
  parts: OutcomeParts,
  event: WeirEvent,
  index: number,
  j: Judgement,
  frame: Uint8Array,
  start: number,
  end: number,
  rulesetVersion: number,
): void {
  const { late, view } = j;
  if (view !== undefined) {
    writeAcceptedView(parts.begin(), index, late, view, j.named);
    parts.end();
  } else {
    const entry = frame.subarray(start, end);
    parts.add({ kind: 'accepted', index, type: event.type, customer: j.customer, late, entry });
  }
  if (event.type === 'transaction') writeDecision(parts, event, index, j, rulesetVersion);
  for (const offer of j.offers.outcomes) parts.add(offer);
  for (const { offerId } of j.withdrawn) {
    const { customer, withdrawnReason: reason } = j;
    parts.add({ kind: 'withdrawn', index, offerId, customer, timeMs: event.timeMs, reason });
  }
  if (j.shadow !== undefined) parts.add(shadowOutcome(j.shadow, index, event, j.customer, rulesetVersion));
}

function writeDecision(
  parts: OutcomeParts,
  event: EventOf<'transaction'>,
  index: number,
  j: Judgement,
  rulesetVersion: number,
): void {
  const { value, score, reasons } = j.decision;
  const { trace } = j;
  if (j.view !== undefined) {
    writeDecisionView(parts.begin(), index, j.view, j.named, {
      decision: value,
      score,
      rulesetVersion,
      reasons,
      trace,
    });
    parts.end();
    if (value === 'approve') return;
  }
  const about = { index, eventId: event.id, source: event.source, customer: j.customer, timeMs: event.timeMs };
  if (j.view === undefined)
    parts.add({ kind: 'decision', ...about, decision: value, score, rulesetVersion, reasons, trace });
  if (value === 'approve') return;
  parts.add({
    kind: 'alert',
    ...about,
    alertId: outcomeId('a', event, ''),
    decision: value,
    score,
    amount: event.data.amount,
    merchantId: event.data.merchant?.id ?? '',
    rulesetVersion,
    reasons,
    ...j.dimensions,
  });
}
