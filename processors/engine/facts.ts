/**
 * The facts that rules read beside the event's own: customer, merchant, device and bill, as they were just before the event.
 * `docs/facts.md` lists every member; a member that is added here is added there.
 */
import { DAY_MS } from '../../core/clock.ts';
import type { TransactionData } from '../../core/events/data-schemas.ts';
import type { WeirEvent } from '../../core/events/event.ts';
import { localDayOf } from '../../core/events/event-facts.ts';
import { accessorsOf } from '../../core/own-accessors.ts';
import type { CustomerDetails } from './customers/customer-details.ts';
import type { EngineState } from './engine-state.ts';

/** Where the facts are read from when a rule asks: the event at hand and what is known just before it. */
export interface FactSource {
  readonly state: EngineState;
  readonly event: WeirEvent;
  readonly customer: string;
  /** In the customer table, 0 for a customer that this event is the first of. */
  readonly row: number;
  /** In the merchant table, 0 for a merchant that is not known yet. */
  readonly merchantRow: number;
  readonly details: CustomerDetails;
  /** Whether the customer was seen with this device before; undefined where the event names none. */
  readonly knownDevice: boolean | undefined;
  /** Of the customer's cards. */
  issuers(): readonly string[];
}

/** Each member is computed when it is read, from what the source says then: one object can serve every event. */
export function customerFact(from: FactSource): object {
  return new CustomerFact(from);
}

class CustomerFact {
  static readonly #members = accessorsOf(this.prototype);
  readonly #from: FactSource;

  constructor(from: FactSource) {
    this.#from = from;
    Object.defineProperties(this, CustomerFact.#members);
  }

  get id() {
    return this.#from.customer;
  }

  get name() {
    return this.#from.details.profile.name;
  }

  get phone() {
    return this.#from.details.profile.phone;
  }

  get email() {
    return this.#from.details.profile.email;
  }

  get segment() {
    return this.#from.details.profile.segment;
  }

  get birthDate() {
    return this.#from.details.profile.birthDate;
  }

  get ageYears() {
    const { birthDate } = this.#from.details.profile;
    return birthDate === undefined ? undefined : ageYears(birthDate, this.#from.event);
  }

  get homeCity() {
    return this.#from.details.profile.homeCity;
  }

  get timeZone() {
    return this.#from.details.profile.timeZone;
  }

  get language() {
    return this.#from.details.profile.language;
  }

  get attributes() {
    return this.#from.details.profile.attributes;
  }

  get consents() {
    return this.#from.details.profile.consents;
  }

  get hasProfile() {
    return this.#from.details.profileMs > 0;
  }

  get firstSeenDays() {
    return this.#from.row === 0
      ? 0
      : daysSince(this.#from.state.customers.firstSeenMs(this.#from.row), this.#from.event.timeMs);
  }

  get transactionCount() {
    return this.#from.row === 0 ? 0 : this.#from.state.customers.transactions(this.#from.row);
  }

  get knownDevice() {
    return this.#from.knownDevice;
  }

  get cardIssuers() {
    return this.#from.issuers();
  }

  get openBills() {
    return this.#from.details.bills.length;
  }
}

/** Likewise, for a transaction that names a merchant. */
export function merchantFact(from: FactSource): object {
  return new MerchantFact(from);
}

class MerchantFact {
  static readonly #members = accessorsOf(this.prototype);
  readonly #from: FactSource;

  constructor(from: FactSource) {
    this.#from = from;
    Object.defineProperties(this, MerchantFact.#members);
  }

  get id() {
    return merchantOf(this.#from)?.id;
  }

  get name() {
    return merchantOf(this.#from)?.name;
  }

  get mcc() {
    return merchantOf(this.#from)?.mcc;
  }

  get city() {
    return merchantOf(this.#from)?.city;
  }

  get lat() {
    return merchantOf(this.#from)?.lat;
  }

  get lon() {
    return merchantOf(this.#from)?.lon;
  }

  get firstSeenDays() {
    const { state, merchantRow, event } = this.#from;
    return merchantRow === 0 ? 0 : daysSince(state.merchants.firstSeenMs(merchantRow), event.timeMs);
  }

  get transactionCount() {
    return this.#from.merchantRow === 0 ? 0 : this.#from.state.merchants.transactions(this.#from.merchantRow);
  }

  get fraudLabels() {
    return this.#from.merchantRow === 0 ? 0 : this.#from.state.merchants.fraudLabels(this.#from.merchantRow);
  }
}

/** Likewise, for a transaction that names a device. */
export function deviceFact(from: FactSource): object {
  return new DeviceFact(from);
}

class DeviceFact {
  static readonly #members = accessorsOf(this.prototype);
  readonly #from: FactSource;

  constructor(from: FactSource) {
    this.#from = from;
    Object.defineProperties(this, DeviceFact.#members);
  }

  get id() {
    return deviceOf(this.#from)?.id;
  }

  get ip() {
    return deviceOf(this.#from)?.ip;
  }

  get known() {
    return this.#from.knownDevice;
  }
}

function merchantOf({ event }: FactSource): TransactionData['merchant'] {
  return event.type === 'transaction' ? event.data.merchant : undefined;
}

function deviceOf({ event }: FactSource): TransactionData['device'] {
  return event.type === 'transaction' ? event.data.device : undefined;
}

export interface Position {
  readonly lat: number;
  readonly lon: number;
}

const REMOTE_CHANNELS: ReadonlySet<unknown> = new Set(['app', 'web', 'ussd', 'sms']);

/** Where the customer is: the event's own coordinates, or the merchant's where the payment was made on the spot. */
export function positionOf(event: WeirEvent): Position | undefined {
  if (event.type === 'location') return event.data;
  if (event.type !== 'transaction') return undefined;
  const { lat, lon, merchant, channel } = event.data;
  if (lat !== undefined && lon !== undefined) return { lat, lon };
  if (merchant?.lat === undefined || merchant.lon === undefined || REMOTE_CHANNELS.has(channel)) return undefined;
  return { lat: merchant.lat, lon: merchant.lon };
}

function daysSince(fromMs: number, toMs: number): number {
  return Math.max(0, Math.floor((toMs - fromMs) / DAY_MS));
}

function ageYears(birthDate: string, event: WeirEvent): number {
  const today = new Date(localDayOf(event.timeMs, event.offsetMinutes) * DAY_MS);
  const years = today.getUTCFullYear() - Number(birthDate.slice(0, 4));
  const monthAndDay = (today.getUTCMonth() + 1) * 100 + today.getUTCDate();
  return monthAndDay < Number(birthDate.slice(5, 7)) * 100 + Number(birthDate.slice(8, 10)) ? years - 1 : years;
}
