/**
 * The facts that rules read beside the event's own: customer, merchant, device and bill, as they were just before the event.
 * `docs/facts.md` lists every member; a member that is added here is added there.
 */
import { DAY_MS } from '../../core/clock.ts';
import type { TransactionData } from '../../core/events/data-schemas.ts';
import type { WeirEvent } from '../../core/events/event.ts';
import { localDayOf } from '../../core/events/event-facts.ts';
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
  return {
    get id() {
      return from.customer;
    },
    get name() {
      return from.details.profile.name;
    },
    get phone() {
      return from.details.profile.phone;
    },
    get email() {
      return from.details.profile.email;
    },
    get segment() {
      return from.details.profile.segment;
    },
    get birthDate() {
      return from.details.profile.birthDate;
    },
    get ageYears() {
      const { birthDate } = from.details.profile;
      return birthDate === undefined ? undefined : ageYears(birthDate, from.event);
    },
    get homeCity() {
      return from.details.profile.homeCity;
    },
    get timeZone() {
      return from.details.profile.timeZone;
    },
    get language() {
      return from.details.profile.language;
    },
    get attributes() {
      return from.details.profile.attributes;
    },
    get consents() {
      return from.details.profile.consents;
    },
    get hasProfile() {
      return from.details.profileMs > 0;
    },
    get firstSeenDays() {
      return from.row === 0 ? 0 : daysSince(from.state.customers.firstSeenMs(from.row), from.event.timeMs);
    },
    get transactionCount() {
      return from.row === 0 ? 0 : from.state.customers.transactions(from.row);
    },
    get knownDevice() {
      return from.knownDevice;
    },
    get cardIssuers() {
      return from.issuers();
    },
    get openBills() {
      return from.details.bills.length;
    },
  };
}

/** Likewise, for a transaction that names a merchant. */
export function merchantFact(from: FactSource): object {
  const merchant = (): NonNullable<TransactionData['merchant']> | undefined =>
    from.event.type === 'transaction' ? from.event.data.merchant : undefined;
  return {
    get id() {
      return merchant()?.id;
    },
    get name() {
      return merchant()?.name;
    },
    get mcc() {
      return merchant()?.mcc;
    },
    get city() {
      return merchant()?.city;
    },
    get lat() {
      return merchant()?.lat;
    },
    get lon() {
      return merchant()?.lon;
    },
    get firstSeenDays() {
      const { state, merchantRow, event } = from;
      return merchantRow === 0 ? 0 : daysSince(state.merchants.firstSeenMs(merchantRow), event.timeMs);
    },
    get transactionCount() {
      return from.merchantRow === 0 ? 0 : from.state.merchants.transactions(from.merchantRow);
    },
    get fraudLabels() {
      return from.merchantRow === 0 ? 0 : from.state.merchants.fraudLabels(from.merchantRow);
    },
  };
}

/** Likewise, for a transaction that names a device. */
export function deviceFact(from: FactSource): object {
  const device = (): TransactionData['device'] =>
    from.event.type === 'transaction' ? from.event.data.device : undefined;
  return {
    get id() {
      return device()?.id;
    },
    get ip() {
      return device()?.ip;
    },
    get known() {
      return from.knownDevice;
    },
  };
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
