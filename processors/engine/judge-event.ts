/**
 * The first half of an event's way through the engine: everything that can fail, and nothing that changes state. It
 * resolves the customer, looks for a duplicate, reads windows and facts, asks the rules, and leaves a `Judgement` that
 * `commit-event.ts` applies. An exception in here costs the entry only.
 */
import { ByteWriter } from '../../core/codec/byte-writer.ts';
import { COUNTERPARTY, SUBJECT } from '../../core/codec/transaction-fields.ts';
import type { TransactionView } from '../../core/codec/transaction-view.ts';
import { WeirError } from '../../core/errors.ts';
import type { EventOf, WeirEvent } from '../../core/events/event.ts';
import { localDayOf } from '../../core/events/event-facts.ts';
import type { RuleDocument } from '../../rules/rule-document.ts';
import type { RuleInput } from '../../rules/ruleset.ts';
import { applyBill, applyPayment, type BillChange, nextBill } from './customers/bills.ts';
import { applyProfile, type CustomerDetails } from './customers/customer-details.ts';
import { nameEvent, nameViewed } from './customers/event-name.ts';
import { isIdentifier } from './customers/identity.ts';
import { APPROVED, decide } from './decide.ts';
import type { EngineState } from './engine-state.ts';
import { EventFacts } from './event-facts.ts';
import { CUSTOMER, findField, KEY_INDEX, mayBeIdentifier } from './event-keys.ts';
import { positionOf } from './facts.ts';
import type { FramePrefetch } from './frame-prefetch.ts';
import { Judgement, NO_DIMENSIONS, NO_TRACE } from './judgement.ts';
import { LINKS_PER_CUSTOMER_MAX } from './limits.ts';
import { openOffers } from './offers/offer-memory.ts';
import { NO_OFFERS, planOffers } from './offers/plan-offers.ts';
import { setDimensions } from './outcomes/kpi-accumulator.ts';
import { cellAt, readGroups, readLists, readTravel } from './read-values.ts';
import { recordShadow } from './record-shadow.ts';
import type { Place } from './tables/place-index.ts';
import { SERIES_TYPES, type Series } from './windows/series.ts';
import { NO_CELL } from './windows/window-cells.ts';

/** One event in this many shows the next compilation what live traffic is like. */
const EVENTS_PER_SAMPLE = 256;
const NO_ISSUERS: readonly string[] = [];
const NONE_WITHDRAWN: Judgement['withdrawn'] = [];
const PLACE_OWNER = 'place\u0000';

export class EventJudge {
  readonly judgement = new Judgement();
  readonly #state: EngineState;
  readonly #values: unknown[] = [];
  readonly #trace = new ByteWriter();
  readonly #facts: EventFacts;
  readonly #prefetch: FramePrefetch;

  constructor(state: EngineState, prefetch: FramePrefetch) {
    this.#state = state;
    this.#prefetch = prefetch;
    this.#facts = new EventFacts(state, this.judgement);
  }

  /**
   * Throws where the event cannot be processed; no state has changed then. `view` is what `event` belongs to where it is
   * read in its frame: what the judgement holds of it holds until the view goes on.
   */
  judge(event: WeirEvent, index: number, view: TransactionView | undefined): Judgement {
    const j = this.#begin(event, index, view);
    if (j.duplicate) return j;
    const { rules } = this.#state;
    const details = this.#planDetails(event, j);
    if (event.type === 'label') j.labelled = this.#findLabelled(event, j);
    this.#setKeys(event, index, j);
    if (!j.late) this.#planEntries(event, index, j);
    this.#state.sequences.plan(event, j.keys, j.late, rules.settings.allowedLatenessMs);
    if (rules.plan.positions !== undefined || rules.nearby.length > 0) j.position = positionOf(event);
    if (event.type === 'transaction') {
      setDimensions(j.ownDimensions, event.data);
      j.dimensions = j.ownDimensions;
    }
    if (event.type === 'place') j.place = placeOf(event, this.#state);
    const { ruleSet } = rules;
    if (ruleSet === undefined || !rules.types.has(event.type)) return j;
    const bill = nextBill(details.bills, localDayOf(event.timeMs, event.offsetMinutes));
    const input = this.#factsFor(event, j, details, bill?.fact);
    if (this.#state.counters.accepted % EVENTS_PER_SAMPLE === 0) ruleSet.sample(input);
    let fired: readonly RuleDocument[];
    if (event.type === 'transaction') {
      this.#trace.reset();
      fired = ruleSet.evaluateTraced(input, this.#trace);
      j.decision = decide(fired);
      j.trace = this.#trace.view();
    } else {
      fired = ruleSet.evaluate(input);
    }
    j.shadow = recordShadow(fired);
    this.#planOffers(fired, event, index, j, details, bill);
    return j;
  }

  #begin(event: WeirEvent, index: number, view: TransactionView | undefined): Judgement {
    const state = this.#state;
    const j = this.judgement;
    j.view = view;
    if (view === undefined || mayBeIdentifier(view, SUBJECT)) {
      const token = event.type === 'transaction' ? event.data.instrument?.token : undefined;
      j.named = event.type === 'place' ? event.subject : state.identity.resolve(event.subject, token);
      j.placeOwner = event.type === 'place' ? PLACE_OWNER + event.subject : undefined;
      nameEvent(j.name, event.id, event.source);
      j.ownerEntity = state.entities.find(j.owner);
      j.row = state.entities.customerOf(j.ownerEntity);
      j.duplicate = this.#isDuplicate(event, token, j);
    } else {
      j.named = undefined;
      j.placeOwner = undefined;
      nameViewed(j.name, view);
      j.ownerEntity = findField(view, SUBJECT, state.entities, this.#prefetch.entity(index, CUSTOMER));
      j.row = state.entities.customerOf(j.ownerEntity);
      j.duplicate = j.row !== 0 && state.history.holds(j.row, event.timeMs, j.name);
    }
    if (j.duplicate) return j;
    if (j.row !== 0 && state.history.isBeyond(j.row, event.timeMs))
      throw new WeirError(
        'event.unprocessable',
        'the event is older than the history kept of its customer, so it cannot be told from a duplicate',
      );
    const newestMs = j.row === 0 ? Number.NEGATIVE_INFINITY : this.#newestMs(event, j.row);
    j.late = event.timeMs < newestMs - state.rules.settings.allowedLatenessMs;
    const slots = state.rules.plan.series.length;
    if (j.enters.length !== slots) {
      j.enters = new Uint8Array(slots);
      j.entering = new Float64Array(slots);
      j.cells = new Uint32Array(slots);
    } else {
      j.enters.fill(0);
    }
    j.keys.clear();
    j.lateForKey = 0;
    j.position = undefined;
    j.details = undefined;
    j.place = undefined;
    j.labelled = 0;
    j.decision = APPROVED;
    j.trace = NO_TRACE;
    j.dimensions = NO_DIMENSIONS;
    j.offers = NO_OFFERS;
    j.shadow = undefined;
    j.withdrawn = NONE_WITHDRAWN;
    return j;
  }

  #isDuplicate(event: WeirEvent, token: string | undefined, j: Judgement): boolean {
    const { identity, history } = this.#state;
    if (event.type === 'place' || !isIdentifier(event.subject))
      return j.row !== 0 && history.holds(j.row, event.timeMs, j.name);
    const rows = identity.rowsThatMayHold(event.subject, token, j.owner);
    return rows.some((row) => history.holds(row, event.timeMs, j.name));
  }

  /** Newest event of the same type; types that no window takes are never late. */
  #newestMs(event: WeirEvent, row: number): number {
    const timed = SERIES_TYPES.indexOf(event.type as Series['type']);
    return timed < 0 ? Number.NEGATIVE_INFINITY : this.#state.customers.newestMs(row, timed);
  }

  /** The customer's details after the event; `j.details` is set where they differ. */
  #planDetails(event: WeirEvent, j: Judgement): CustomerDetails {
    const details = this.#state.details.get(j.row);
    if (event.type === 'profile') {
      j.details = applyProfile(details, event.data, event.timeMs);
      if (j.details.links.length > LINKS_PER_CUSTOMER_MAX)
        throw new RangeError(`a customer has at most ${LINKS_PER_CUSTOMER_MAX} linked identifiers`);
    } else if (event.type === 'bill') {
      this.#planBills(applyBill(details.bills, event.data), event, j, details);
    } else if (event.type === 'transaction' && details.bills.length > 0) {
      this.#planBills(applyPayment(details.bills, event.data), event, j, details);
    } else if (event.type === 'offer_feedback') {
      const { offerId, action } = event.data;
      if (action === 'accepted' || action === 'redeemed' || action === 'dismissed') {
        j.withdrawn = openOffers(details.offers, event.timeMs, (offer) => offer.offerId === offerId);
        j.withdrawnReason = action;
      }
    }
    return j.details ?? details;
  }

  #planBills(change: BillChange | undefined, event: WeirEvent, j: Judgement, details: CustomerDetails): void {
    if (change === undefined) return;
    j.details = { ...details, bills: change.bills };
    j.withdrawnReason = 'bill_paid';
    j.withdrawn = openOffers(details.offers, event.timeMs, (offer) => change.paid.includes(offer.billKey));
  }

  #findLabelled(event: EventOf<'label'>, j: Judgement): number {
    const { identity, history } = this.#state;
    for (const row of identity.rowsThatMayHold(event.subject, undefined, j.customer)) {
      const transaction = history.findTransaction(row, event.data.transactionId);
      if (transaction !== 0) return transaction;
    }
    return 0;
  }

  #setKeys(event: WeirEvent, index: number, j: Judgement): void {
    const { entities, identity, history, rules } = this.#state;
    const { view } = j;
    if (view !== undefined) {
      const resolves = view.has(COUNTERPARTY) && mayBeIdentifier(view, COUNTERPARTY);
      const named = resolves ? view.text(COUNTERPARTY) : undefined;
      const counterparty = named === undefined ? undefined : identity.resolve(named);
      j.keys.setViewed(view, index, counterparty, entities, this.#prefetch);
    } else if (event.type === 'transaction') {
      const { counterparty } = event.data;
      j.keys.setTransaction(
        event.data,
        counterparty === undefined ? undefined : identity.resolve(counterparty),
        entities,
      );
    } else if (event.type === 'label' && j.labelled !== 0) {
      j.keys.setRecorded(history, j.labelled);
      j.keys.entities[KEY_INDEX.counterparty] = identity.rootEntity(j.keys.entities[KEY_INDEX.counterparty] as number);
    }
    const { paths } = rules.plan;
    if (paths.length > 0) j.keys.setPaths(paths, event.data, entities);
    if (j.ownerEntity === 0) j.keys.texts[CUSTOMER] = j.owner;
    j.keys.entities[CUSTOMER] = j.ownerEntity;
  }

  /** Which series the event enters, with which value: the event is read as part of them before it is stored. */
  #planEntries(event: WeirEvent, index: number, j: Judgement): void {
    if (event.type !== 'transaction' && event.type !== 'location' && event.type !== 'label') return;
    const { windows, rules } = this.#state;
    const series = rules.plan.seriesOfType[event.type];
    for (let i = 0; i < series.length; i++) {
      const one = series[i] as Series;
      let complete = true;
      for (let k = 0; k < one.keys.length && complete; k++) complete = j.keys.has(one.keys[k] as number);
      if (!complete || !one.matches(event.data)) continue;
      const value = one.valueOf(event.data);
      if (value === undefined) continue;
      const cell = cellAt(this.#state, one, one.keys, j.keys, this.#prefetch.cell(index, i));
      if (cell !== NO_CELL && event.timeMs < windows.newestMs(cell) - rules.settings.allowedLatenessMs) {
        j.lateForKey++;
        continue;
      }
      j.enters[one.slot] = 1;
      j.entering[one.slot] = value;
      j.cells[one.slot] = cell;
    }
  }

  #factsFor(event: WeirEvent, j: Judgement, details: CustomerDetails, bill: object | undefined): RuleInput {
    const { state, values } = { state: this.#state, values: this.#values };
    const { valueCount } = state.rules;
    if (values.length !== valueCount) values.length = valueCount;
    // A loop: `fill` of an array, and setting its length, leave compiled code.
    for (let i = 0; i < valueCount; i++) values[i] = undefined;
    readGroups(state, event, j, values);
    readTravel(state, event, j, values);
    readLists(state, event, values);
    state.sequences.read(event, j.keys, values);
    const input = this.#facts.of(event, details, bill, values);
    if (j.position !== undefined) {
      for (const { index, params } of state.rules.nearby)
        values[index] = state.places.nearest(
          j.position.lat,
          j.position.lon,
          params,
          params.acceptsCard ? this.#facts.issuers() : NO_ISSUERS,
        );
    }
    return input;
  }

  #planOffers(
    fired: readonly RuleDocument[],
    event: WeirEvent,
    index: number,
    j: Judgement,
    details: CustomerDetails,
    bill: ReturnType<typeof nextBill>,
  ): void {
    const { rules, clockMs } = this.#state;
    if (rules.offers.size === 0 || fired.length === 0) return;
    const { customer, late, dimensions } = j;
    const context = { event, index, customer, clockMs, late, details, bill, values: this.#values, rules, dimensions };
    j.offers = planOffers(fired, context);
  }
}

function placeOf(event: EventOf<'place'>, state: EngineState): Place {
  state.places.assertRoom(event.subject);
  const { name, category, lat, lon, acceptsCards = [], discount, merchantId } = event.data;
  return { id: event.subject, name, category, lat, lon, acceptsCards, discount, merchantId, timeMs: event.timeMs };
}
