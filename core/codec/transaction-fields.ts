/**
 * The fields of a transaction's entry by number, as `transaction-view.ts` finds them in a frame. They follow the layout in
 * `entry.ts`, which says what the log stores: a field that is appended there is appended here.
 */
import { BUSINESS_LINES, CHANNELS, TRANSACTION_KINDS, TRANSACTION_STATUSES } from '../events/data-schemas.ts';

/** Fields by number: those of the event, of its data, and of the groups in it, each in the order of the layout. */
export const ID = 0;
export const SOURCE = 1;
export const SUBJECT = 2;
export const AMOUNT = 3;
export const CURRENCY = 4;
export const KIND = 5;
export const STATUS = 6;
export const DECLINE_REASON = 7;
export const CHANNEL = 8;
export const BUSINESS_LINE = 9;
export const DEPARTMENT = 10;
export const MERCHANT = 11;
export const INSTRUMENT = 12;
export const DEVICE = 13;
export const COUNTERPARTY = 14;
export const LAT = 15;
export const LON = 16;
export const FEE = 17;
export const COST = 18;
export const MERCHANT_ID = 19;
export const MERCHANT_NAME = 20;
export const MCC = 21;
export const CITY = 22;
export const MERCHANT_LAT = 23;
export const MERCHANT_LON = 24;
export const INSTRUMENT_TYPE = 25;
export const TOKEN = 26;
export const ISSUER = 27;
export const DEVICE_ID = 28;
export const IP = 29;
export const FIELDS = 30;

export const DATA = [AMOUNT, COST - AMOUNT + 1] as const;
export const NUMBER = 0;
export const TEXT = 1;
export const ENUM = 2;
export const GROUP = 3;

/** By field: the values of an enumeration. */
export const VALUES: (readonly string[] | undefined)[] = new Array(FIELDS).fill(undefined);
/** By field: what it is; for an enumeration its number of values, for a group its first field and their number. */
export const KINDS = new Uint8Array(FIELDS).fill(TEXT);
export const FIRST = new Uint8Array(FIELDS);
export const COUNT = new Uint8Array(FIELDS);
for (const field of [AMOUNT, LAT, LON, FEE, COST, MERCHANT_LAT, MERCHANT_LON]) KINDS[field] = NUMBER;
for (const [field, values] of [
  [KIND, TRANSACTION_KINDS],
  [STATUS, TRANSACTION_STATUSES],
  [CHANNEL, CHANNELS],
  [BUSINESS_LINE, BUSINESS_LINES],
] as const) {
  KINDS[field] = ENUM;
  COUNT[field] = values.length;
  VALUES[field] = values;
}
for (const [field, first, last] of [
  [MERCHANT, MERCHANT_ID, MERCHANT_LON],
  [INSTRUMENT, INSTRUMENT_TYPE, ISSUER],
  [DEVICE, DEVICE_ID, IP],
] as const) {
  KINDS[field] = GROUP;
  FIRST[field] = first;
  COUNT[field] = last - first + 1;
}
