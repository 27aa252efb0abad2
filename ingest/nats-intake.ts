/**
 * The way in over NATS: producers send a request to `weir.intake.events` and get the same JSON back as over HTTP, after
 * the log has acknowledged. The body is one event, an array or NDJSON, plain or gzip; its bytes tell which. Processes
 * that serve share the requests.
 */
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { Registry } from 'prom-client';
import type { Clock } from '../core/clock.ts';
import { WeirError } from '../core/errors.ts';
import type { StreamConnection } from '../stream/connection.ts';
import { SUBJECTS } from '../stream/topology.ts';
import type { IntakeAnswer } from './answer.ts';
import { ingestMetricsOf } from './ingest-metrics.ts';
import { createIntake } from './intake.ts';
import type { IntakeOptions } from './ports.ts';
import type { Provenance } from './quarantine-refusals.ts';

const INTAKE_QUEUE = 'weir-intake';
/** A message holds at most 1 MiB, so this bounds the bytes held as well. */
const REQUESTS_IN_WORK_MAX = 256;
const GZIP_MAGIC = [0x1f, 0x8b] as const;

const inflate = promisify(gunzip);

export interface NatsIntakeOptions extends Omit<IntakeOptions, 'metrics'> {
  readonly clock: Clock;
  readonly metrics: Registry;
}

/** Serves until `stop`. The reply is the receipt, or a problem document with `status` and `code`. */
export function serveIntake(connection: Pick<StreamConnection, 'serve'>, options: NatsIntakeOptions): { stop(): void } {
  const metrics = ingestMetricsOf(options.metrics);
  const intake = createIntake({ ...options, metrics });
  const inflatedBytesMax = options.config.WEIR_BODY_INFLATED_BYTES_MAX;

  const answer = async (sent: Buffer): Promise<IntakeAnswer> => {
    const from: Provenance = {
      atMs: options.clock.nowMs(),
      origin: 'nats',
      producer: SUBJECTS.intakeEvents,
      contentType: '',
    };
    let bytes = sent;
    try {
      if (GZIP_MAGIC.every((byte, i) => sent[i] === byte)) bytes = await inflateMessage(sent, inflatedBytesMax);
    } catch (error) {
      return intake.refuse(error, sent, from);
    }
    return intake.take({ bytes, form: 'any', from });
  };

  return connection.serve(
    SUBJECTS.intakeEvents,
    async (message) => {
      const { status, body } = await answer(Buffer.from(message.buffer, message.byteOffset, message.byteLength));
      return Buffer.from(JSON.stringify('title' in body ? body : { status, ...body }));
    },
    { queue: INTAKE_QUEUE, inFlightMax: REQUESTS_IN_WORK_MAX },
  );
}

async function inflateMessage(bytes: Buffer, bytesMax: number): Promise<Buffer> {
  try {
    return await inflate(bytes, { maxOutputLength: bytesMax });
  } catch (error) {
    if (error instanceof RangeError) {
      throw new WeirError('body.too_large', `the body holds more than ${bytesMax} bytes after decompression`);
    }
    throw new WeirError('body.bad_encoding', `the body is no valid gzip: ${String(error)}`, { cause: error });
  }
}
