/**
 * What looks like a decoded transaction and reads each member from its entry's bytes when somebody asks. One object serves
 * every event of a log: its members change with what the reader stands at.
 */
import type { EventOf } from '../events/event.ts';
import { accessorsOf } from '../own-accessors.ts';
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
  // The bytes were written from an event of this type; what the schema demands is there.
  return new ViewedTransaction(view) as unknown as EventOf<'transaction'>;
}

class ViewedMerchant {
  static readonly #members = accessorsOf(this.prototype);
  readonly #view: TransactionReader;

  constructor(view: TransactionReader) {
    this.#view = view;
    Object.defineProperties(this, ViewedMerchant.#members);
  }

  get id(): string | undefined {
    return this.#view.text(MERCHANT_ID);
  }

  get name(): string | undefined {
    return this.#view.text(MERCHANT_NAME);
  }

  get mcc(): string | undefined {
    return this.#view.text(MCC);
  }

  get city(): string | undefined {
    return this.#view.text(CITY);
  }

  get lat(): number | undefined {
    return this.#view.number(MERCHANT_LAT);
  }

  get lon(): number | undefined {
    return this.#view.number(MERCHANT_LON);
  }
}

class ViewedInstrument {
  static readonly #members = accessorsOf(this.prototype);
  readonly #view: TransactionReader;

  constructor(view: TransactionReader) {
    this.#view = view;
    Object.defineProperties(this, ViewedInstrument.#members);
  }

  get type(): string | undefined {
    return this.#view.text(INSTRUMENT_TYPE);
  }

  get token(): string | undefined {
    return this.#view.text(TOKEN);
  }

  get issuer(): string | undefined {
    return this.#view.text(ISSUER);
  }
}

class ViewedDevice {
  static readonly #members = accessorsOf(this.prototype);
  readonly #view: TransactionReader;

  constructor(view: TransactionReader) {
    this.#view = view;
    Object.defineProperties(this, ViewedDevice.#members);
  }

  get id(): string | undefined {
    return this.#view.text(DEVICE_ID);
  }

  get ip(): string | undefined {
    return this.#view.text(IP);
  }
}

class ViewedData {
  static readonly #members = accessorsOf(this.prototype);
  readonly #merchant: ViewedMerchant;
  readonly #instrument: ViewedInstrument;
  readonly #device: ViewedDevice;
  readonly #view: TransactionReader;

  constructor(view: TransactionReader) {
    this.#view = view;
    this.#merchant = new ViewedMerchant(view);
    this.#instrument = new ViewedInstrument(view);
    this.#device = new ViewedDevice(view);
    Object.defineProperties(this, ViewedData.#members);
  }

  get amount(): number | undefined {
    return this.#view.number(AMOUNT);
  }

  get currency(): string | undefined {
    return this.#view.text(CURRENCY);
  }

  get kind(): string | undefined {
    return this.#view.one(KIND);
  }

  get status(): string | undefined {
    return this.#view.one(STATUS);
  }

  get declineReason(): string | undefined {
    return this.#view.text(DECLINE_REASON);
  }

  get channel(): string | undefined {
    return this.#view.one(CHANNEL);
  }

  get businessLine(): string | undefined {
    return this.#view.one(BUSINESS_LINE);
  }

  get department(): string | undefined {
    return this.#view.text(DEPARTMENT);
  }

  get merchant(): ViewedMerchant | undefined {
    return this.#view.has(MERCHANT) ? this.#merchant : undefined;
  }

  get instrument(): ViewedInstrument | undefined {
    return this.#view.has(INSTRUMENT) ? this.#instrument : undefined;
  }

  get device(): ViewedDevice | undefined {
    return this.#view.has(DEVICE) ? this.#device : undefined;
  }

  get counterparty(): string | undefined {
    return this.#view.text(COUNTERPARTY);
  }

  get lat(): number | undefined {
    return this.#view.number(LAT);
  }

  get lon(): number | undefined {
    return this.#view.number(LON);
  }

  get fee(): number | undefined {
    return this.#view.number(FEE);
  }

  get cost(): number | undefined {
    return this.#view.number(COST);
  }
}

class ViewedTransaction {
  static readonly #members = accessorsOf(this.prototype);
  readonly type = 'transaction';
  readonly data: ViewedData;
  readonly #view: TransactionReader;

  constructor(view: TransactionReader) {
    this.#view = view;
    this.data = new ViewedData(view);
    Object.defineProperties(this, ViewedTransaction.#members);
  }

  get id(): string {
    return this.#view.id;
  }

  get source(): string | undefined {
    return this.#view.text(SOURCE);
  }

  get subject(): string | undefined {
    return this.#view.text(SUBJECT);
  }

  get timeMs(): number {
    return this.#view.timeMs;
  }

  get offsetMinutes(): number {
    return this.#view.offsetMinutes;
  }

  get receivedMs(): number {
    return this.#view.receivedMs;
  }
}
