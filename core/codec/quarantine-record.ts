/**
 * What was refused, with the reason and the bytes as they came: the content of the log QUARANTINE. Ingest and the
 * engine write it, the sink reads it.
 */
import { ByteReader } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';

const RECORD_VERSION = 1;
/** A record must fit one message of the log; larger input is cut, and `bytesTotal` says how long it was. */
export const QUARANTINE_BYTES_MAX = 786_432;
const TEXT_CHARS_MAX = 4_096;

/** Append only: the position in this list is what the log stores. */
export const QUARANTINE_ORIGINS = ['http', 'nats', 'engine'] as const;
export type QuarantineOrigin = (typeof QUARANTINE_ORIGINS)[number];

export interface QuarantineRecord {
  /** Unique; the same record put twice within two minutes is stored once. */
  readonly id: string;
  /** Milliseconds since the Unix epoch. */
  readonly atMs: number;
  readonly origin: QuarantineOrigin;
  /** Who sent it: the token's subject, the NATS subject, or the source of the event. */
  readonly producer: string;
  readonly code: string;
  /** RFC 6901 pointer to what was wrong. */
  readonly pointer: string;
  readonly message: string;
  readonly contentType: string;
  readonly bytes: Uint8Array;
  /** Length of the original where `bytes` had to be cut; its own length otherwise. */
  readonly bytesTotal?: number;
}

/** Text fields are cut at 4,096 characters. */
export function encodeQuarantineRecord(writer: ByteWriter, record: QuarantineRecord): Uint8Array {
  writer.reset();
  writer.u8(RECORD_VERSION);
  writer.u8(QUARANTINE_ORIGINS.indexOf(record.origin));
  writer.f64(record.atMs);
  for (const text of [record.id, record.producer, record.code, record.pointer, record.message, record.contentType]) {
    writer.text(text.slice(0, TEXT_CHARS_MAX));
  }
  writer.f64(record.bytesTotal ?? record.bytes.length);
  writer.bytes(record.bytes.subarray(0, QUARANTINE_BYTES_MAX));
  return writer.take();
}

/** Throws a `RangeError` on bytes that no encoder wrote. */
export function decodeQuarantineRecord(encoded: Uint8Array): Required<QuarantineRecord> {
  const reader = new ByteReader(encoded);
  const version = reader.u8();
  if (version !== RECORD_VERSION) throw new RangeError(`quarantine record version ${version} is not known`);
  const origin = QUARANTINE_ORIGINS[reader.u8()];
  if (origin === undefined) throw new RangeError('the origin of a quarantine record is not known');
  const atMs = reader.f64();
  const id = reader.text();
  const producer = reader.text();
  const code = reader.text();
  const pointer = reader.text();
  const message = reader.text();
  const contentType = reader.text();
  const bytesTotal = reader.f64();
  const bytes = reader.bytes(reader.remaining);
  return { id, atMs, origin, producer, code, pointer, message, contentType, bytes, bytesTotal };
}
