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

/** `row` is 0 for a customer that this event is the first of. */
export function customerFact(
  state: EngineState,
  row: number,
  name: string,
  details: CustomerDetails,
  event: WeirEvent,
  knownDevice: boolean | undefined,
  issuers: () => readonly string[],
): object {
  const { profile } = details;
  const { customers } = state;
  return {
    id: name,
    name: profile.name,
    phone: profile.phone,
    email: profile.email,
    segment: profile.segment,
    birthDate: profile.birthDate,
    ageYears: profile.birthDate === undefined ? undefined : ageYears(profile.birthDate, event),
    homeCity: profile.homeCity,
    timeZone: profile.timeZone,
    language: profile.language,
    attributes: profile.attributes,
    consents: profile.consents,
    hasProfile: details.profileMs > 0,
    firstSeenDays: row === 0 ? 0 : daysSince(customers.firstSeenMs(row), event.timeMs),
    transactionCount: row === 0 ? 0 : customers.transactions(row),
    knownDevice,
    // Few rules look at them, and listing them costs as much as all the rest.
    get cardIssuers() {
      return issuers();
    },
    openBills: details.bills.length,
  };
}

/** `entity` is 0 for a merchant that is not known yet. */
export function merchantFact(
  state: EngineState,
  entity: number,
  data: TransactionData,
  timeMs: number,
): object | undefined {
  const { merchant } = data;
  if (merchant === undefined) return undefined;
  const row = state.entities.merchantOf(entity);
  const { merchants } = state;
  return {
    id: merchant.id,
    name: merchant.name,
    mcc: merchant.mcc,
    city: merchant.city,
    lat: merchant.lat,
    lon: merchant.lon,
    firstSeenDays: row === 0 ? 0 : daysSince(merchants.firstSeenMs(row), timeMs),
    transactionCount: row === 0 ? 0 : merchants.transactions(row),
    fraudLabels: row === 0 ? 0 : merchants.fraudLabels(row),
  };
}

export function deviceFact(data: TransactionData, known: boolean | undefined): object | undefined {
  const { device } = data;
  return device === undefined ? undefined : { id: device.id, ip: device.ip, known };
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
