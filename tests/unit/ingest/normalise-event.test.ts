import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normaliseEvent } from '../../../ingest/normalise-event.ts';
import { ARBITRARY_NOW_MS, formatWithOffset, type RawEvent, rawEvent } from '../../support/events/event-arbitraries.ts';

const SEED = 20_261_123;
const FUTURE_MAX_MS = 300_000;
const normalise = (input: unknown) => normaliseEvent(input, { nowMs: ARBITRARY_NOW_MS, futureMaxMs: FUTURE_MAX_MS });
const problemsOf = (input: unknown) => {
  const result = normalise(input);
  return result.ok ? [] : result.problems;
};

const transaction = (data: Record<string, unknown> = {}, envelope: Record<string, unknown> = {}): RawEvent =>
  ({
    type: 'transaction',
    id: 't-1',
    source: 'pos',
    time: '2026-11-23T08:15:30.123+08:00',
    subject: 'c-42',
    ...envelope,
    data: { amount: 12_500, currency: 'CNY', ...data },
  }) as RawEvent;

/** What must not stand at a path of a transaction, and the pointer that the refusal must give. */
const WRONG: readonly { readonly path: readonly string[]; readonly values: readonly unknown[] }[] = [
  { path: ['type'], values: ['payment', '', 5, null, 'constructor', '__proto__', ['transaction']] },
  { path: ['id'], values: ['', 5, null, 'x'.repeat(257), {}] },
  { path: ['source'], values: ['', true, [], 'x'.repeat(257)] },
  { path: ['subject'], values: ['', 7, {}] },
  { path: ['specversion'], values: ['0.3', 1, null] },
  {
    path: ['time'],
    values: ['2026-02-30T00:00:00Z', '2026-11-23', 'yesterday', 1_700_000_000, null, '2026-11-23T08:15:30'],
  },
  { path: ['data'], values: [null, [], 'x', 5] },
  { path: ['data', 'amount'], values: [-1, 1.5, '100', null, Number.POSITIVE_INFINITY, 2 ** 53, [], {}] },
  { path: ['data', 'currency'], values: ['cny', 'RMBX', '', 156, null] },
  { path: ['data', 'kind'], values: ['gift', 1, null] },
  { path: ['data', 'status'], values: ['ok', false] },
  { path: ['data', 'channel'], values: ['fax', {}] },
  { path: ['data', 'merchant'], values: [null, 'm-7', []] },
  { path: ['data', 'merchant', 'id'], values: ['', 5] },
  { path: ['data', 'merchant', 'mcc'], values: ['541', 5411, 'abcd'] },
  { path: ['data', 'merchant', 'lat'], values: [91, -91, '31', Number.NaN] },
  { path: ['data', 'device', 'ip'], values: ['x'.repeat(65), 1] },
  { path: ['data', 'lon'], values: [180.01, '121'] },
  { path: ['data', 'fee'], values: [-1, 0.5, '1'] },
];

function put(event: RawEvent, path: readonly string[], value: unknown): RawEvent {
  const copy = structuredClone(event);
  let holder: Record<string, unknown> = copy as unknown as Record<string, unknown>;
  for (const name of path.slice(0, -1)) {
    const next = holder[name] ?? (name === 'merchant' ? { id: 'm-1' } : {});
    holder[name] = next;
    holder = next as Record<string, unknown>;
  }
  holder[path.at(-1) ?? ''] = value;
  return copy;
}

describe('normaliseEvent', () => {
  it('takes every valid event', () => {
    fc.assert(
      fc.property(rawEvent, (raw) => {
        expect(problemsOf(raw)).toEqual([]);
      }),
      { seed: SEED, numRuns: 1_000 },
    );
  });

  it('points at the member that is wrong, whatever else the event holds', () => {
    const valid = rawEvent.filter((raw) => raw.type === 'transaction');
    fc.assert(
      fc.property(valid, fc.constantFrom(...WRONG), fc.nat(), (raw, { path, values }, pick) => {
        const problems = problemsOf(put(raw, path, values[pick % values.length]));
        expect(problems.map((problem) => problem.pointer)).toEqual([`/${path.join('/')}`]);
        expect(problems[0]?.message).toMatch(/\S/);
      }),
      { seed: SEED, numRuns: 3_000 },
    );
  });

  it('points at each required member that is missing', () => {
    for (const name of ['type', 'id', 'source', 'time', 'subject', 'data'] as const) {
      const event: Partial<RawEvent> = transaction();
      delete event[name];
      expect(problemsOf(event).map(({ pointer }) => pointer)).toEqual([`/${name}`]);
    }
    for (const name of ['amount', 'currency']) {
      const event = transaction();
      delete event.data[name];
      expect(problemsOf(event)).toEqual([
        { code: 'event.invalid', pointer: `/data/${name}`, message: `/data/${name} is missing` },
      ]);
    }
  });

  it('lists everything that is wrong, each place once', () => {
    const problems = problemsOf(transaction({ amount: -1.5, lat: 400, merchant: {} }, { id: '' }));
    expect(problems.map(({ pointer }) => pointer)).toEqual(['/id', '/data/amount', '/data/merchant/id', '/data/lat']);
  });

  it('refuses what is no object at all', () => {
    for (const input of [null, 5, 'x', [], [transaction()], true]) {
      expect(problemsOf(input)).toMatchObject([{ code: 'event.invalid', pointer: '' }]);
    }
  });

  it('says what is wrong with the time', () => {
    const codeAt = (time: unknown) => problemsOf(transaction({}, { time })).map(({ code }) => code);
    expect(codeAt('1969-12-31T23:59:59Z')).toEqual(['event.bad_time']);
    expect(codeAt('2026-02-29T00:00:00Z')).toEqual(['event.bad_time']);
    expect(codeAt(undefined)).toEqual(['event.bad_time']);
    expect(codeAt(formatWithOffset(ARBITRARY_NOW_MS + FUTURE_MAX_MS + 1, 480))).toEqual(['event.in_future']);
    expect(codeAt(formatWithOffset(ARBITRARY_NOW_MS + FUTURE_MAX_MS, 480))).toEqual([]);
  });

  it('refuses dates that no calendar has', () => {
    const bill = (dueDate: string) => ({
      ...transaction(),
      type: 'bill',
      data: { amount: 1, currency: 'CNY', dueDate },
    });
    expect(problemsOf(bill('2026-02-28'))).toEqual([]);
    expect(problemsOf(bill('2026-02-30'))).toMatchObject([{ code: 'event.invalid', pointer: '/data/dueDate' }]);
    expect(problemsOf(bill('2026-13-01'))).toMatchObject([{ pointer: '/data/dueDate' }]);
    const profile = { ...transaction(), type: 'profile', data: { birthDate: '2025-02-29' } };
    expect(problemsOf(profile)).toMatchObject([{ pointer: '/data/birthDate' }]);
  });

  it('fills kind and status of a transaction, and nothing else', () => {
    const result = normalise(transaction());
    expect(result).toMatchObject({ ok: true, event: { data: { kind: 'purchase', status: 'approved' } } });
    const given = normalise(transaction({ kind: 'refund', status: 'pending' }));
    expect(given).toMatchObject({ ok: true, event: { data: { kind: 'refund', status: 'pending' } } });
  });

  it('is not fooled by members named like those of every object', () => {
    const event: unknown = JSON.parse(
      '{"type":"transaction","id":"t","source":"s","time":"2026-11-23T00:00:00Z","subject":"c","__proto__":{"type":"place"},"data":{"__proto__":{"amount":1},"currency":"CNY"}}',
    );
    expect(problemsOf(event)).toMatchObject([{ pointer: '/data/amount' }]);
    expect(({} as Record<string, unknown>).amount).toBeUndefined();
  });

  it('tells the id where it could be read', () => {
    expect(normalise(transaction({ amount: 'x' }))).toMatchObject({ ok: false, id: 't-1' });
    expect(normalise(transaction({}, { id: 5 }))).not.toHaveProperty('id');
  });
});
