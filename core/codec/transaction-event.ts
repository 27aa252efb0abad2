/**
 * What looks like a decoded transaction and reads each member from its entry's bytes when somebody asks. One object serves
 * every event of a log: its members change with what the reader stands at.
 */
import type { EventOf } from '../events/event.ts';
import {
  AMOUNT,
  BUSINESS_LINE,
  CHANNEL,
  CITY,
  COST,
  COUNTERPARTY,
  CURRENCY,
  DECLINE_REASON,
  DEPARTMENT,
  DEVICE,
  DEVICE_ID,
  FEE,
  INSTRUMENT,
  INSTRUMENT_TYPE,
  IP,
  ISSUER,
  KIND,
  LAT,
  LON,
  MCC,
  MERCHANT,
  MERCHANT_ID,
  MERCHANT_LAT,
  MERCHANT_LON,
  MERCHANT_NAME,
  SOURCE,
  STATUS,
  SUBJECT,
  TOKEN,
} from './transaction-fields.ts';

/** Reads fields by number; undefined where one is absent. */
export interface TransactionReader {
  readonly id: string;
  readonly timeMs: number;
  readonly receivedMs: number;
  readonly offsetMinutes: number;
  has(field: number): boolean;
  text(field: number): string | undefined;
  number(field: number): number | undefined;
  /** The value of an enumeration. */
  one(field: number): string | undefined;
}

/** Members are accessors of the object itself, so that paths which look for own members find them. */
export function createTransactionEvent(view: TransactionReader): EventOf<'transaction'> {
  const merchant = {
    get id() {
      return view.text(MERCHANT_ID);
    },
    get name() {
      return view.text(MERCHANT_NAME);
    },
    get mcc() {
      return view.text(MCC);
    },
    get city() {
      return view.text(CITY);
    },
    get lat() {
      return view.number(MERCHANT_LAT);
    },
    get lon() {
      return view.number(MERCHANT_LON);
    },
  };
  const instrument = {
    get type() {
      return view.text(INSTRUMENT_TYPE);
    },
    get token() {
      return view.text(TOKEN);
    },
    get issuer() {
      return view.text(ISSUER);
    },
  };
  const device = {
    get id() {
      return view.text(DEVICE_ID);
    },
    get ip() {
      return view.text(IP);
    },
  };
  const data = {
    get amount() {
      return view.number(AMOUNT);
    },
    get currency() {
      return view.text(CURRENCY);
    },
    get kind() {
      return view.one(KIND);
    },
    get status() {
      return view.one(STATUS);
    },
    get declineReason() {
      return view.text(DECLINE_REASON);
    },
    get channel() {
      return view.one(CHANNEL);
    },
    get businessLine() {
      return view.one(BUSINESS_LINE);
    },
    get department() {
      return view.text(DEPARTMENT);
    },
    get merchant() {
      return view.has(MERCHANT) ? merchant : undefined;
    },
    get instrument() {
      return view.has(INSTRUMENT) ? instrument : undefined;
    },
    get device() {
      return view.has(DEVICE) ? device : undefined;
    },
    get counterparty() {
      return view.text(COUNTERPARTY);
    },
    get lat() {
      return view.number(LAT);
    },
    get lon() {
      return view.number(LON);
    },
    get fee() {
      return view.number(FEE);
    },
    get cost() {
      return view.number(COST);
    },
  };
  const event = {
    type: 'transaction' as const,
    get id() {
      return view.id;
    },
    get source() {
      return view.text(SOURCE);
    },
    get subject() {
      return view.text(SUBJECT);
    },
    get timeMs() {
      return view.timeMs;
    },
    get offsetMinutes() {
      return view.offsetMinutes;
    },
    get receivedMs() {
      return view.receivedMs;
    },
    data,
  };
  // The bytes were written from an event of this type; what the schema demands is there.
  return event as unknown as EventOf<'transaction'>;
}
