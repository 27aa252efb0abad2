/**
 * A seeded stream of broken requests with whole events mixed in. Each case knows which ids must end up in the log; all
 * else in it must be refused.
 */
import { deflateSync, gzipSync } from 'node:zlib';
import { transaction } from './intake-under-test.ts';

export interface MalformedCase {
  readonly kind: string;
  readonly body: string | Uint8Array;
  readonly headers: Record<string, string>;
  readonly goodIds: readonly string[];
  /** Bad events beside the good ones, where the case is a batch that is answered event by event. */
  readonly bad?: number;
}

interface Random {
  /** An integer from 0 to `below` − 1. */
  int(below: number): number;
  pick<T>(values: readonly [T, ...T[]]): T;
}

/** Mulberry32 (Tommy Ettinger, public domain). */
function seeded(seed: number): Random {
  let state = seed;
  const int = (below: number) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
  return { int, pick: (values) => values[int(values.length)] ?? values[0] };
}

const bomb = gzipSync(Buffer.alloc(24 * 1_048_576, ' '));
const text = (value: unknown) => JSON.stringify(value);

/** The text of one event that must be refused. Never blank, never with a line break in it. */
type BadEvent = (random: Random) => string | Buffer;

const truncated: BadEvent = (random) => {
  const whole = text(transaction());
  return whole.slice(0, 1 + random.int(whole.length - 1));
};
const wrongType: BadEvent = ({ pick }) => {
  const value = pick<unknown>([null, true, [], {}, 'text', -7, 1.5]);
  const member = pick(['merchant', 'instrument', 'device', 'kind', 'status', 'channel']);
  return text(
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? { type: value }
      : transaction({ [member]: value === null ? 5 : value }),
  );
};
const hugeNumber: BadEvent = ({ pick, int }) => {
  const number = pick([
    '1e400',
    '-1',
    '1e16',
    '12.5',
    `${'9'.repeat(330)}`,
    `1e${300 + int(999)}`,
    '-1e400',
    'NaN',
    'Infinity',
    '0x10',
    '01',
  ]);
  return text(transaction()).replace('12500', number);
};
const hidden: BadEvent = ({ pick }) =>
  text(transaction({ x: 0 })).replace('"x":0', `"x":[${pick(['1e400', '-2e999', '"\\ud800"', '"\\uDFFFx"'])}]`);
const deep: BadEvent = ({ int, pick }) => {
  const depth = 17 + int(3_000);
  const [open, close] = pick([
    ['[', ']'],
    ['{"a":', '}'],
  ] as const);
  return text(transaction({ x: 0 })).replace('"x":0', `"x":${open.repeat(depth)}0${close.repeat(depth)}`);
};
const badUtf8: BadEvent = ({ pick, int }) => {
  const bytes = Buffer.from(text(transaction({ note: 'abcdefgh' })));
  const bad = pick([[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf5, 0x80, 0x80, 0x80], [0xe4, 0xb8]]);
  const at = bytes.indexOf('abcdefgh') + int(4);
  bytes.set(bad, at);
  return bytes;
};
const badDate: BadEvent = ({ pick }) => {
  const time = pick<unknown>([
    '2026-02-30T00:00:00Z',
    '2026-13-01T00:00:00Z',
    'yesterday',
    '',
    '1969-12-31T00:00:00Z',
    '2999-01-01T00:00:00Z',
    1_700_000_000,
    null,
    '2026-11-20T25:00:00Z',
    '2026-11-20T08:15:30',
  ]);
  return text(transaction({}, { time }));
};
const badBill: BadEvent = ({ pick }) => {
  const dueDate = pick<unknown>(['2026-02-30', '2026-2-3', '30.11.2026', '', 20_261_130, null]);
  return text({ ...transaction(), type: 'bill', data: { amount: 5, currency: 'CNY', dueDate } });
};
const unknownType: BadEvent = ({ pick }) =>
  text(transaction({}, { type: pick(['payment', '__proto__', 'toString', 'Transaction', 'x'.repeat(300)]) }));
const missing: BadEvent = ({ pick }) =>
  text(transaction({}, { [pick(['type', 'id', 'source', 'time', 'subject'])]: undefined }));
const noAmount: BadEvent = () => text(transaction({ amount: undefined }));
const tooLarge: BadEvent = ({ int }) => text(transaction({ x: 'y'.repeat(33_000 + int(60_000)) }));
const polluted: BadEvent = () =>
  text(transaction({ amount: undefined })).replace('"data":{', '"data":{"__proto__":{"amount":5},');
const bytes: BadEvent = ({ int }) =>
  Buffer.from(Array.from({ length: 1 + int(200) }, (_, i) => (i === 0 ? 1 : int(255) === 10 ? 11 : int(255)))).map(
    (byte) => (byte === 10 ? 11 : byte),
  ) as Buffer;
const scalar: BadEvent = ({ pick }) => pick(['5', 'null', 'true', '"event"', '{}', '[]']);

const BAD_EVENTS = {
  truncated,
  wrongType,
  hugeNumber,
  hidden,
  deep,
  badUtf8,
  badDate,
  badBill,
  unknownType,
  missing,
  noAmount,
  tooLarge,
  polluted,
  bytes,
  scalar,
};
type BadKind = keyof typeof BAD_EVENTS;
/** As an element of an array these are JSON, so that they do not break the array. */
const WELL_FORMED: readonly [BadKind, ...BadKind[]] = [
  'wrongType',
  'hidden',
  'deep',
  'badUtf8',
  'badDate',
  'badBill',
  'unknownType',
  'missing',
  'noAmount',
  'tooLarge',
  'polluted',
];
const KINDS = Object.keys(BAD_EVENTS) as [BadKind, ...BadKind[]];

const NDJSON = { 'content-type': 'application/x-ndjson' };
const GZIP = { 'content-encoding': 'gzip' };

function join(parts: readonly (string | Uint8Array)[], separator: string): Buffer {
  return Buffer.concat(
    parts.flatMap((part, i) => [Buffer.from(i === 0 ? '' : separator), Buffer.from(part as Uint8Array)]),
  );
}

/** Good and bad events in any order, joined into one body. */
function mixed(random: Random, form: 'lines' | 'array'): MalformedCase {
  const goodIds: string[] = [];
  let bad = 0;
  const parts = Array.from({ length: 1 + random.int(8) }, () => {
    if (random.int(2) === 0) {
      const good = transaction({ amount: random.int(1_000_000) });
      goodIds.push(good.id);
      return text(good);
    }
    bad++;
    return BAD_EVENTS[random.pick(form === 'lines' ? KINDS : WELL_FORMED)](random);
  });
  const body =
    form === 'lines' ? join(parts, '\n') : Buffer.concat([Buffer.from('['), join(parts, ','), Buffer.from(']')]);
  const zipped = random.int(4) === 0;
  return {
    kind: form,
    body: zipped ? gzipSync(body) : body,
    headers: { ...(form === 'lines' && NDJSON), ...(zipped && GZIP) },
    goodIds,
    bad,
  };
}

function brokenBody(random: Random): MalformedCase {
  const whole = text([transaction(), transaction()]);
  const zipped = gzipSync(whole);
  const cut = whole.slice(0, 1 + random.int(whole.length - 1));
  const [kind, body, headers] = random.pick<[string, string | Uint8Array, Record<string, string>]>([
    ['cut array', cut, {}],
    ['cut array, gzip', gzipSync(cut), GZIP],
    ['cut gzip', zipped.subarray(0, random.int(zipped.length - 8)), GZIP],
    ['no gzip', whole, GZIP],
    ['deflate', deflateSync(whole), { 'content-encoding': 'deflate' }],
    ['brotli in name', whole, { 'content-encoding': 'br' }],
    ['text', whole, { 'content-type': 'text/plain' }],
    ['form', 'a=b', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['odd type', whole, { 'content-type': 'application/;;;' }],
    ['charset', whole, { 'content-type': 'application/json; charset=utf-16' }],
    ['empty', '', {}],
    ['blank', ' \n\t ', {}],
    ['no events', '[]', {}],
    ['brackets', '['.repeat(1 + random.int(50_000)), {}],
    ['lines as JSON', `${text(transaction())}\n${text(transaction())}`, {}],
    ['two byte order marks', `\ufeff\ufeff${whole}`, {}],
    ['binary mode without data', 'x', { 'ce-type': 'transaction', 'ce-id': 'x' }],
    ['binary mode, escape', '{},"id":"y"', { 'ce-type': 'transaction' }],
  ]);
  return { kind, body, headers, goodIds: [] };
}

function single(random: Random): MalformedCase {
  const kind = random.pick(KINDS);
  return { kind, body: BAD_EVENTS[kind](random), headers: {}, goodIds: [] };
}

export function* malformedCases(seed: number, count: number): Generator<MalformedCase> {
  const random = seeded(seed);
  for (let i = 0; i < count; i++) {
    if (i % 500 === 250) yield { kind: 'gzip bomb', body: bomb, headers: GZIP, goodIds: [] };
    else if (i % 10 === 0) {
      const good = transaction();
      yield { kind: 'good', body: text(good), headers: {}, goodIds: [good.id] };
    } else yield random.pick([mixed, brokenBody, single] as const)(random, random.pick(['lines', 'array'] as const));
  }
}
