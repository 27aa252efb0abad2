/**
 * Puts what was refused into quarantine, bounded and with its reason, before the producer is answered. Puts are
 * pipelined, since a batch may hold thousands of bad events.
 */
import { randomUUID } from 'node:crypto';
import type { Problem } from '../core/errors.ts';
import type { QuarantinePublisher, QuarantineRecord } from '../stream/log/quarantine.ts';
import type { Origin } from './ingest-metrics.ts';

/** Bytes of one refused event or body that are kept. */
export const QUARANTINED_BYTES_MAX = 65_536;
/** Over all requests; the publisher refuses beyond 256, and HTTP and NATS have a keeper each. */
const PUTS_IN_FLIGHT_MAX = 96;
/** Of one request, so that a batch of bad events does not hold up everybody else's. */
const PUTS_PER_REQUEST_MAX = 32;

export interface Refused {
  readonly problem: Problem;
  readonly bytes: Uint8Array;
}

/** Who sent it and how, as every record of the request carries it. */
export interface Provenance {
  readonly atMs: number;
  readonly origin: Origin;
  readonly producer: string;
  readonly contentType: string;
}

export interface QuarantineKeeper {
  /** Resolves when all are stored; rejects with a `WeirError` `log.unavailable` otherwise. */
  keep(refused: readonly Refused[], from: Provenance): Promise<void>;
}

export function createQuarantineKeeper(quarantine: Pick<QuarantinePublisher, 'put'>): QuarantineKeeper {
  const run = randomUUID();
  let count = 0;
  let inFlight = 0;
  const waiting: (() => void)[] = [];

  const put = async (record: QuarantineRecord): Promise<void> => {
    if (inFlight >= PUTS_IN_FLIGHT_MAX) await new Promise<void>((resolve) => waiting.push(resolve));
    else inFlight++;
    try {
      await quarantine.put(record);
    } finally {
      // The place goes to whoever waits longest.
      const next = waiting.shift();
      if (next === undefined) inFlight--;
      else next();
    }
  };

  const record = ({ problem, bytes }: Refused, from: Provenance): QuarantineRecord => ({
    id: `${run}-${count++}`,
    atMs: from.atMs,
    origin: from.origin,
    producer: from.producer,
    code: problem.code,
    pointer: problem.pointer,
    message: problem.message,
    contentType: from.contentType,
    bytes: bytes.length > QUARANTINED_BYTES_MAX ? bytes.subarray(0, QUARANTINED_BYTES_MAX) : bytes,
    bytesTotal: bytes.length,
  });
  return {
    async keep(refused, from) {
      let taken = 0;
      let failed = false;
      const work = async () => {
        while (!failed) {
          const item = refused[taken++];
          if (item === undefined) return;
          try {
            await put(record(item, from));
          } catch (error) {
            failed = true;
            throw error;
          }
        }
      };
      await Promise.all(Array.from({ length: Math.min(PUTS_PER_REQUEST_MAX, refused.length) }, work));
    },
  };
}
