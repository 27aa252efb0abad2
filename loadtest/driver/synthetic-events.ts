/**
 * Transactions for load: the contract's shape and size (about 400 bytes), 100,000 customers, cards and devices of their
 * own, 5,000 merchants. Made from the event's number by arithmetic and joined as text, so that the sender costs little
 * beside what it measures. Event time runs faster than the clock: at wall-clock rate a minute's load would all lie
 * in every window at once and nothing would ever leave one.
 */
import { MINUTE_MS } from '../../core/clock.ts';
import { copyBytes } from '../../core/codec/copy-bytes.ts';
import type { WeirEvent } from '../../core/events/event.ts';

const CUSTOMERS = 100_000;
const MERCHANTS = 5_000;
const CITIES = ['Linjiang', 'Yunqiao', 'Beiyu', 'Xihe', 'Nanting', 'Dongsha', 'Qingdi', 'Songye'] as const;
const LINES = ['B2C', 'B2C', 'B2C', 'B2B2C', 'B2B'] as const;
const CHANNELS = ['pos', 'app', 'pos', 'web', 'app', 'pos', 'sms'] as const;
const MCCS = ['5411', '5812', '5814', '5541', '5912', '5311', '4121'] as const;
const ISSUERS = ['Lotus Bank', 'Harbour Bank', 'Crane Bank', 'Silkway Bank'] as const;
/** One in this many is large or declined, so that rules have something to find. */
const LARGE_EVERY = 211;
const DECLINED_EVERY = 29;

/** The same event as the log holds it. */
export function syntheticEvent(run: string, index: number, timeMs: number): WeirEvent {
  const { type, id, source, subject, data } = JSON.parse(syntheticTransaction(run, index, timeMs));
  return { type, id, source, subject, timeMs, offsetMinutes: 0, receivedMs: timeMs, data };
}

/** One event as a line of NDJSON. `run` keeps ids of different runs apart. */
export function syntheticTransaction(run: string, index: number, timeMs: number): string {
  const writer = new SyntheticWriter(run);
  writer.write(index, timeMs);
  return Buffer.from(writer.taken()).toString();
}

const text = (ascii: string): Uint8Array => Buffer.from(ascii, 'latin1');
const texts = (all: readonly string[]): readonly Uint8Array[] => all.map(text);

const LINE_TEXTS = texts(LINES);
const CHANNEL_TEXTS = texts(CHANNELS);
const ISSUER_TEXTS = texts(ISSUERS);
const STATUS_TEXTS = texts(['approved"', 'declined","declineReason":"insufficient_funds"']);
const MERCHANT_TEXTS = Array.from({ length: MERCHANTS }, (_, merchant) =>
  text(
    `{"id":"lm-${merchant}","name":"Merchant ${merchant}","mcc":"${MCCS[merchant % MCCS.length]}",` +
      `"city":"${CITIES[merchant % CITIES.length]}","lat":${(31 + (merchant % 400) / 1_000).toFixed(3)},` +
      `"lon":${(121.2 + (merchant % 500) / 1_000).toFixed(3)}}`,
  ),
);
const PART = {
  time: text('","source":"loadtest","time":"'),
  subject: text('","subject":"lt-'),
  amount: text('","data":{"amount":'),
  status: text(',"currency":"CNY","kind":"purchase","status":"'),
  channel: text(',"channel":"'),
  line: text('","businessLine":"'),
  merchant: text('","merchant":'),
  token: text(',"instrument":{"type":"credit_card","token":"ltok-'),
  issuer: text('","issuer":"'),
  device: text('"},"device":{"id":"ldev-'),
  ip: text('","ip":"10.'),
  fee: text('"},"fee":'),
  cost: text(',"cost":'),
  end: text('}}'),
} as const;
const EVENT_BYTES_MAX = 1_024;
const DOT = 0x2e;
const ZERO = 0x30;
const NEWLINE = 0x0a;
const ZULU = 0x5a;
const POWERS_OF_TEN = [1, 10, 100, 1_000] as const;

/** Events as lines of NDJSON, straight into memory that is used again: as text they cost the sender several times as much. */
export class SyntheticWriter {
  readonly #begin: Uint8Array;
  #bytes = new Uint8Array(EVENT_BYTES_MAX);
  #length = 0;
  #minute = Number.NaN;
  #minuteText = text('');

  constructor(run: string) {
    this.#begin = Buffer.from(`{"type":"transaction","id":"${run}-`);
  }

  write(index: number, timeMs: number): void {
    this.#reserve();
    // A full-period scramble: customers come in no order that a cache would love.
    const mixed = Math.imul(index ^ (index >>> 15), 0x2c1b3c6d) >>> 0;
    const customer = mixed % CUSTOMERS;
    const amount = index % LARGE_EVERY === 0 ? 480_000 + (mixed % 90_000) : 900 + (mixed % 14_000);
    if (this.#length > 0) this.#bytes[this.#length++] = NEWLINE;
    this.#text(this.#begin);
    this.#digits(index);
    this.#text(PART.time);
    this.#time(timeMs);
    this.#textAndDigits(PART.subject, customer);
    this.#textAndDigits(PART.amount, amount);
    this.#text(PART.status);
    this.#text(STATUS_TEXTS[index % DECLINED_EVERY === 0 ? 1 : 0] as Uint8Array);
    this.#text(PART.channel);
    this.#text(CHANNEL_TEXTS[(mixed >>> 4) % CHANNELS.length] as Uint8Array);
    this.#text(PART.line);
    this.#text(LINE_TEXTS[mixed % LINES.length] as Uint8Array);
    this.#text(PART.merchant);
    this.#text(MERCHANT_TEXTS[(mixed >>> 8) % MERCHANTS] as Uint8Array);
    this.#textAndDigits(PART.token, customer);
    this.#text(PART.issuer);
    this.#text(ISSUER_TEXTS[customer % ISSUERS.length] as Uint8Array);
    this.#textAndDigits(PART.device, customer);
    this.#textAndDigits(PART.ip, (customer >> 16) & 255);
    this.#bytes[this.#length++] = DOT;
    this.#digits((customer >> 8) & 255);
    this.#bytes[this.#length++] = DOT;
    this.#digits(customer & 255);
    this.#textAndDigits(PART.fee, Math.round(amount / 160));
    this.#textAndDigits(PART.cost, Math.round(amount / 400));
    this.#text(PART.end);
  }

  /** The lines since the last time, valid until the next `write`. */
  taken(): Uint8Array {
    const lines = this.#bytes.subarray(0, this.#length);
    this.#length = 0;
    return lines;
  }

  #text(bytes: Uint8Array): void {
    copyBytes(this.#bytes, this.#length, bytes, 0, bytes.length);
    this.#length += bytes.length;
  }

  #textAndDigits(bytes: Uint8Array, value: number): void {
    this.#text(bytes);
    this.#digits(value);
  }

  /** A whole number from 0 to 2^31, with zeros in front up to `width`. */
  #digits(value: number, width: 1 | 2 | 3 = 1): void {
    let end = this.#length + width;
    for (let power: number = POWERS_OF_TEN[width]; value >= power; power *= 10) end++;
    this.#length = end;
    for (let rest = value, count: number = width; count > 0 || rest > 0; count--) {
      const tenth = (rest / 10) | 0;
      this.#bytes[--end] = ZERO + rest - tenth * 10;
      rest = tenth;
    }
  }

  /** As `toISOString`, whose work is done once a minute. */
  #time(timeMs: number): void {
    const inMinute = timeMs % MINUTE_MS;
    if (timeMs - inMinute !== this.#minute) {
      this.#minute = timeMs - inMinute;
      this.#minuteText = text(new Date(this.#minute).toISOString().slice(0, 'YYYY-MM-DDTHH:MM:'.length));
    }
    this.#text(this.#minuteText);
    this.#digits(Math.floor(inMinute / 1_000), 2);
    this.#bytes[this.#length++] = DOT;
    this.#digits(inMinute % 1_000, 3);
    this.#bytes[this.#length++] = ZULU;
  }

  #reserve(): void {
    if (this.#length + EVENT_BYTES_MAX <= this.#bytes.length) return;
    const larger = new Uint8Array(2 * this.#bytes.length);
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}
