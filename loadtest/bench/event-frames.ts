/** Frames of synthetic transactions, as ingest would append them: what the benchmarks of engine and sink begin with. */
import type { ByteWriter } from '../../core/codec/byte-writer.ts';
import { type Entry, encodeEntry } from '../../core/codec/entry.ts';
import { encodeFrame } from '../../core/codec/frame.ts';
import type { WeirEvent } from '../../core/events/event.ts';
import { syntheticTransaction } from '../driver/synthetic-events.ts';

const START_MS = 1_795_000_000_000;
/** As the load test compresses event time. */
const MS_PER_EVENT = 60;

/** The events `from` up to, and without, `to`. */
export function eventFrame(writer: ByteWriter, from: number, to: number): Uint8Array {
  const entries: Entry[] = [];
  for (let i = from; i < to; i++) entries.push({ kind: 'event', event: eventOf(i) });
  return frameOf(writer, entries);
}

export function frameOf(writer: ByteWriter, entries: readonly Entry[]): Uint8Array {
  const items = entries.map((entry) => {
    writer.reset();
    encodeEntry(writer, entry);
    return writer.take();
  });
  return encodeFrame(writer, items);
}

function eventOf(index: number): WeirEvent {
  const timeMs = START_MS + index * MS_PER_EVENT;
  const { type, id, source, subject, data } = JSON.parse(syntheticTransaction('bench', index, timeMs));
  return { type, id, source, subject, timeMs, offsetMinutes: 0, receivedMs: timeMs, data };
}
