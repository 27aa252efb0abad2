/** Refused events, newest first, with the bytes as they came. */
import type { Store } from '../open-store.ts';
import { readBytes, readNumber, readText } from '../row.ts';

export interface StoredRefusal {
  /** Sequence in QUARANTINE; the cursor of this list. */
  readonly seq: number;
  readonly id: string;
  readonly atMs: number;
  readonly origin: string;
  readonly producer: string;
  readonly code: string;
  readonly pointer: string;
  readonly message: string;
  readonly contentType: string;
  readonly bytes: Uint8Array;
}

export async function quarantineBefore(store: Store, beforeSeq?: number, limit = 50): Promise<StoredRefusal[]> {
  const rows = await store.query(
    'quarantine-before',
    `SELECT seq, id, toUnixTimestamp64Milli(at) AS at_ms, origin, producer, code, pointer, message, content_type,
 base64Encode(bytes) AS bytes_64 FROM quarantine FINAL WHERE seq < {before:UInt64} ORDER BY seq DESC LIMIT {limit:UInt32}`,
    { before: beforeSeq ?? Number.MAX_SAFE_INTEGER, limit },
  );
  return rows.map((row) => ({
    seq: readNumber(row, 'seq'),
    id: readText(row, 'id'),
    atMs: readNumber(row, 'at_ms'),
    origin: readText(row, 'origin'),
    producer: readText(row, 'producer'),
    code: readText(row, 'code'),
    pointer: readText(row, 'pointer'),
    message: readText(row, 'message'),
    contentType: readText(row, 'content_type'),
    bytes: readBytes(row, 'bytes_64'),
  }));
}
