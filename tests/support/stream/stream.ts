/** Entries that name their call and place, and the log read back: what the stream tests compare. */
import { splitFrame } from '../../../core/codec/frame.ts';
import type { StreamConnection } from '../../../stream/connection.ts';
import type { AppenderLimits } from '../../../stream/log/event-appender.ts';
import { logState, readLog } from '../../../stream/log/log-reader.ts';
import type { StreamName } from '../../../stream/topology.ts';

export const APPENDER_LIMITS: AppenderLimits = {
  WEIR_FRAME_LINGER_MS: 1,
  WEIR_DECISION_LINGER_MS: 1,
  WEIR_FRAME_ENTRIES_MAX: 200,
  WEIR_FRAME_BYTES_MAX: 65_536,
  WEIR_APPEND_IN_FLIGHT_MAX: 64,
  WEIR_APPEND_QUEUE_ENTRIES_MAX: 50_000,
  WEIR_APPEND_TIMEOUT_MS: 10_000,
};

export function textEntry(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export interface LoggedEntry {
  readonly seq: number;
  readonly text: string;
}

/** Every entry of EVENTS, in order. */
export async function readAllEntries(c: StreamConnection): Promise<LoggedEntry[]> {
  const entries: LoggedEntry[] = [];
  await readAll(c, 'EVENTS', (seq, bytes) => {
    for (const item of splitFrame(bytes)) entries.push({ seq, text: new TextDecoder().decode(item) });
  });
  return entries;
}

/** Calls `take` for each message that the log holds now. */
export async function readAll(
  c: StreamConnection,
  stream: StreamName,
  take: (seq: number, bytes: Uint8Array) => void,
): Promise<void> {
  const { lastSeq } = await logState(c, stream);
  if (lastSeq === 0) return;
  for await (const message of readLog(c, stream, { fromSeq: 1, signal: AbortSignal.timeout(60_000) })) {
    take(message.seq, message.bytes);
    if (message.seq >= lastSeq) return;
  }
  throw new Error(`the log did not give ${lastSeq} messages`);
}
