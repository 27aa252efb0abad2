/**
 * The second half of an event's way through the engine: applies a judgement to the state. Nothing in here decides, and
 * nothing may fail: `assertCommittable` has checked the bounds before the outcomes were written.
 */
import { ISSUER } from '../../core/codec/transaction-fields.ts';
import type { WeirEvent } from '../../core/events/event.ts';
import { cellsToFollow, followEvent, idsToFollow } from './activation/follow-event.ts';
import { LINK_KEYS } from './customers/history-events.ts';
import { cellsToMerge, linkIdentifier } from './customers/merge-customers.ts';
import type { EngineState } from './engine-state.ts';
import { issuerOf } from './event-facts.ts';
import { CARD, CUSTOMER, DEVICE, findField, MERCHANT } from './event-keys.ts';
import type { Judgement } from './judgement.ts';
import { COMMIT_WORDS_MAX, ENTITY_TEXT_UNITS_MAX } from './limits.ts';
import { remember, withdraw } from './offers/offer-memory.ts';
import { SERIES_TYPES, type Series } from './windows/series.ts';
import { NO_CELL } from './windows/window-cells.ts';

const recorded = new Uint32Array(LINK_KEYS);

/** Throws where a bound of the state stands in the way of the commit. */
export function assertCommittable(state: EngineState, event: WeirEvent, j: Judgement): void {
  const links = j.details?.links.length ?? 0;
  state.slab.assertRoom(COMMIT_WORDS_MAX);
  state.entities.assertRoom(j.keys.texts.length + 1 + links + idsToFollow(state));
  const merged = event.type === 'profile' ? cellsToMerge(state, event.data.links ?? []) : 0;
  state.windows.cells.assertRoom(state.rules.plan.series.length + cellsToFollow(state) + merged);
  state.sequences.assertRoom(merged);
  state.customers.assertRoom(1);
  state.merchants.assertRoom(1);
  for (const text of j.keys.texts) {
    if (text !== undefined && text.length > ENTITY_TEXT_UNITS_MAX)
      throw new RangeError(`an id of ${text.length} characters is longer than ${ENTITY_TEXT_UNITS_MAX}`);
  }
}

export function commitEvent(state: EngineState, event: WeirEvent, j: Judgement): void {
  const { entities, customers, rules } = state;
  j.keys.internAll(entities);
  const row = ownerRow(state, event, j);
  const keys = event.type === 'transaction' ? recordedKeys(j) : undefined;
  const timed = SERIES_TYPES.indexOf(event.type as Series['type']);
  if (timed >= 0) customers.raiseNewestMs(row, timed, event.timeMs);
  // While the labelled transaction is sure to be there: the label itself may push it out of the history.
  if (event.type === 'label') commitLabel(state, event.data.fraud, j);
  state.history.insert(row, event.timeMs, j.name, keys, rules.settings.historyMs, rules.settings.historyEventsMax);
  if (!j.late) enterSeries(state, event, j);
  followEvent(state, event, j);
  state.sequences.commit(event, j.keys, rules.settings, state.clockMs);
  if (event.type === 'transaction') commitTransaction(state, event.timeMs, row, j);
  else if (event.type === 'place' && j.place !== undefined) state.places.put(j.place);
  const issuer = issuerEntity(state, event, j);
  if (issuer !== 0) customers.addIssuer(row, issuer);
  commitDetails(state, event, row, j);
  if (event.type === 'profile') for (const link of event.data.links ?? []) linkIdentifier(state, link, j.customer);
  count(state, event, j);
}

/** The issuer of the card that the event shows, interned; 0 where there is none. */
function issuerEntity({ entities }: EngineState, event: WeirEvent, j: Judgement): number {
  const known = j.view === undefined || j.view.length(ISSUER) === 0 ? 0 : findField(j.view, ISSUER, entities);
  if (known !== 0) return known;
  const issuer = issuerOf(event);
  return issuer === undefined ? 0 : entities.intern(issuer);
}

function ownerRow(state: EngineState, event: WeirEvent, j: Judgement): number {
  const { customers, entities } = state;
  if (j.row !== 0) {
    customers.see(j.row, event.timeMs);
    return j.row;
  }
  const entity = j.keys.entities[CUSTOMER] as number;
  const row = customers.add(entity, event.timeMs);
  entities.setCustomer(entity, row);
  return row;
}

function recordedKeys(j: Judgement): Uint32Array {
  for (let key = CARD; key <= LINK_KEYS; key++) recorded[key - 1] = j.keys.entities[key] as number;
  return recorded;
}

function enterSeries(state: EngineState, event: WeirEvent, j: Judgement): void {
  const { windows, rules } = state;
  const { allowedLatenessMs, historyEventsMax } = rules.settings;
  const { series, positions } = rules.plan;
  for (let slot = 0; slot < series.length; slot++) {
    if (j.enters[slot] !== 1) continue;
    const one = series[slot] as Series;
    const known = j.cells[slot] as number;
    const cell = known === NO_CELL ? cellOf(state, one, j) : known;
    const value = j.entering[slot] as number;
    windows.insert(cell, one, event.timeMs, value, 0, one.reachMs + allowedLatenessMs, historyEventsMax, state.clockMs);
  }
  if (positions === undefined || j.position === undefined) return;
  const cell = cellOf(state, positions, j);
  if (event.timeMs < windows.newestMs(cell) - allowedLatenessMs) return;
  const { lat, lon } = j.position;
  windows.insert(cell, positions, event.timeMs, lat, lon, allowedLatenessMs, historyEventsMax, state.clockMs);
}

function cellOf(state: EngineState, series: Series, j: Judgement): number {
  const { keys } = series;
  const keyOf = (i: number) => (keys[i] === undefined ? 0 : (j.keys.entities[keys[i]] as number));
  return state.windows.cells.findOrAdd(series.id, series.columns, keyOf(0), keyOf(1), keyOf(2));
}

function commitTransaction(state: EngineState, timeMs: number, row: number, j: Judgement): void {
  const { customers, merchants, entities } = state;
  customers.addTransactions(row, 1);
  const device = j.keys.entities[DEVICE] as number;
  if (device !== 0) customers.addDevice(row, device);
  const entity = j.keys.entities[MERCHANT] as number;
  if (entity === 0) return;
  let merchant = entities.merchantOf(entity);
  if (merchant === 0) {
    merchant = merchants.add(timeMs);
    entities.setMerchant(entity, merchant);
  }
  merchants.addTransaction(merchant, timeMs);
}

/** A transaction counts once among its merchant's fraud labels, however often it is labelled, and the last label holds. */
function commitLabel(state: EngineState, fraud: boolean, j: Judgement): void {
  if (j.labelled === 0) {
    state.counters.labelsUnmatched++;
    return;
  }
  if (state.history.isFraud(j.labelled) === fraud) return;
  state.history.markFraud(j.labelled, fraud);
  const merchant = state.entities.merchantOf(j.keys.entities[MERCHANT] as number);
  if (merchant !== 0) state.merchants.addFraudLabels(merchant, fraud ? 1 : -1);
}

function commitDetails(state: EngineState, event: WeirEvent, row: number, j: Judgement): void {
  if (j.offers.remembered.length === 0 && j.withdrawn.length === 0) {
    if (j.details !== undefined) state.details.set(row, j.details);
    return;
  }
  const details = j.details ?? state.details.get(row);
  const offers = remember(withdraw(details.offers, j.withdrawn), j.offers.remembered, event.timeMs);
  state.details.set(row, { ...details, offers });
}

function count(state: EngineState, event: WeirEvent, j: Judgement): void {
  const { counters } = state;
  counters.accepted++;
  if (j.late) counters.late++;
  counters.lateForKey += j.lateForKey;
  if (event.type === 'transaction') {
    counters.decisions++;
    if (j.decision.value !== 'approve') counters.alerts++;
  }
  counters.offers += j.offers.outcomes.length;
  counters.withdrawn += j.withdrawn.length;
  if (j.shadow !== undefined) counters.shadowed++;
  for (const reason of j.offers.heldBack) counters.offersHeldBack[reason]++;
}
