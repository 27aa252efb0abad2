/**
 * Puts what was refused into the log QUARANTINE: acknowledged, once per record id. The record's bytes are the codec's
 * in `core/`, which the sink reads them with.
 */
import { createHash } from 'node:crypto';
import { headers } from '@nats-io/transport-node';
import { ByteWriter } from '../../core/codec/byte-writer.ts';
import { encodeQuarantineRecord, type QuarantineRecord } from '../../core/codec/quarantine-record.ts';
import { WeirError } from '../../core/errors.ts';
import type { StreamConnection } from '../connection.ts';
import { backOffMs, pause } from '../pause.ts';
import { API_CODES, createAckPublisher, PublishFailure } from './ack-publisher.ts';
import { Fifo } from './fifo.ts';

const ACK_TIMEOUT_MS = 3_000;
const PUT_TIMEOUT_MS = 10_000;
/** Records sent and not yet acknowledged; past it a put waits. */
const IN_FLIGHT_MAX = 64;
/** Bytes of records sent or waiting; past it a put is refused. */
const HELD_BYTES_MAX = 134_217_728;

export type { QuarantineRecord } from '../../core/codec/quarantine-record.ts';

export interface QuarantinePublisher {
  /** Rejects with `log.unavailable` when the log did not take the record in time, is full, or too much waits already. */
  put(record: QuarantineRecord): Promise<void>;
  close(): void;
}

export function createQuarantinePublisher(c: StreamConnection): QuarantinePublisher {
  const publisher = createAckPublisher(c, 'QUARANTINE', ACK_TIMEOUT_MS);
  const writer = new ByteWriter();
  const waiting = new Fifo<() => void>();
  let inFlight = 0;
  let heldBytes = 0;

  const send = async (record: QuarantineRecord): Promise<void> => {
    const bytes = encodeQuarantineRecord(writer, record);
    const head = headers();
    // Any text can be an id, and not any text fits a header.
    head.set('Nats-Msg-Id', createHash('sha256').update(record.id).digest('base64url'));
    const deadline = performance.now() + PUT_TIMEOUT_MS;
    for (let attempt = 0; ; attempt++) {
      try {
        await publisher.publish(bytes, head);
        return;
      } catch (error) {
        const full = error instanceof PublishFailure && error.apiCode === API_CODES.streamFull;
        if (full || performance.now() >= deadline || c.nats.isClosed()) {
          throw new WeirError('log.unavailable', `the quarantine did not take a record: ${String(error)}`, {
            cause: error,
          });
        }
      }
      await pause(backOffMs(attempt));
    }
  };

  return {
    async put(record) {
      const { length } = record.bytes;
      if (heldBytes + length > HELD_BYTES_MAX) {
        throw new WeirError('log.unavailable', `${heldBytes} bytes wait for the quarantine already`);
      }
      heldBytes += length;
      // The slot of one that is done goes straight to the one that has waited longest.
      if (inFlight < IN_FLIGHT_MAX) inFlight++;
      else await new Promise<void>((resolve) => waiting.push(resolve));
      try {
        await send(record);
      } finally {
        heldBytes -= length;
        const next = waiting.shift();
        if (next === undefined) inFlight--;
        else next();
      }
    },
    close: () => publisher.close(),
  };
}
