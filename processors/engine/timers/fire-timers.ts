/**
 * What a tick of the log's clock brings: every timer that is due, in the order of their times, each judged, written and
 * committed by itself. One that fails costs itself only and is quarantined with the entry that set it.
 */
import type { WeirEvent } from '../../../core/events/event.ts';
import type { AlertOutcome, OfferOutcome } from '../../../core/outcomes/outcome.ts';
import type { EngineState } from '../engine-state.ts';
import { CUSTOMER } from '../event-keys.ts';
import type { Judgement } from '../judgement.ts';
import { remember } from '../offers/offer-memory.ts';
import { outcomeId } from '../offers/plan-offers.ts';
import type { KpiAccumulator } from '../outcomes/kpi-accumulator.ts';
import type { OutcomeParts } from '../outcomes/outcome-parts.ts';
import { shadowOutcome } from '../record-shadow.ts';
import type { DueTimer } from './absences.ts';
import { judgeTimer, type TimerJudgement } from './judge-timer.ts';

/** Sets the timers of an event that was committed just now; `entry` are its bytes. */
export function setTimers(state: EngineState, event: WeirEvent, j: Judgement, entry: Uint8Array): void {
  const row = state.entities.customerOf(j.keys.entities[CUSTOMER] as number);
  state.absences.set(event, j.keys, entry, row, state.customers, state.clockMs, state.counters);
}

/** `index` is the tick's in its frame; `poison` takes an entry whose timer cannot be processed. */
export function fireTimers(
  state: EngineState,
  index: number,
  parts: OutcomeParts,
  kpis: KpiAccumulator,
  poison: (entry: Uint8Array, index: number, error: unknown) => void,
): void {
  for (;;) {
    const taken = state.absences.takeDue(state.clockMs);
    if (taken === undefined) return;
    state.counters.timersDue++;
    const row = state.entities.customerOf(state.identity.rootEntity(taken.customer));
    if (row !== 0 && !taken.isShadow) state.customers.addTimers(row, -1);
    const { due } = taken;
    if (due === undefined) continue;
    const mark = parts.count;
    let judged: TimerJudgement | undefined;
    let alert: AlertOutcome | undefined;
    try {
      judged = judgeTimer(state, due, index);
      if (judged === undefined) continue;
      for (const offer of judged.offers.outcomes) parts.add(offer);
      alert = alertOf(state, due, judged, index);
      if (alert !== undefined) parts.add(alert);
      const { shadow, event, customer } = judged;
      if (shadow !== undefined) parts.add(shadowOutcome(shadow, index, event, customer, state.rules.version));
    } catch (error) {
      parts.rollBack(mark);
      poison(due.entry, index, error);
      continue;
    }
    commit(state, judged, alert, kpis);
  }
}

/** Fraud rules that fire on a timer raise an alert; there is no transaction left to decide upon. */
function alertOf(
  state: EngineState,
  { absence }: DueTimer,
  { event, customer, decision, dimensions }: TimerJudgement,
  index: number,
): AlertOutcome | undefined {
  if (decision.value === 'approve') return undefined;
  const data = event.type === 'transaction' ? event.data : undefined;
  return {
    kind: 'alert',
    index,
    alertId: outcomeId('a', event, absence.requirement),
    eventId: event.id,
    source: event.source,
    customer,
    timeMs: event.timeMs,
    decision: decision.value,
    score: decision.score,
    amount: data?.amount ?? 0,
    merchantId: data?.merchant?.id ?? '',
    rulesetVersion: state.rules.version,
    reasons: decision.reasons,
    ...dimensions,
  };
}

function commit(
  state: EngineState,
  { event, row, details, offers, shadow, dimensions }: TimerJudgement,
  alert: AlertOutcome | undefined,
  kpis: KpiAccumulator,
): void {
  const { counters } = state;
  if (alert !== undefined) {
    counters.alerts++;
    kpis.addAlert(event.timeMs, dimensions);
  }
  for (const offer of offers.outcomes as readonly OfferOutcome[]) kpis.addOffer(event.timeMs, offer);
  if (shadow !== undefined) counters.shadowed++;
  counters.offers += offers.outcomes.length;
  for (const reason of offers.heldBack) counters.offersHeldBack[reason]++;
  if (offers.remembered.length === 0) return;
  state.details.set(row, { ...details, offers: remember(details.offers, offers.remembered, event.timeMs) });
}
