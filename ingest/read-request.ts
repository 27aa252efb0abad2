/** Reads the body of an intake request whole, under the limits, and sends the intake's answers. */
import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { WeirError } from '../core/errors.ts';
import type { IntakeAnswer } from './answer.ts';
import { composeEvent, readBodyHead } from './body/http-head.ts';
import type { BodyForm } from './body/read-batch.ts';
import { readBody } from './body/read-body.ts';
import type { IngestConfig } from './ports.ts';
import { QUARANTINED_BYTES_MAX } from './quarantine-refusals.ts';
import type { WorkPermit } from './work-limit.ts';

/** An unread body up to this length is let pass, so that the client gets to read its answer; past it, we hang up. */
const DISCARDED_BYTES_MAX = 64 * 1_048_576;

export type ReadRequest =
  | { readonly ok: true; readonly bytes: Buffer; readonly form: BodyForm }
  /** `sent`: as much of the body as there is, for quarantine. */
  | { readonly ok: false; readonly error: unknown; readonly sent: Buffer };

/** Throws a `WeirError` where the head of the request is refused: the body is not read then. */
export async function readRequest(
  request: FastifyRequest,
  config: Pick<IngestConfig, 'WEIR_BODY_BYTES_MAX' | 'WEIR_BODY_INFLATED_BYTES_MAX'>,
  permit: WorkPermit,
): Promise<ReadRequest> {
  const head = readBodyHead(request.headers);
  const bytesMax = config.WEIR_BODY_BYTES_MAX;
  const declared = declaredBytes(request);
  if (declared !== undefined && declared > bytesMax) {
    throw new WeirError('body.too_large', `the body holds ${declared} bytes, the limit is ${bytesMax}`);
  }
  const { body } = request;
  if (!(body instanceof Readable)) throw new WeirError('body.empty', 'the request has no body');
  const sent = sampleOf(body, QUARANTINED_BYTES_MAX);
  try {
    const bytes = await readBody(body, {
      bytesMax,
      inflatedBytesMax: config.WEIR_BODY_INFLATED_BYTES_MAX,
      gzip: head.gzip,
      permit,
    });
    const { attributes, form } = head;
    return { ok: true, bytes: attributes === undefined ? bytes : composeEvent(attributes, bytes), form };
  } catch (error) {
    return { ok: false, error, sent: sent() };
  }
}

export function sendAnswer(request: FastifyRequest, reply: FastifyReply, answer: IntakeAnswer): FastifyReply {
  const { status, body, retryAfterSeconds } = answer;
  if (retryAfterSeconds !== undefined) reply.header('retry-after', retryAfterSeconds);
  if (status === 415) reply.header('accept-encoding', 'gzip');
  if (!request.raw.readableEnded && !((declaredBytes(request) ?? Number.POSITIVE_INFINITY) <= DISCARDED_BYTES_MAX)) {
    reply.header('connection', 'close');
  }
  reply.code(status);
  return 'title' in body
    ? reply.type('application/problem+json; charset=utf-8').send(JSON.stringify({ ...body, instance: request.id }))
    : reply.type('application/json; charset=utf-8').send(JSON.stringify(body));
}

/** Keeps the first bytes of a body as they came, for quarantine in case that it cannot be read. */
function sampleOf(body: Readable, bytesMax: number): () => Buffer {
  const chunks: Buffer[] = [];
  let bytes = 0;
  body.on('data', (chunk: Buffer) => {
    if (bytes < bytesMax) chunks.push(chunk);
    bytes += chunk.length;
  });
  return () => Buffer.concat(chunks);
}

function declaredBytes(request: FastifyRequest): number | undefined {
  const length = request.headers['content-length'];
  return length === undefined ? undefined : Number(length);
}
