/**
 * The HTTP server that ingest, the api and the dashboards share: request ids, identities, quotas, security headers,
 * problem+json for every refusal, OpenAPI from the schemas that validate, a documentation page, and the web application.
 * It decides nothing about payments. Await it before adding routes: they inherit its hooks only then.
 */
import { randomUUID } from 'node:crypto';
import rateLimit from '@fastify/rate-limit';
import swagger from '@fastify/swagger';
import { type TypeBoxTypeProvider, TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox';
import fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import type { Registry } from 'prom-client';
import { MINUTE_MS } from '../core/clock.ts';
import type { Config } from '../core/config.ts';
import { WeirError } from '../core/errors.ts';
import { readIdentities } from './authorize.ts';
import { registerDocsPage } from './docs-page/register-docs-page.ts';
import { answerMalformedRequest } from './http/malformed-request.ts';
import { refuseUnderPressure } from './http/refuse-under-pressure.ts';
import { measureRequests } from './http/request-metrics.ts';
import { addSecurityHeaders } from './http/security-headers.ts';
import { serveDashboard } from './http/static-dashboard.ts';
import { answerUnknownAddress, createAddressBook } from './http/unknown-address.ts';
import type { AsyncApiPart } from './live/asyncapi.ts';
import { OPENAPI_HEAD } from './openapi.ts';
import { handleError, problemOf, sendProblem } from './problem.ts';
import { Problem } from './schemas/problem.ts';
import type { TokenAuthority } from './token-authority.ts';

/** A client that has not sent its whole request by then is cut off. */
const REQUEST_TIMEOUT_MS = 60_000;
const KEEP_ALIVE_MS = 72_000;
/** Tokens and addresses whose request counts are remembered. */
const QUOTA_KEYS_MAX = 20_000;
const PATH_PARAMETER_LENGTH_MAX = 512;

export interface HttpServerOptions {
  readonly config: Pick<Config, 'WEIR_BODY_BYTES_MAX' | 'WEIR_REQUESTS_PER_MINUTE_MAX' | 'NODE_ENV'>;
  readonly log: FastifyBaseLogger;
  readonly metrics: Registry;
  readonly auth: TokenAuthority;
  /** Where the built web application lies; without it only the API answers. */
  readonly dashboardDir?: string;
  /** What other folders add to `/asyncapi.json`. */
  readonly asyncApi?: readonly AsyncApiPart[];
}

export type HttpServer = FastifyInstance;

/** Builds the server and does not listen. `close()` lets requests in flight end and refuses new ones with 503. */
export async function createHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { config, auth, metrics } = options;
  const app = fastify({
    loggerInstance: options.log,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => randomUUID(),
    requestIdHeader: false,
    bodyLimit: config.WEIR_BODY_BYTES_MAX,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    return503OnClosing: false,
    routerOptions: { maxParamLength: PATH_PARAMETER_LENGTH_MAX, ignoreTrailingSlash: true },
    frameworkErrors: (error, request, reply) => {
      sendProblem(reply, problemOf(error, request.id));
    },
    clientErrorHandler: answerMalformedRequest,
  }).withTypeProvider<TypeBoxTypeProvider>();
  app.setValidatorCompiler(TypeBoxValidatorCompiler);
  // Answers are typed and checked against their schemas by the contract tests; a compiled serialiser would silently
  // drop what a schema forgets.
  app.setSerializerCompiler(() => (value) => JSON.stringify(value));
  app.setErrorHandler(handleError);
  app.addSchema(Problem);
  // A body is only read where a route takes one.
  const addresses = createAddressBook(app);

  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
  });
  refuseWhileClosing(app);
  readIdentities(app, auth);
  measureRequests(app, metrics);
  await addSecurityHeaders(app);
  await refuseUnderPressure(app);
  await app.register(rateLimit, {
    max: config.WEIR_REQUESTS_PER_MINUTE_MAX,
    timeWindow: MINUTE_MS,
    cache: QUOTA_KEYS_MAX,
    keyGenerator: ({ identity, ip }) => (identity === undefined ? ip : `${identity.role}:${identity.sub}`),
    allowList: (request) => request.routeOptions.config.always === true,
    errorResponseBuilder: (_request, { after }) => new WeirError('quota.exceeded', `try again in ${after}`),
  });
  await app.register(swagger, OPENAPI_HEAD);
  await app.register(async (scope) => registerDocsPage(scope, options.asyncApi ?? []));
  const dashboard = await serveDashboard(app, options.dashboardDir);
  app.setNotFoundHandler({ preHandler: app.rateLimit() }, (request, reply) =>
    answerUnknownAddress(request, reply, addresses, dashboard),
  );
  return app;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Answers under pressure and outside quotas: health and metrics. */
    always?: boolean;
  }
}

function refuseWhileClosing(app: FastifyInstance): void {
  let closing = false;
  app.addHook('preClose', async () => {
    closing = true;
  });
  app.addHook('onRequest', async (_request, reply) => {
    if (!closing) return;
    reply.header('connection', 'close');
    throw new WeirError('server.closing', 'the server is shutting down');
  });
}
