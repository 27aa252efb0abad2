/**
 * `POST /v1/events`: the way in over HTTP. Reads the body itself, after the token was checked and under limits of its
 * own; what becomes of it is the intake's decision. Answers 202 only for what the log has acknowledged.
 */
import { Readable } from 'node:stream';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest, preHandlerAsyncHookHandler } from 'fastify';
import type { Registry } from 'prom-client';
import type { Clock } from '../core/clock.ts';
import { WeirError } from '../core/errors.ts';
import { answerProblem, type IntakeAnswer } from './answer.ts';
import { composeEvent, readBodyHead } from './body/http-head.ts';
import { readBody } from './body/read-body.ts';
import { ingestMetricsOf } from './ingest-metrics.ts';
import { createIntake, type Intake } from './intake.ts';
import type { IntakeOptions } from './ports.ts';
import { type Provenance, QUARANTINED_BYTES_MAX } from './quarantine-refusals.ts';
import { EVENTS_ROUTE_SCHEMA } from './route-schema.ts';
import { createWorkLimit, type WorkLimits, type WorkPermit } from './work-limit.ts';

/** An unread body up to this length is let pass, so that the client gets to read its answer; past it, we hang up. */
const DISCARDED_BYTES_MAX = 64 * 1_048_576;

export interface IngestRouteOptions extends Omit<IntakeOptions, 'metrics'> {
  readonly clock: Clock;
  readonly metrics: Registry;
  readonly authorize: (roles: readonly 'ingest'[]) => preHandlerAsyncHookHandler;
  /** Who sent it, for quarantine; the address when absent. */
  readonly producerOf?: (request: FastifyRequest) => string;
  readonly work?: WorkLimits;
}

/** Adds the route in a scope of its own, whose bodies reach the handler unread. */
export function registerIngestRoutes(app: FastifyInstance, options: IngestRouteOptions): void {
  const metrics = ingestMetricsOf(options.metrics);
  const intake = createIntake({ ...options, metrics });
  const workLimit = createWorkLimit(metrics, options.work);
  const producerOf = options.producerOf ?? ((request: FastifyRequest) => request.ip);

  app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
    // What the framework refuses before the handler runs, such as a content type that is none, gets the same shape.
    scope.setErrorHandler<FastifyError>((error, request, reply) => {
      if (error.statusCode !== 415) throw error;
      send(request, reply, answerProblem('body.unsupported_type', 'the content type is not valid'));
    });
    scope.post(
      '/v1/events',
      {
        schema: EVENTS_ROUTE_SCHEMA,
        // The schemas above are for readers; bodies are validated event by event.
        validatorCompiler: () => () => true,
        serializerCompiler: () => JSON.stringify,
        preHandler: options.authorize(['ingest']),
      },
      async (request, reply) => {
        const from: Provenance = {
          atMs: options.clock.nowMs(),
          origin: 'http',
          producer: producerOf(request),
          contentType: request.headers['content-type'] ?? '',
        };
        let permit: WorkPermit | undefined;
        try {
          permit = workLimit.begin();
          return send(request, reply, await takeRequest(request, intake, options.config, permit, from));
        } catch (error) {
          return send(request, reply, await intake.refuse(error, undefined, from));
        } finally {
          permit?.end();
        }
      },
    );
  });
}

async function takeRequest(
  request: FastifyRequest,
  intake: Intake,
  config: IntakeOptions['config'],
  permit: WorkPermit,
  from: Provenance,
): Promise<IntakeAnswer> {
  intake.assertOpen();
  const head = readBodyHead(request.headers);
  const bytesMax = config.WEIR_BODY_BYTES_MAX;
  const declared = declaredBytes(request);
  if (declared !== undefined && declared > bytesMax) {
    throw new WeirError('body.too_large', `the body holds ${declared} bytes, the limit is ${bytesMax}`);
  }
  const { body } = request;
  if (!(body instanceof Readable)) throw new WeirError('body.empty', 'the request has no body');
  const sent = sampleOf(body, QUARANTINED_BYTES_MAX);
  let bytes: Buffer;
  try {
    bytes = await readBody(body, {
      bytesMax,
      inflatedBytesMax: config.WEIR_BODY_INFLATED_BYTES_MAX,
      gzip: head.gzip,
      permit,
    });
    if (head.attributes !== undefined) bytes = composeEvent(head.attributes, bytes);
  } catch (error) {
    return intake.refuse(error, sent(), from);
  }
  return intake.take({ bytes, form: head.form, from });
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

function send(request: FastifyRequest, reply: FastifyReply, answer: IntakeAnswer): FastifyReply {
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
