/** What the short way takes must be, byte for byte, what the general way makes of the same text. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteWriter } from '../../../core/codec/byte-writer.ts';
import { encodeEntry } from '../../../core/codec/entry.ts';
import { PlainEventReader } from '../../../ingest/body/plain/plain-event.ts';
import { NumberReader } from '../../../ingest/body/plain/plain-number.ts';
import { normaliseEvent } from '../../../ingest/normalise-event.ts';
import { ARBITRARY_NOW_MS, rawEvent } from '../../support/events/event-arbitraries.ts';

const SEED = 20_261_126;
const OPTIONS = { nowMs: ARBITRARY_NOW_MS, futureMaxMs: 60_000 };
const reader = new PlainEventReader();

/** The entry by the short way, undefined where it does not take the text as a whole. */
function readShort(text: string): Uint8Array | undefined {
  const writer = new ByteWriter();
  const bytes = Buffer.from(text);
  const isTaken = reader.read(bytes, 0, bytes.length, OPTIONS, writer);
  if (!isTaken) expect(writer.length).toBe(0);
  return isTaken && reader.end === bytes.length ? writer.take() : undefined;
}

function readGeneral(text: string): Uint8Array | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const normalised = normaliseEvent(value, OPTIONS);
  if (!normalised.ok) return undefined;
  const writer = new ByteWriter();
  encodeEntry(writer, { kind: 'event', event: normalised.event });
  return writer.take();
}

const NUMBERS =
  `0 -0 0.0 -0.0 1 -1 007 1. .5 1.50 100.0 0.1 -0.1 1e3 1E3 2e-2 39.904211 116.407413 -90 90.0 180 180.0000001 -33.8688197
  123456789012345 999999999999999 1234567890123456 9007199254740991 9007199254740992 12345678.1234567 0.123456789012345 1e400 - +1 0x10 NaN
  null true false "5" [] {}`.split(/\s+/);
const TEXTS = [
  'a',
  '',
  'c-1',
  '2026-11-23T08:15:30Z',
  'purchase',
  'USD',
  'usd',
  'USDX',
  '5411',
  '54a1',
  '北京',
  'é'.repeat(200),
  'x'.repeat(64),
  'x'.repeat(257),
].map((text) => JSON.stringify(text));
const ODD_TEXTS = ['"\\u0041"', '"a\\"b"', '"a\tb"', '"a\nb"', '"\\ud83d"', '"\u007f"', 'null', '7', '"open'];
const TIMES =
  `2026-11-23T08:15:30Z 2026-11-23T08:15:30.1Z 2026-11-23T08:15:30.123456789+08:00 2026-11-23T08:15:30.1234567891Z
  2024-02-29T00:00:00Z 2026-02-29T00:00:00Z 2026-04-31T10:00:00Z 2026-13-01T10:00:00Z 2026-00-10T10:00:00Z 2026-01-00T10:00:00Z
  2026-11-23T24:00:00Z 2026-11-23T23:59:60Z 2026-11-23T23:60:00Z 2026-11-23t08:15:30z 2026-11-23T08:15:30,5Z 2026-11-23T08:15:30
  2026-11-23T08:15:30+24:00 2026-11-23T08:15:30-23:59 2026-11-23T08:15:30+0800 2026-11-23T08:15:30.Z 1970-01-01T00:00:00+01:00
  1970-01-01T00:00:00Z 1969-12-31T23:59:59Z 0099-01-01T00:00:00Z 2026-11-23T12:00:59Z 2026-11-23T12:01:01Z 2026-1a-23T08:15:30Z`
    .split(/\s+/)
    .map((text) => JSON.stringify(text));

const space = fc.constantFrom('', '', '', ' ', '\n', '\t ', '\r\n');
const odd = (usual: readonly string[], unusual: readonly string[]) =>
  fc.oneof({ weight: 60, arbitrary: fc.constantFrom(...usual) }, { weight: 1, arbitrary: fc.constantFrom(...unusual) });
const textLiteral = odd(['"a"', '"c-1"', '"北京"'], [...TEXTS, ...ODD_TEXTS]);
const numberLiteral = odd(['0', '1', '42', '90', '17'], NUMBERS);
const decimalLiteral = odd(['0', '39.9', '-7.25', '89.999999'], NUMBERS);

/** An object of members, some left out; now and then in any order, there twice, or one that nobody knows. */
function object(members: Readonly<Record<string, fc.Arbitrary<string>>>, ...needed: string[]): fc.Arbitrary<string> {
  const names = Object.keys(members);
  const all = fc.tuple(...names.map((name) => members[name] as fc.Arbitrary<string>));
  const picked = fc.oneof(
    {
      weight: 20,
      arbitrary: fc.subarray(names).map((some) => names.filter((one) => needed.includes(one) || some.includes(one))),
    },
    { weight: 2, arbitrary: fc.shuffledSubarray(names, { minLength: Math.max(0, names.length - 2) }) },
    { weight: 1, arbitrary: fc.array(fc.constantFrom(...names, 'unknown', '__proto__', ''), { maxLength: 8 }) },
  );
  return fc.tuple(picked, all, fc.array(space, { minLength: 4, maxLength: 4 })).map(([chosen, literals, gaps]) => {
    const [a, b, c, d] = gaps;
    const written = chosen.map((name) => `${a}"${name}"${b}:${c}${literals[names.indexOf(name)] ?? '1'}${d}`);
    return `{${written.join(',')}${a}}`;
  });
}

const position = { lat: decimalLiteral, lon: decimalLiteral };
const merchant = object({ id: textLiteral, mcc: odd(['"5411"'], TEXTS), city: textLiteral, ...position }, 'id');
const instrument = object({ token: textLiteral, issuer: textLiteral });
const device = object({ id: textLiteral, ip: textLiteral });
const amounts = { amount: numberLiteral, currency: odd(['"USD"', '"CNY"'], TEXTS) };
const details = {
  kind: odd(['"transfer"', '"bill_payment"'], TEXTS),
  merchant,
  instrument,
  device,
  fee: numberLiteral,
};
const DATA = {
  transaction: object({ ...amounts, ...details }, 'amount', 'currency'),
  location: object({ ...position, accuracyM: numberLiteral, origin: odd(['"gps"'], TEXTS) }, 'lat', 'lon'),
  label: object(
    { transactionId: textLiteral, fraud: odd(['true', 'false'], ['tru', 'falsey', '1', 'null']), note: textLiteral },
    'transactionId',
    'fraud',
  ),
};
const envelope = fc.constantFrom('transaction', 'location', 'label').chain((type) =>
  object(
    {
      type: odd([`"${type}"`], ['"transaction"', '"bill"', '"nothing"', '""']),
      id: textLiteral,
      source: textLiteral,
      time: odd(['"2026-11-23T08:15:30.5+08:00"'], TIMES),
      subject: textLiteral,
      specversion: odd(['"1.0"'], ['"0.3"', '1.0']),
      data: DATA[type as keyof typeof DATA],
    },
    'type',
    'id',
    'source',
    'time',
    'subject',
    'data',
  ),
);

describe('the short way from JSON to the log', () => {
  it('gives what the general way gives, or leaves the text to it', () => {
    let taken = 0;
    fc.assert(
      fc.property(envelope, (text) => {
        const short = readShort(text);
        if (short === undefined) return;
        taken++;
        expect(short).toEqual(readGeneral(text));
      }),
      { seed: SEED, numRuns: 6_000 },
    );
    expect(taken).toBeGreaterThan(2_000);
  });

  it('gives the same for events of every type', () => {
    fc.assert(
      fc.property(rawEvent, fc.constantFrom(undefined, 2), (raw, indent) => {
        const text = JSON.stringify(raw, null, indent);
        const short = readShort(text);
        if (short !== undefined) expect(short).toEqual(readGeneral(text));
      }),
      { seed: SEED, numRuns: 2_000 },
    );
  });

  it.each(TIMES)('reads the time %s as the general way does', (time) => {
    const text = `{"type":"label","id":"a","source":"s","time":${time},"subject":"c","data":{"transactionId":"t","fraud":true}}`;
    const short = readShort(text);
    if (short !== undefined) expect(short).toEqual(readGeneral(text));
  });

  it('reads every number that it takes as JSON.parse does', () => {
    const digits = (maxLength: number) => fc.stringMatching(new RegExp(`^[0-9]{1,${maxLength}}$`));
    const number = fc
      .tuple(fc.constantFrom('', '-'), digits(19), fc.option(digits(19), { nil: undefined }))
      .map(([sign, whole, decimals]) => `${sign}${whole}${decimals === undefined ? '' : `.${decimals}`}`);
    const numbers = new NumberReader();
    let taken = 0;
    fc.assert(
      fc.property(number, (text) => {
        const bytes = Buffer.from(`${text},`);
        if (numbers.read(bytes, 0, bytes.length) !== text.length) return;
        taken++;
        expect(Object.is(numbers.value, JSON.parse(text))).toBe(true);
      }),
      { seed: SEED, numRuns: 20_000 },
    );
    expect(taken).toBeGreaterThan(3_000);
  });

  it('holds a member that is there twice to its last value, and refuses what names its type twice', () => {
    const twice = `{"type":"location","id":"a","id":"b","source":"s","time":"2026-11-23T08:15:30Z","subject":"c","data":{"lat":1,"lat":2,"lon":1}}`;
    const once = twice.replace('"id":"a",', '');
    expect(readShort(twice)).toBeUndefined();
    expect(readShort(once)).toEqual(readGeneral(twice));
    expect(readShort(once.replace('"subject"', '"type":"label","subject"'))).toBeUndefined();
  });

  it.each(NUMBERS)('reads the number %s as the general way does', (literal) => {
    const text = `{"type":"location","id":"a","source":"s","time":"2026-11-23T08:15:30Z","subject":"c","data":{"lat":${literal},"lon":1}}`;
    const short = readShort(text);
    if (short !== undefined) expect(short).toEqual(readGeneral(text));
  });

  it('takes what producers usually send', () => {
    const usual = {
      specversion: '1.0',
      type: 'transaction',
      id: 'tx-000001',
      source: 'pos',
      time: '2026-11-23T08:15:30.123+08:00',
      subject: 'c-42',
      data: {
        amount: 128_050,
        currency: 'CNY',
        channel: 'pos',
        businessLine: 'B2C',
        merchant: { id: 'm-7', name: '全聚德', mcc: '5812', city: '北京', lat: 39.8993, lon: 116.4095 },
        instrument: { type: 'credit_card', token: 'tok-9', issuer: 'ICBC' },
        device: { id: 'd-3', ip: '10.1.2.3' },
        fee: 128,
      },
    };
    const location = {
      ...usual,
      type: 'location',
      data: { lat: -33.86882, lon: 151.20929, accuracyM: 12, origin: 'gps' },
    };
    const label = { ...usual, type: 'label', data: { transactionId: 'tx-1', fraud: true } };
    for (const event of [usual, location, label]) {
      const text = JSON.stringify(event);
      expect(readShort(text)).toEqual(readGeneral(text));
      expect(readShort(text)).toBeDefined();
    }
  });

  it('takes nothing that is cut off', () => {
    const text = JSON.stringify({
      type: 'transaction',
      id: 'a',
      source: 'pos',
      time: '2026-11-23T08:15:30Z',
      subject: 'c',
      data: { amount: 1, currency: 'CNY', merchant: { id: 'm' } },
    });
    for (let length = 0; length < text.length; length++) expect(readShort(text.slice(0, length))).toBeUndefined();
    expect(readShort(text)).toBeDefined();
  });
});
