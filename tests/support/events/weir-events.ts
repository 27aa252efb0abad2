/** Any accepted event as ingest would hand it to the log, of every type, with members that no schema names. */
import fc from 'fast-check';
import { parseInstant } from '../../../core/clock.ts';
import type { WeirEvent } from '../../../core/events/event.ts';
import { rawEvent } from './event-arbitraries.ts';

const RECEIVED_MS = Date.UTC(2026, 10, 23);
const MONTH_MS = 30 * 86_400_000;

/** Event times from 1970 to 2100, at the edges too. */
const farTime = fc.oneof(
  fc.constantFrom(0, 1, 59_999, 60_000, Date.UTC(2100, 11, 31, 23, 59, 59, 999), Date.UTC(2105, 0, 1)),
  fc.integer({ min: 0, max: Date.UTC(2100, 11, 31) }),
);

const groupExtras = fc.dictionary(
  fc.constantFrom('x-tier', 'x-note', 'branch', 'länge'),
  fc.oneof(fc.string(), fc.integer(), fc.constant(null), fc.array(fc.boolean(), { maxLength: 3 })),
  { maxKeys: 2 },
);

export const weirEvent: fc.Arbitrary<WeirEvent> = fc
  .record({
    raw: rawEvent,
    far: fc.option(farTime, { nil: undefined }),
    received: fc.nat(3 * MONTH_MS),
    extras: groupExtras,
  })
  .map(({ raw, far, received, extras }) => {
    const instant = parseInstant(raw.time);
    if (instant === undefined) throw new Error(`no time: ${raw.time}`);
    const { merchant, instrument } = raw.data;
    const data = {
      ...raw.data,
      ...(isObject(merchant) ? { merchant: { ...merchant, ...extras } } : {}),
      ...(isObject(instrument) ? { instrument: { ...instrument, ...extras } } : {}),
    };
    return {
      type: raw.type,
      id: raw.id,
      source: raw.source,
      subject: raw.subject,
      timeMs: far ?? instant.timeMs,
      offsetMinutes: instant.offsetMinutes,
      receivedMs: RECEIVED_MS + received,
      data,
    } as WeirEvent;
  });

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
