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
import { createWorkLimit, type WorkPermit } from './work-limit.ts';

const INTAKE_QUEUE = 'weir-intake';
const REQUESTS_IN_WORK_MAX = 256;
/** Of one message after decompression; as many bytes are set aside while it is inflated. */
const INFLATED_BYTES_MAX = 16 * 1_048_576;
const BYTES_HELD_MAX = 256 * 1_048_576;
/** A reply must fit a message; past it the list of errors is cut, `rejected` still counts all. */
const REPLY_BYTES_MAX = 524_288;
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
  const workLimit = createWorkLimit(metrics, { requestsMax: REQUESTS_IN_WORK_MAX, bytesMax: BYTES_HELD_MAX });
  const inflatedBytesMax = Math.min(options.config.WEIR_BODY_INFLATED_BYTES_MAX, INFLATED_BYTES_MAX);

  const answer = async (sent: Buffer): Promise<IntakeAnswer> => {
    const from: Provenance = {
      atMs: options.clock.nowMs(),
      origin: 'nats',
      producer: SUBJECTS.intakeEvents,
      contentType: '',
    };
    let permit: WorkPermit | undefined;
    try {
      permit = workLimit.begin();
      const isGzip = GZIP_MAGIC.every((byte, i) => sent[i] === byte);
      permit.hold(isGzip ? inflatedBytesMax : sent.length);
      const bytes = isGzip ? await inflateMessage(sent, inflatedBytesMax) : sent;
      return await intake.take({ bytes, form: 'any', from });
    } catch (error) {
      return await intake.refuse(error, sent, from);
    } finally {
      permit?.end();
    }
  };

  return connection.serve(
    SUBJECTS.intakeEvents,
    async (message) => {
      return encodeReply(await answer(Buffer.from(message.buffer, message.byteOffset, message.byteLength)));
    },
    { queue: INTAKE_QUEUE, inFlightMax: REQUESTS_IN_WORK_MAX },
  );
}

function encodeReply({ status, body }: IntakeAnswer): Buffer {
  for (let errors = body.errors; ; errors = errors.slice(0, errors.length >> 1)) {
    const reply = Buffer.from(JSON.stringify({ status, ...body, errors }));
    if (reply.length <= REPLY_BYTES_MAX || errors.length === 0) return reply;
  }
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
