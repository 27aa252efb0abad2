/**
 * Transactions for load: the contract's shape and size (about 400 bytes), 100,000 customers, cards and devices of their
 * own, 5,000 merchants. Made from the event's number by arithmetic and joined as text, so that the sender costs little
 * beside what it measures. Event time runs faster than the clock: at wall-clock rate a minute's load would all lie
 * in every window at once and nothing would ever leave one.
 */
import { MINUTE_MS } from '../../core/clock.ts';
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
  // A full-period scramble: customers come in no order that a cache would love.
  const mixed = Math.imul(index ^ (index >>> 15), 0x2c1b3c6d) >>> 0;
  const customer = mixed % CUSTOMERS;
  const merchant = (mixed >>> 8) % MERCHANTS;
  const amount = index % LARGE_EVERY === 0 ? 480_000 + (mixed % 90_000) : 900 + (mixed % 14_000);
  const line = LINES[mixed % LINES.length] ?? 'B2C';
  const channel = CHANNELS[(mixed >>> 4) % CHANNELS.length] ?? 'pos';
  const status = index % DECLINED_EVERY === 0 ? '"declined","declineReason":"insufficient_funds"' : '"approved"';
  return (
    `{"type":"transaction","id":"${run}-${index}","source":"loadtest","time":"${isoTime(timeMs)}",` +
    `"subject":"lt-${customer}","data":{"amount":${amount},"currency":"CNY","kind":"purchase","status":${status},` +
    `"channel":"${channel}","businessLine":"${line}","merchant":${merchantText(merchant)},` +
    `"instrument":{"type":"credit_card","token":"ltok-${customer}","issuer":"${ISSUERS[customer % ISSUERS.length]}"},` +
    `"device":{"id":"ldev-${customer}","ip":"10.${(customer >> 16) & 255}.${(customer >> 8) & 255}.${customer & 255}"},` +
    `"fee":${Math.round(amount / 160)},"cost":${Math.round(amount / 400)}}}`
  );
}

const merchantTexts: string[] = [];

function merchantText(merchant: number): string {
  merchantTexts[merchant] ??=
    `{"id":"lm-${merchant}","name":"Merchant ${merchant}","mcc":"${MCCS[merchant % MCCS.length]}",` +
    `"city":"${CITIES[merchant % CITIES.length]}","lat":${(31 + (merchant % 400) / 1_000).toFixed(3)},` +
    `"lon":${(121.2 + (merchant % 500) / 1_000).toFixed(3)}}`;
  return merchantTexts[merchant] as string;
}

let minute = Number.NaN;
let minuteText = '';

/** As `toISOString`, whose work is done once a minute. */
function isoTime(timeMs: number): string {
  const inMinute = timeMs % MINUTE_MS;
  if (timeMs - inMinute !== minute) {
    minute = timeMs - inMinute;
    minuteText = new Date(minute).toISOString().slice(0, 'YYYY-MM-DDTHH:MM:'.length);
  }
  const seconds = Math.floor(inMinute / 1_000);
  return `${minuteText}${String(seconds).padStart(2, '0')}.${String(inMinute % 1_000).padStart(3, '0')}Z`;
}
