/**
 * The way in over HTTP: `POST /v1/events`, answered when the log has acknowledged, and `POST /v1/decisions`, answered when
 * the decision is stored. Both read the body themselves, after the token was checked and under limits of their own; what
 * becomes of it is the intake's decision.
 */
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest, preHandlerAsyncHookHandler } from 'fastify';
import type { Registry } from 'prom-client';
import type { Clock } from '../core/clock.ts';
import { answerProblem, type IntakeAnswer } from './answer.ts';
import type { Decide } from './decisions/decide.ts';
import { DECISION_ROUTE_SCHEMA } from './decisions/decision-answer.ts';
import { takeDecision } from './decisions/take-decision.ts';
import { ingestMetricsOf } from './ingest-metrics.ts';
import { createIntake } from './intake.ts';
import type { IntakeOptions } from './ports.ts';
import type { Provenance } from './quarantine-refusals.ts';
import { readRequest, sendAnswer } from './read-request.ts';
import { EVENTS_ROUTE_SCHEMA } from './route-schema.ts';
import { createWorkLimit, type WorkLimits, type WorkPermit } from './work-limit.ts';

export interface IngestRouteOptions extends Omit<IntakeOptions, 'metrics'> {
  readonly clock: Clock;
  readonly metrics: Registry;
  readonly authorize: (roles: readonly 'ingest'[]) => preHandlerAsyncHookHandler;
  /** Who sent it, for quarantine; the address when absent. */
  readonly producerOf?: (request: FastifyRequest) => string;
  readonly work?: WorkLimits;
  /** Decides on one event; without it there is no `POST /v1/decisions`. */
  readonly decide?: Decide;
}

/** Adds the routes in a scope of their own, whose bodies reach the handlers unread. */
export function registerIngestRoutes(app: FastifyInstance, options: IngestRouteOptions): void {
  const { config, decide } = options;
  const metrics = ingestMetricsOf(options.metrics);
  const intake = createIntake({ ...options, metrics });
  const workLimit = createWorkLimit(metrics, options.work);
  const producerOf = options.producerOf ?? ((request: FastifyRequest) => request.ip);

  /** `take` gives an answer of the intake, or sends its own. */
  const handle =
    (
      take: (
        request: FastifyRequest,
        permit: WorkPermit,
        from: Provenance,
      ) => Promise<IntakeAnswer | Uint8Array | string>,
    ) =>
    async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
      const from: Provenance = {
        atMs: options.clock.nowMs(),
        origin: 'http',
        producer: producerOf(request),
        contentType: request.headers['content-type'] ?? '',
      };
      let permit: WorkPermit | undefined;
      try {
        permit = workLimit.begin();
        const answer = await take(request, permit, from);
        if (typeof answer !== 'string' && !(answer instanceof Uint8Array)) return sendAnswer(request, reply, answer);
        return reply
          .type('application/json; charset=utf-8')
          .send(typeof answer === 'string' ? answer : Buffer.from(answer));
      } catch (error) {
        return sendAnswer(request, reply, await intake.refuse(error, undefined, from));
      } finally {
        permit?.end();
      }
    };
  const route = {
    // The schemas are for readers; bodies are validated event by event.
    validatorCompiler: () => () => true,
    serializerCompiler: () => JSON.stringify,
    preHandler: options.authorize(['ingest']),
  };

  app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
    // What the framework refuses before the handler runs, such as a content type that is none, gets the same shape.
    scope.setErrorHandler<FastifyError>((error, request, reply) => {
      if (error.statusCode !== 415) throw error;
      sendAnswer(request, reply, answerProblem('body.unsupported_type', 'the content type is not valid'));
    });
    scope.post(
      '/v1/events',
      { ...route, schema: EVENTS_ROUTE_SCHEMA },
      handle(async (request, permit, from) => {
        intake.assertOpen();
        const read = await readRequest(request, config, permit);
        return read.ok ? intake.take({ ...read, from }) : intake.refuse(read.error, read.sent, from);
      }),
    );
    if (decide === undefined) return;
    scope.post(
      '/v1/decisions',
      { ...route, schema: DECISION_ROUTE_SCHEMA },
      handle(async (request, permit, from) => {
        intake.assertOpen('decision');
        const read = await readRequest(request, config, permit);
        if (!read.ok) return intake.refuse(read.error, read.sent, from);
        return takeDecision({ ...read, from }, request.query, { intake, decide, config });
      }),
    );
  });
}
