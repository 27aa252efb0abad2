/** The api on real parts with two rule sets, two customers and a hotel in it, and answers checked against their schemas. */
import type { TSchema } from 'typebox';
import Value from 'typebox/value';
import { expect } from 'vitest';
import type { EventOf } from '../../../core/events/event.ts';
import { type ApiStack, startApiStack } from './api-stack.ts';

export const NOW_MS = Date.now();
export const MINUTE_MS = 60_000;

const velocity = (version: number, limit: number) => ({
  id: 'velocity',
  version,
  name: 'Many payments in ten minutes',
  on: ['transaction'],
  conditions: {
    all: [
      { fact: 'transaction', path: '$.channel', operator: 'equal', value: 'app' },
      {
        fact: 'window',
        params: { aggregate: 'count', over: 'customer', last: '10m' },
        operator: 'greaterThan',
        value: limit,
      },
    ],
  },
  event: { type: 'fraud', params: { action: 'review', score: 60, code: 'velocity', message: 'Many payments' } },
});
const large = {
  id: 'large',
  version: 4,
  name: 'A large amount',
  on: ['transaction'],
  conditions: { all: [{ fact: 'transaction', path: '$.amount', operator: 'greaterThan', value: 1_000_000 }] },
  event: { type: 'fraud', params: { action: 'decline', score: 90, code: 'large', message: 'Large' } },
};
const hotel = {
  id: 'hotel',
  version: 1,
  name: 'A hotel nearby',
  on: ['location'],
  conditions: {
    all: [
      {
        fact: 'nearby',
        params: { category: 'hotel', radiusM: 500 },
        path: '$.count',
        operator: 'greaterThan',
        value: 0,
      },
    ],
  },
  event: {
    type: 'offer',
    params: { campaignId: 'h', title: 'Stay', body: '{place.name}', reason: 'near', validFor: '2h', cooldown: '1h' },
  },
};

export function payment(id: string, subject: string, agoMs: number): EventOf<'transaction'> {
  return {
    type: 'transaction',
    id,
    source: 'pos',
    subject,
    timeMs: NOW_MS - agoMs,
    offsetMinutes: 480,
    receivedMs: NOW_MS,
    data: {
      amount: 12_500,
      currency: 'CNY',
      kind: 'purchase',
      status: 'approved',
      channel: 'app',
      businessLine: 'B2C',
      merchant: { id: 'm-1', city: 'Shanghai' },
      fee: 75,
      cost: 30,
    },
  };
}

async function fill(stack: ApiStack): Promise<void> {
  await stack.activate(1, [velocity(1, 5), large]);
  await stack.activate(2, [velocity(2, 2), large, hotel]);
  await stack.startProcessor();
  stack.startSink();
  const place: EventOf<'place'> = {
    type: 'place',
    id: 'p-1',
    source: 'map',
    subject: 'hotel-1',
    timeMs: NOW_MS - 60 * MINUTE_MS,
    offsetMinutes: 0,
    receivedMs: NOW_MS,
    data: { name: 'Grand', category: 'hotel', lat: 31.23, lon: 121.47, discount: 10 },
  };
  const location: EventOf<'location'> = {
    type: 'location',
    id: 'l-1',
    source: 'phone',
    subject: 'c-1',
    timeMs: NOW_MS - MINUTE_MS,
    offsetMinutes: 0,
    receivedMs: NOW_MS,
    data: { lat: 31.2301, lon: 121.4701, accuracyM: 12, origin: 'gps' },
  };
  await stack.append([place]);
  await stack.append([1, 2, 3].map((n) => payment(`t-${n}`, 'c-1', (5 - n) * MINUTE_MS)));
  await stack.append([payment('t-other', 'c-2', MINUTE_MS), location]);
  await stack.settled();
}

/** Resolves when the store and the hub have everything. The caller closes the stack. */
export async function startFilledStack(): Promise<ApiStack> {
  const stack = await startApiStack();
  try {
    await fill(stack);
    return stack;
  } catch (error) {
    await stack.close();
    throw error;
  }
}

/** Asks as `get` of the stack does, and fails when the answer is no success or not as `schema` says. */
export function createCheckedGet(stack: () => ApiStack) {
  return async (schema: TSchema, path: string, role: Parameters<ApiStack['get']>[1] = 'analyst', sub?: string) => {
    const { status, body, headers } = await stack().get(path, role, sub);
    expect(status, JSON.stringify(body)).toBe(200);
    expect(Value.Errors(schema, body)).toEqual([]);
    return { body: body as never, headers };
  };
}
