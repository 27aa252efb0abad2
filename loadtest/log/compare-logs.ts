/** Whether OUTCOMES holds, once each and byte for byte, what a fresh engine that nothing disturbs makes of EVENTS. */
import { createHash } from 'node:crypto';
import { createEngine } from '../../processors/engine/engine.ts';
import type { StreamConnection } from '../../stream/connection.ts';
import { type LogMessage, logState, readLog } from '../../stream/log/log-reader.ts';
import type { StreamName } from '../../stream/topology.ts';

export interface LogComparison {
  /** That an undisturbed run gives, and that OUTCOMES holds. */
  readonly wantedFrames: number;
  readonly publishedFrames: number;
  readonly digestEqual: boolean;
  /** Where they part; absent where they are equal. */
  readonly problem?: string;
}

/** Who looks at the messages as they are read. */
export interface LogVisitor {
  onEvents?(frame: Uint8Array): void;
  onOutcomes?(seq: number, frame: Uint8Array): void;
}

/** Reads both logs whole, EVENTS first, up to their present ends. */
export async function compareLogs(connection: StreamConnection, visitor: LogVisitor = {}): Promise<LogComparison> {
  const engine = createEngine();
  const wanted: string[] = [];
  for await (const { seq, bytes } of readAll(connection, 'EVENTS')) {
    visitor.onEvents?.(bytes);
    for (const part of engine.step(seq, bytes)) wanted.push(digestOf(part));
  }
  let publishedFrames = 0;
  let problem: string | undefined;
  for await (const { seq, bytes } of readAll(connection, 'OUTCOMES')) {
    visitor.onOutcomes?.(seq, bytes);
    if (digestOf(bytes) !== wanted[publishedFrames++]) problem ??= `OUTCOMES differs from an undisturbed run at ${seq}`;
  }
  if (publishedFrames !== wanted.length)
    problem ??= `OUTCOMES holds ${publishedFrames} frames, an undisturbed run gives ${wanted.length}`;
  return {
    wantedFrames: wanted.length,
    publishedFrames,
    digestEqual: problem === undefined,
    ...(problem === undefined ? {} : { problem }),
  };
}

function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('base64');
}

async function* readAll(connection: StreamConnection, stream: StreamName): AsyncGenerator<LogMessage> {
  const { lastSeq } = await logState(connection, stream);
  if (lastSeq === 0) return;
  for await (const message of readLog(connection, stream, { fromSeq: 1, signal: new AbortController().signal })) {
    yield message;
    if (message.seq >= lastSeq) return;
  }
}
