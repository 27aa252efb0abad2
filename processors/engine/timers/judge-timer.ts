/**
 * Asks the rules on `timer` when one is due: whether what it waited for came is read off the windows at that moment, so
 * events that came late, or before the one that set the timer, count by their own times. The facts are those of the
 * event that set it, as things stand; `event.timeMs` and local times are those of the moment it was due.
 */
import { decodeEntry } from '../../../core/codec/entry.ts';
import { WeirError } from '../../../core/errors.ts';
import type { WeirEvent } from '../../../core/events/event.ts';
import { eventFact, localDayOf } from '../../../core/events/event-facts.ts';
import type { KpiDimensions } from '../../../core/outcomes/outcome.ts';
import { isShadow } from '../../../rules/rule-document.ts';
import type { RuleInput } from '../../../rules/ruleset.ts';
import { nextBill } from '../customers/bills.ts';
import type { CustomerDetails } from '../customers/customer-details.ts';
import { type Decision, decide } from '../decide.ts';
import type { EngineState } from '../engine-state.ts';
import { CUSTOMER, KEY_INDEX } from '../event-keys.ts';
import { customerFact, deviceFact, type FactSource, merchantFact, positionOf } from '../facts.ts';
import { Judgement, NO_DIMENSIONS } from '../judgement.ts';
import { type PlannedOffers, planOffers } from '../offers/plan-offers.ts';
import { dimensionsOf } from '../outcomes/kpi-accumulator.ts';
import { cellAt, readGroups, readLists } from '../read-values.ts';
import { recordShadow, type ShadowRecord } from '../record-shadow.ts';
import { NO_CELL } from '../windows/window-cells.ts';
import type { DueTimer } from './absences.ts';

export interface TimerJudgement {
  /** The event that set the timer, at the time it was due. */
  readonly event: WeirEvent;
  readonly customer: string;
  readonly row: number;
  readonly details: CustomerDetails;
  readonly decision: Decision;
  readonly offers: PlannedOffers;
  readonly shadow: ShadowRecord | undefined;
  readonly dimensions: KpiDimensions;
}

/** Undefined where what it waited for has come. Changes nothing; throws where the entry cannot be processed any more. */
export function judgeTimer(state: EngineState, timer: DueTimer, index: number): TimerJudgement | undefined {
  const { rules } = state;
  const { ruleSet } = rules;
  const entry = decodeEntry(timer.entry);
  if (ruleSet === undefined || entry.kind !== 'event')
    throw new WeirError('internal', 'a timer without rules or event');
  const event: WeirEvent = { ...entry.event, timeMs: timer.dueMs };
  const j = judgementFor(state, timer, event);
  if (hasCome(state, timer, entry.event.timeMs, j)) return undefined;
  const details = state.details.get(j.row);
  const bill = nextBill(details.bills, localDayOf(event.timeMs, event.offsetMinutes));
  const input = factsFor(state, event, j, details, bill?.fact);
  (input.values as unknown[])[timer.absence.index] = true;
  const all = ruleSet.evaluate(input);
  // Only shadow rules asked for this moment: to the others it is none.
  const fired = timer.absence.isShadow ? all.filter(isShadow) : all;
  const dimensions = event.type === 'transaction' ? dimensionsOf(event.data) : NO_DIMENSIONS;
  const { customer } = j;
  const offers = planOffers(fired, {
    // An offer of the event itself and one of its absence are two.
    event: { ...event, id: `${event.id}\u0000${timer.absence.requirement}` },
    index,
    customer,
    clockMs: state.clockMs,
    late: false,
    details,
    bill,
    values: input.values,
    rules,
    dimensions,
  });
  const shadow = recordShadow(fired);
  return { event, customer, row: j.row, details, decision: decide(fired), offers, shadow, dimensions };
}

function judgementFor(state: EngineState, timer: DueTimer, event: WeirEvent): Judgement {
  const { entities, identity, history, rules } = state;
  const j = new Judgement();
  j.ownerEntity = identity.rootEntity(timer.customer);
  j.customer = entities.textOf(j.ownerEntity);
  j.row = entities.customerOf(j.ownerEntity);
  j.enters = new Uint8Array(rules.plan.series.length);
  j.entering = new Float64Array(rules.plan.series.length);
  j.cells = new Uint32Array(rules.plan.series.length);
  if (event.type === 'transaction') {
    const { counterparty } = event.data;
    j.keys.setTransaction(
      event.data,
      counterparty === undefined ? undefined : identity.resolve(counterparty),
      entities,
    );
  } else if (event.type === 'label') {
    const transaction = j.row === 0 ? 0 : history.findTransaction(j.row, event.data.transactionId);
    if (transaction !== 0) j.keys.setRecorded(history, transaction);
  }
  j.keys.setPaths(rules.plan.paths, event.data, entities);
  j.keys.texts[CUSTOMER] = j.owner;
  j.keys.entities[CUSTOMER] = j.ownerEntity;
  j.position = positionOf(event);
  return j;
}

/** Whether an event that fits `of` lies after the one that set the timer, up to when it was due. */
function hasCome(state: EngineState, { absence, dueMs }: DueTimer, setMs: number, j: Judgement): boolean {
  const { windows, rules } = state;
  const series = rules.plan.absences.get(absence.index);
  if (series === undefined) throw new WeirError('internal', 'an absence without a series');
  const cell = cellAt(state, series, series.keys, j.keys);
  if (cell === NO_CELL) return false;
  const end = windows.positionAfter(cell, dueMs, windows.lengthOf(cell));
  return end > windows.positionAfter(cell, setMs, end);
}

function factsFor(
  state: EngineState,
  event: WeirEvent,
  j: Judgement,
  details: CustomerDetails,
  bill: object | undefined,
): RuleInput {
  const { customers, entities, rules } = state;
  const values: unknown[] = new Array(rules.valueCount).fill(undefined);
  readGroups(state, event, j, values);
  readLists(state, event, values);
  const issuers = (): string[] =>
    j.row === 0 ? [] : customers.issuers(j.row).map((entity) => entities.textOf(entity));
  if (j.position !== undefined) {
    const { lat, lon } = j.position;
    for (const { index, params } of rules.nearby)
      values[index] = state.places.nearest(lat, lon, params, params.acceptsCard ? issuers() : []);
  }
  const device = event.type === 'transaction' ? event.data.device?.id : undefined;
  const known =
    device === undefined
      ? undefined
      : j.row !== 0 && customers.hasDevice(j.row, j.keys.entities[KEY_INDEX.device] as number);
  const merchant = entities.merchantOf(j.keys.entities[KEY_INDEX.merchant] as number);
  const from: FactSource = {
    state,
    event,
    customer: j.customer,
    row: j.row,
    merchantRow: merchant,
    details,
    knownDevice: known,
    issuers,
  };
  const facts: Record<string, unknown> = { event: eventFact(event), customer: customerFact(from), bill };
  if (event.type !== 'bill') facts[event.type] = event.data;
  if (event.type === 'transaction') {
    facts.merchant = event.data.merchant === undefined ? undefined : merchantFact(from);
    facts.device = event.data.device === undefined ? undefined : deviceFact(from);
  }
  return { type: 'timer', facts, values };
}
