import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteWriter } from '../../../core/codec/byte-writer.ts';
import { decodeEntry, encodeEntry } from '../../../core/codec/entry.ts';
import { TextCache } from '../../../core/codec/text-cache.ts';
import { TransactionView } from '../../../core/codec/transaction-view.ts';
import {
  BUSINESS_LINES,
  CHANNELS,
  TRANSACTION_KINDS,
  TRANSACTION_STATUSES,
} from '../../../core/events/data-schemas.ts';
import type { WeirEvent } from '../../../core/events/event.ts';

/** Bytes around the entry, as in a frame: a view that reads past its entry reads these. */
const MARGIN = 9;
const text = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.constantFrom('', '\uFEFF', '\uFEFFid', 'phone:1', '__proto__', 'constructor', 'x'.repeat(80), '\u0000'),
);
const number = fc.oneof(fc.integer(), fc.double());
const some = <T>(members: Record<string, fc.Arbitrary<T>>) => fc.record(members, { requiredKeys: [] });
const group = (members: Record<string, fc.Arbitrary<unknown>>) => some<unknown>(members);

const known = group({
  amount: number,
  currency: text,
  kind: fc.constantFrom(...TRANSACTION_KINDS),
  status: fc.constantFrom(...TRANSACTION_STATUSES),
  declineReason: text,
  channel: fc.constantFrom(...CHANNELS),
  businessLine: fc.constantFrom(...BUSINESS_LINES),
  department: text,
  merchant: group({ id: text, name: text, mcc: text, city: text, lat: number, lon: number }),
  instrument: group({ type: text, token: text, issuer: text }),
  device: group({ id: text, ip: text }),
  counterparty: text,
  lat: number,
  lon: number,
  fee: number,
  cost: number,
});
const event = (data: fc.Arbitrary<unknown>): fc.Arbitrary<WeirEvent> =>
  fc
    .record({
      type: fc.constant('transaction'),
      id: text,
      source: text,
      subject: text,
      timeMs: fc.double(),
      offsetMinutes: fc.integer({ min: -840, max: 840 }),
      receivedMs: fc.double(),
      data,
    })
    .map((one) => one as WeirEvent);

function encoded(one: WeirEvent): Uint8Array {
  const writer = new ByteWriter();
  encodeEntry(writer, { kind: 'event', event: one });
  return writer.take();
}

function load(view: TransactionView, entry: Uint8Array): boolean {
  const frame = new Uint8Array(entry.length + 2 * MARGIN).fill(0x7f);
  frame.set(entry, MARGIN);
  view.enter(frame);
  return view.load(MARGIN, MARGIN + entry.length);
}

/** Read member by member; what is undefined counts as absent. */
function present(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).flatMap(([name, member]) =>
    member === undefined ? [] : [[name, present(member)]],
  );
  return Object.fromEntries(entries);
}

const decodedOrError = (entry: Uint8Array): unknown => {
  try {
    const one = decodeEntry(entry);
    return one.kind === 'event' ? present(one.event) : one.kind;
  } catch {
    return 'damaged';
  }
};

describe('a transaction that is read in its frame', () => {
  it('equals the decoded one, whatever it holds and whatever was read before', () => {
    const view = new TransactionView();
    fc.assert(
      fc.property(event(known), (one) => {
        const entry = encoded(one);
        expect(load(view, entry)).toBe(true);
        expect(present(view.event)).toEqual(decodedOrError(entry));
      }),
      { numRuns: 1_000, seed: 11 },
    );
  });

  it('is left to the decoder where it has members that no schema names, wherever they stand', () => {
    const view = new TransactionView();
    for (const data of [
      { amount: 1, currency: 'CNY', note: 'x' },
      { amount: 1, merchant: { id: 'm', chain: 7 } },
      { device: { id: 'd', os: null } },
    ])
      expect(load(view, encoded(eventWith(data)))).toBe(false);
    expect(load(view, encoded(eventWith({ amount: 1, currency: 'CNY' })))).toBe(true);
  });

  it('is refused or reads as the decoder reads it when bytes are cut off or changed', () => {
    const view = new TransactionView();
    let refused = 0;
    fc.assert(
      fc.property(event(known), fc.nat(), fc.nat({ max: 255 }), fc.boolean(), (one, at, byte, cut) => {
        const whole = encoded(one);
        const entry = cut ? whole.slice(0, at % whole.length) : whole;
        if (!cut) entry[at % entry.length] = byte;
        if (load(view, entry)) expect(present(view.event)).toEqual(decodedOrError(entry));
        else refused++;
      }),
      { numRuns: 2_000, seed: 12 },
    );
    expect(refused).toBeGreaterThan(500);
  });

  it('gives the same string for the same bytes, and the right one where two share a place', () => {
    const cache = new TextCache();
    const utf8 = new TextEncoder();
    const read = (value: string) => cache.ascii(utf8.encode(`..${value}`), 2, value.length);
    // More texts than places.
    for (let round = 0; round < 2; round++)
      for (let i = 0; i < 20_000; i++) expect(read(`city-${i}`)).toBe(`city-${i}`);
    expect(read('')).toBe('');
  });
});

function eventWith(data: Record<string, unknown>): WeirEvent {
  const about = { id: 'e', source: 's', subject: 'c', timeMs: 1, offsetMinutes: 0, receivedMs: 1 };
  return { type: 'transaction', ...about, data } as unknown as WeirEvent;
}
