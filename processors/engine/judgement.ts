/** What the engine makes of one event before anything changes: filled by `judge-event.ts`, applied by `commit-event.ts`. */
import type { TransactionView } from '../../core/codec/transaction-view.ts';
import type { KpiDimensions } from '../../core/outcomes/outcome.ts';
import type { CustomerDetails } from './customers/customer-details.ts';
import type { EventName } from './customers/event-name.ts';
import { APPROVED, type Decision } from './decide.ts';
import { EventKeys } from './event-keys.ts';
import type { Position } from './facts.ts';
import type { RememberedOffer } from './offers/offer-memory.ts';
import { NO_OFFERS, type PlannedOffers } from './offers/plan-offers.ts';
import type { ShadowRecord } from './record-shadow.ts';
import type { Place } from './tables/place-index.ts';

export const NO_TRACE = new Uint8Array(0);
export const NO_DIMENSIONS: KpiDimensions = { businessLine: '', channel: '', region: '', currency: '' };

/** What an event comes to. One instance is reused: it holds until the next event is judged. */
export class Judgement {
  duplicate = false;
  late = false;
  /** Where the event is read in its frame. */
  view: TransactionView | undefined;
  /** Whom the subject was resolved to; undefined where the event is viewed and its subject is the customer. */
  named: string | undefined = '';
  /** The name of its own that a place owns its events under. */
  placeOwner: string | undefined;
  ownerEntity = 0;
  /** In the customer table, 0 where this is the first event. */
  row = 0;
  readonly name: EventName = { idA: 0, idB: 0, source: 0 };
  readonly keys = new EventKeys();
  /** By `Series.slot`: whether the event enters the series, and with what value. */
  enters = new Uint8Array(0);
  entering = new Float64Array(0);
  /** The cell that it enters, 0 where there is none yet. */
  cells = new Uint32Array(0);
  lateForKey = 0;
  position: Position | undefined;
  details: CustomerDetails | undefined;
  place: Place | undefined;
  /** The transaction that a label is about (`history.ts`), 0 if it is not known. */
  labelled = 0;
  decision: Decision = APPROVED;
  trace: Uint8Array = NO_TRACE;
  dimensions: KpiDimensions = NO_DIMENSIONS;
  /** What `dimensions` is for a transaction. */
  readonly ownDimensions = { ...NO_DIMENSIONS };
  offers: PlannedOffers = NO_OFFERS;
  shadow: ShadowRecord | undefined;
  withdrawn: readonly RememberedOffer[] = [];
  withdrawnReason = '';

  get customer(): string {
    return this.named ?? this.view?.event.subject ?? '';
  }

  set customer(name: string) {
    this.named = name;
  }

  /** The owner of the event: the customer, or the place under a name of its own. */
  get owner(): string {
    return this.placeOwner ?? this.customer;
  }
}
