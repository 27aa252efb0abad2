import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteWriter } from '../../../core/codec/byte-writer.ts';
import { decodeEntry, type Entry, encodeEntry } from '../../../core/codec/entry.ts';
import { encodeFrame, splitFrame } from '../../../core/codec/frame.ts';
import { normaliseEvent } from '../../../ingest/normalise-event.ts';
import { ARBITRARY_NOW_MS, rawEvent } from '../../support/events/event-arbitraries.ts';

const SEED = 20_261_123;
const writer = new ByteWriter();

function encode(entry: Entry): Uint8Array {
  writer.reset();
  encodeEntry(writer, entry);
  return writer.take();
}

describe('an event in the log', () => {
  it('is the event that was sent, with every member, known or not', () => {
    fc.assert(
      fc.property(rawEvent, (raw) => {
        const normalised = normaliseEvent(structuredClone(raw), { nowMs: ARBITRARY_NOW_MS, futureMaxMs: 0 });
        if (!normalised.ok) throw new Error(JSON.stringify(normalised.problems));
        const decoded = decodeEntry(encode({ kind: 'event', event: normalised.event }));
        if (decoded.kind !== 'event') throw new Error(`decoded to a ${decoded.kind}`);
        const { event } = decoded;
        expect(event).toEqual(normalised.event);
        expect({ id: event.id, source: event.source, subject: event.subject }).toEqual({
          id: raw.id,
          source: raw.source,
          subject: raw.subject,
        });
        expect(event.timeMs).toBe(Date.parse(raw.time));
        const defaults = raw.type === 'transaction' ? { kind: 'purchase', status: 'approved' } : {};
        expect(event.data).toEqual({ ...defaults, ...raw.data });
      }),
      { seed: SEED, numRuns: 2_000 },
    );
  });

  it('leaves its neighbours in the frame readable when its own bytes are damaged', () => {
    fc.assert(
      fc.property(fc.array(rawEvent, { minLength: 3, maxLength: 8 }), fc.nat(), fc.nat(), (raws, which, where) => {
        const entries = raws.map((raw) => {
          const normalised = normaliseEvent(raw, { nowMs: ARBITRARY_NOW_MS, futureMaxMs: 0 });
          if (!normalised.ok) throw new Error(JSON.stringify(normalised.problems));
          return encode({ kind: 'event', event: normalised.event });
        });
        const damaged = which % entries.length;
        const copy = Uint8Array.from(entries[damaged] ?? []);
        copy[where % copy.length] = 0xff;
        const frame = encodeFrame(
          new ByteWriter(),
          entries.map((entry, i) => (i === damaged ? copy : entry)),
        );
        splitFrame(frame).forEach((item, i) => {
          if (i !== damaged) expect(decodeEntry(item)).toEqual(decodeEntry(entries[i] ?? new Uint8Array()));
        });
      }),
      { seed: SEED, numRuns: 200 },
    );
  });

  it('keeps control entries as they are', () => {
    const entries: Entry[] = [
      { kind: 'tick', timeMs: 1_700_000_000_000 },
      { kind: 'list', name: 'blocked', entries: [{ value: 'c-1' }, { value: 'c-2', expiresMs: 5 }] },
    ];
    for (const entry of entries) expect(decodeEntry(encode(entry))).toEqual(entry);
  });
});
