/**
 * Carries QUARANTINE into its table. One table without partitions: a block goes in whole or not at all, so the highest
 * `seq` in it is the position and no intents are needed. Rows with the same `seq` replace each other: exactly once.
 */
import type { Logger } from 'pino';
import { Counter, type Registry } from 'prom-client';
import { Int64Column } from '../native/number-columns.ts';
import { StringColumn, TagColumn } from '../native/text-columns.ts';
import type { Store } from '../open-store.ts';
import { readNumber } from '../row.ts';
import { TIME_TYPE } from '../tables/position-columns.ts';
import { TableWriter } from '../tables/table-writer.ts';
import type { OutcomeMessage } from './batch-builder.ts';
import { nextOrStopped } from './next-message.ts';
import { retryForever, StoppedError } from './retry.ts';
import type { RunningSink } from './run-sink.ts';

/** A refused event; `stream/quarantine.ts` encodes and decodes it. */
export interface QuarantineRow {
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

export interface QuarantineSinkOptions {
  readonly store: Pick<Store, 'query' | 'insertBlock'>;
  readonly messages: (
    fromSeq: number,
    signal: AbortSignal,
  ) => AsyncIterable<OutcomeMessage & { readonly pending?: number }>;
  readonly decode: (bytes: Uint8Array) => QuarantineRow;
  readonly limits: { readonly rowsMax: number; readonly lingerMs: number };
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
  readonly metrics: Registry;
  readonly onProgress?: (progress: { readonly seq: number }) => void;
}

const TABLE = 'quarantine';
const BYTES_MAX = 16 * 1_048_576;

export function runQuarantineSink(o: QuarantineSinkOptions): RunningSink {
  const stopping = new AbortController();
  const done = runLoop(o, stopping.signal).catch((error: unknown) => {
    if (!(error instanceof StoppedError)) throw error;
  });
  return {
    done,
    async stop() {
      stopping.abort();
      await done.catch(() => undefined);
    },
  };
}

async function runLoop(o: QuarantineSinkOptions, signal: AbortSignal): Promise<void> {
  const registers = [o.metrics];
  const rows = new Counter({ name: 'weir_quarantine_sink_rows_total', help: 'Refused events written', registers });
  const retries = new Counter({ name: 'weir_quarantine_sink_retries_total', help: 'Writes tried again', registers });
  const unreadable = new Counter({
    name: 'weir_quarantine_sink_unreadable_total',
    help: 'Quarantine messages that could not be decoded; they stay in the log',
    registers,
  });
  const retry = <T>(call: () => Promise<T>): Promise<T> =>
    retryForever(call, signal, (error, pauseMs) => {
      retries.inc();
      o.log.warn(
        { part: 'quarantine-sink', pauseMs, error: error instanceof Error ? error.message : String(error) },
        'retry',
      );
    });
  const found = await retry(() => o.store.query('quarantine-position', 'SELECT max(seq) AS last FROM quarantine'));
  let last = found[0] === undefined ? 0 : readNumber(found[0], 'last');
  o.onProgress?.({ seq: last });

  const table = createQuarantineWriter();
  const messages = o.messages(last + 1, signal)[Symbol.asyncIterator]();
  let fromSeq = last + 1;
  const flush = async () => {
    const block = table.takeBlock();
    if (block === undefined) return;
    // After an ambiguous failure only this process repeats the block, under the same token.
    await retry(() => o.store.insertBlock(block, `${TABLE}:${fromSeq}-${last}`));
    rows.inc(block.rows);
    fromSeq = last + 1;
    o.onProgress?.({ seq: last });
  };
  try {
    let pending = nextOrStopped(messages, signal);
    while (!signal.aborted) {
      const next = await (table.rows === 0 ? pending : orAfter(pending, o.limits.lingerMs));
      if (next === 'late') {
        await flush();
        continue;
      }
      if (next === undefined) break;
      pending = nextOrStopped(messages, signal);
      last = next.seq;
      try {
        table.append(next.seq, o.decode(next.bytes));
      } catch (error) {
        unreadable.inc();
        o.log.error(
          { part: 'quarantine-sink', seq: next.seq, error: error instanceof Error ? error.message : String(error) },
          'unreadable',
        );
      }
      if (table.rows >= o.limits.rowsMax || table.byteLength >= BYTES_MAX) await flush();
    }
    await flush();
  } finally {
    void Promise.resolve(messages.return?.()).catch(() => undefined);
  }
}

function orAfter<T>(pending: Promise<T>, timeoutMs: number): Promise<T | 'late'> {
  return new Promise((settle, fail) => {
    const timer = setTimeout(() => settle('late'), timeoutMs);
    pending.then(settle, fail).finally(() => clearTimeout(timer));
  });
}

function createQuarantineWriter(): TableWriter & { append(seq: number, row: QuarantineRow): void } {
  const writer = new TableWriter(TABLE);
  const seq = writer.add('seq', new Int64Column('UInt64'));
  const id = writer.add('id', new StringColumn());
  const at = writer.add('at', new Int64Column(TIME_TYPE));
  const origin = writer.add('origin', new TagColumn());
  const producer = writer.add('producer', new TagColumn());
  const code = writer.add('code', new TagColumn());
  const pointer = writer.add('pointer', new StringColumn());
  const message = writer.add('message', new StringColumn());
  const contentType = writer.add('content_type', new TagColumn());
  const bytes = writer.add('bytes', new StringColumn());
  return Object.assign(writer, {
    append(rowSeq: number, row: QuarantineRow) {
      seq.push(rowSeq);
      id.push(row.id);
      at.push(row.atMs);
      origin.push(row.origin);
      producer.push(row.producer);
      code.push(row.code);
      pointer.push(row.pointer);
      message.push(row.message);
      contentType.push(row.contentType);
      bytes.pushBytes(row.bytes);
      writer.rows++;
    },
  });
}
