/**
 * A seeded log with everything in it: rule sets that replace each other, all event types, repeats, late events, links, lists,
 * ticks and damaged entries. Deterministic, so that runs of it can be compared and its digest be kept.
 */

import { DAY_MS } from '../../../core/clock.ts';
import type { Entry } from '../../../core/codec/entry.ts';
import type { WeirEvent } from '../../../core/events/event.ts';
import { anEvent, aPayment, encodeEntries, rulesetEntry } from './engine.ts';

const BASE_MS = 1_780_000_000_000;

const window = (params: Record<string, unknown>, operator: string, value: unknown) => ({
  fact: 'window',
  params,
  operator,
  value,
});
const fraud = (id: string, all: unknown[], params: Record<string, unknown> = {}) => ({
  id,
  version: 1,
  name: id,
  on: ['transaction'],
  conditions: { all },
  event: { type: 'fraud', params: { action: 'score', score: 35, code: id, message: `Rule ${id}`, ...params } },
});
const offer = (id: string, on: string[], all: unknown[]) => ({
  id,
  version: 1,
  name: id,
  on,
  conditions: { all },
  event: {
    type: 'offer',
    params: {
      campaignId: `campaign-${id}`,
      title: '{place.name} {bill.amount}',
      body: 'For {customer.name}, {distanceM} m',
      reason: id,
      validFor: '30m',
      cooldown: '10m',
    },
  },
});

const LOG_RULES = [
  fraud('velocity', [window({ aggregate: 'count', over: 'customer', last: '1m' }, 'greaterThan', 4)]),
  fraud('amount', [window({ aggregate: 'sum', of: '$.amount', over: 'card', last: '10m' }, 'greaterThan', 20_000)]),
  fraud('cards', [
    window({ aggregate: 'distinct', of: '$.instrument.token', over: 'device', last: '1h' }, 'greaterThan', 3),
  ]),
  fraud('mule', [
    window({ aggregate: 'sum', of: '$.amount', over: 'counterparty', at: 'customer', last: '1h' }, 'greaterThan', 0),
  ]),
  fraud('labelled', [
    window(
      { aggregate: 'count', type: 'label', over: 'merchant', where: { fraud: true }, last: '1d' },
      'greaterThan',
      1,
    ),
  ]),
  fraud('travel', [{ fact: 'travel', path: '$.speedKmh', operator: 'greaterThan', value: 900 }], { action: 'review' }),
  fraud('listed', [{ fact: 'list', params: { name: 'bad', path: '$.merchant.id' }, operator: 'equal', value: true }], {
    action: 'decline',
  }),
  offer(
    'stay',
    ['location'],
    [
      {
        fact: 'nearby',
        params: { category: 'hotel', radiusM: 3_000 },
        path: '$.count',
        operator: 'greaterThan',
        value: 0,
      },
    ],
  ),
  offer(
    'due',
    ['location', 'transaction'],
    [{ fact: 'bill', path: '$.dueInDays', operator: 'lessThanInclusive', value: 2 }],
  ),
];

/** `frames` frames; the same seed gives the same bytes. */
export function engineLog(frames: number, seed = 1): Uint8Array[] {
  let state = seed >>> 0;
  const random = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const past: WeirEvent[] = [];
  let nowMs = BASE_MS;
  let made = 0;

  const newEvent = (): WeirEvent => {
    nowMs += random(20_000);
    const timeMs = nowMs - (random(8) === 0 ? random(2 * 3_600_000) : 0);
    const id = { id: `e-${made++}`, source: random(9) === 0 ? 'other' : 'gw' };
    const subject = random(6) === 0 ? (['phone:1', 'card:k-2', 'device:d-1'][random(3)] ?? '') : `c-${random(9)}`;
    const position = { lat: 31 + random(100) / 1_000, lon: 121 + random(100) / 1_000 };
    switch (random(14)) {
      case 0:
        return anEvent(
          'profile',
          subject,
          timeMs,
          {
            name: `Zoë ${random(5)}`,
            links: [`phone:${random(4)}`, `card:k-${random(5)}`].slice(0, random(3)),
            consents: { marketing: random(5) > 0 },
          },
          id,
        );
      case 1:
        return anEvent(
          'place',
          `p-${random(12)}`,
          timeMs,
          {
            name: `Hôtel ${random(12)}`,
            category: 'hotel',
            ...position,
            acceptsCards: ['ICBC'],
          },
          id,
        );
      case 2:
        return anEvent(
          'bill',
          subject,
          timeMs,
          {
            amount: random(9_999),
            currency: 'CNY',
            dueDate: new Date(nowMs + random(2) * DAY_MS).toISOString().slice(0, 10),
            issuer: `bank-${random(2)}`,
            ...(random(2) === 0 ? { paid: true } : {}),
          },
          id,
        );
      case 3: {
        const about = past[random(past.length)];
        return anEvent(
          'label',
          about?.subject ?? subject,
          timeMs,
          { transactionId: about?.id ?? 'x', fraud: random(3) > 0 },
          id,
        );
      }
      case 4:
      case 5:
      case 6:
        return anEvent('location', subject, timeMs, position, id);
      default:
        return aPayment(
          subject,
          timeMs,
          {
            amount: random(9_000),
            fee: random(50),
            status: random(5) === 0 ? 'declined' : 'approved',
            channel: random(2) === 0 ? 'pos' : 'web',
            businessLine: random(2) === 0 ? 'B2B' : 'B2C',
            merchant: { id: `m-${random(6)}`, city: `Città ${random(3)}`, lat: 31 + random(9), lon: 121 },
            instrument: { token: `k-${random(7)}`, issuer: 'ICBC' },
            device: { id: `d-${random(4)}`, ip: `10.0.0.${random(3)}` },
            counterparty: `c-${random(9)}`,
          },
          id,
        );
    }
  };

  return Array.from({ length: frames }, (_, f) => {
    if (f === 0) return encodeEntries([rulesetEntry(LOG_RULES)]);
    if (f % 50 === 25) return encodeEntries([rulesetEntry(LOG_RULES.slice(f % 4), {}, f)]);
    if (f % 13 === 0) return encodeEntries([{ kind: 'tick', timeMs: nowMs }]);
    const entries: (Entry | Uint8Array)[] = [];
    for (let e = random(8); e >= 0; e--) {
      const repeated = random(7) === 0 ? past[random(past.length)] : undefined;
      const event = repeated ?? newEvent();
      past.push(event);
      entries.push({ kind: 'event', event });
    }
    if (f % 31 === 0)
      entries.push({ kind: 'list', name: 'bad', entries: [{ value: `m-${random(6)}`, expiresMs: nowMs + 3_600_000 }] });
    if (f % 37 === 0) entries.push(Uint8Array.of(1, 1, 200));
    return encodeEntries(entries);
  });
}
