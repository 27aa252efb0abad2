/**
 * `npm run bench -- codec`: the log's binary entries against JSON (and msgpackr's records where that package is
 * installed), on the same transactions, with the round trip compared.
 */
import { isDeepStrictEqual } from 'node:util';
import { ByteWriter } from '../../core/codec/byte-writer.ts';
import { decodeEntry, encodeEntry } from '../../core/codec/entry.ts';
import { encodeFrame, splitFrame } from '../../core/codec/frame.ts';
import type { WeirEvent } from '../../core/events/event.ts';
import { syntheticEvent } from '../driver/synthetic-events.ts';
import { measureNs } from './measure.ts';

interface CodecBenchRow {
  readonly codec: string;
  readonly bytesPerEvent: number;
  readonly encodeNs: number;
  readonly decodeNs: number;
}

export interface CodecBenchReport {
  readonly rows: readonly CodecBenchRow[];
  /** Frames of 100 entries: nanoseconds an event. */
  readonly frame: { readonly encodeNs: number; readonly splitNs: number };
}

const EVENTS = 1_000;
const FRAME_ENTRIES = 100;
const TIME_MS = 1_795_000_000_000;

/** The parts of `msgpackr` that are used; it is no dependency of Weir. */
interface Packer {
  pack(value: unknown): Uint8Array;
  unpack(bytes: Uint8Array): unknown;
}

export async function runCodecBench(): Promise<CodecBenchReport> {
  const events = Array.from({ length: EVENTS }, (_, i) => syntheticEvent('bench', i, TIME_MS + i * 60));
  const writer = new ByteWriter(1 << 16);
  const encode = (event: WeirEvent): Uint8Array => {
    writer.reset();
    encodeEntry(writer, { kind: 'event', event });
    return writer.take();
  };
  const rows = [
    measureCodec('weir', events, encode, (bytes) => {
      const entry = decodeEntry(bytes);
      return entry.kind === 'event' ? entry.event : undefined;
    }),
    measureCodec(
      'JSON',
      events,
      (event) => Buffer.from(JSON.stringify(event)),
      (bytes) => JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')),
    ),
  ];
  const packer = await loadPacker();
  if (packer !== undefined) {
    rows.push(
      measureCodec(
        'msgpackr records',
        events,
        (event) => packer.pack(event),
        (bytes) => packer.unpack(bytes),
      ),
    );
  }
  const entries = events.map(encode);
  const frames: Uint8Array[][] = [];
  for (let at = 0; at < entries.length; at += FRAME_ENTRIES) frames.push(entries.slice(at, at + FRAME_ENTRIES));
  const encoded = frames.map((frame) => encodeFrame(writer, frame));
  return {
    rows,
    frame: {
      encodeNs: measureNs(EVENTS, () => frames.reduce((sum, frame) => sum + encodeFrame(writer, frame).length, 0)),
      splitNs: measureNs(EVENTS, () => encoded.reduce((sum, frame) => sum + splitFrame(frame).length, 0)),
    },
  };
}

function measureCodec(
  codec: string,
  events: readonly WeirEvent[],
  encode: (event: WeirEvent) => Uint8Array,
  decode: (bytes: Uint8Array) => unknown,
): CodecBenchRow {
  const encoded = events.map((event) => Uint8Array.from(encode(event)));
  events.forEach((event, i) => {
    const back = decode(encoded[i] ?? new Uint8Array());
    if (!isDeepStrictEqual(JSON.parse(JSON.stringify(back)), JSON.parse(JSON.stringify(event)))) {
      throw new Error(`${codec} does not give back event ${i}`);
    }
  });
  const bytes = encoded.reduce((sum, one) => sum + one.length, 0);
  return {
    codec,
    bytesPerEvent: Math.round(bytes / events.length),
    encodeNs: measureNs(events.length, () => events.reduce((sum, event) => sum + encode(event).length, 0)),
    decodeNs: measureNs(events.length, () =>
      encoded.reduce((sum, one) => sum + (decode(one) === undefined ? 0 : 1), 0),
    ),
  };
}

async function loadPacker(): Promise<Packer | undefined> {
  const name: string = 'msgpackr';
  try {
    const { Packr } = await import(name);
    return new Packr({ useRecords: true });
  } catch {
    return undefined;
  }
}
