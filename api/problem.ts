/**
 * The one table from error codes to HTTP statuses, and the shape that every refusal has: RFC 9457 problem details with
 * a stable `code` and, where input was bad, `errors[]` with a JSON pointer each. Domain code knows none of this.
 */
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { ERROR_TITLES, type ErrorCode, WeirError } from '../core/errors.ts';
import type { Problem, ProblemItem } from './schemas/problem.ts';

/** Every code of core/errors.ts; a test counts them. Codes that never leave a process map to 500. */
export const ERROR_STATUS: { readonly [C in ErrorCode]: number } = {
  'event.not_json': 400,
  'event.not_utf8': 400,
  'event.too_deep': 400,
  'event.too_large': 413,
  'event.unknown_type': 400,
  'event.invalid': 400,
  'event.bad_time': 400,
  'event.in_future': 400,
  'event.unprocessable': 422,
  'body.empty': 400,
  'body.too_large': 413,
  'body.too_many': 413,
  'body.bad_encoding': 400,
  'body.unsupported_type': 415,
  'log.unavailable': 503,
  'log.backlogged': 503,
  'log.fenced': 500,
  'lease.lost': 500,
  'log.corrupt_frame': 500,
  'store.unavailable': 503,
  'store.migration_failed': 500,
  'store.query_failed': 500,
  'store.bad_row': 500,
  'store.fenced': 500,
  'log.truncated': 500,
  'rule.invalid': 422,
  'rule.not_found': 404,
  'rule.unknown_fact': 422,
  'rule.unknown_path': 422,
  'rule.unknown_operator': 422,
  'rule.unknown_condition': 422,
  'rule.bad_path': 422,
  'rule.bad_params': 422,
  'rule.bad_value': 422,
  'rule.empty': 422,
  'rule.cyclic': 422,
  'rule.too_large': 422,
  'rule.impossible': 422,
  'rule.always': 422,
  'rule.duplicate': 422,
  'rule.shadowed': 422,
  'rule.window_too_long': 422,
  'rule.costly': 422,
  'rule.undefined_fact': 422,
  'rule.async_fact': 422,
  'decision.not_found': 404,
  'customer.not_found': 404,
  'auth.missing': 401,
  'auth.forbidden': 403,
  'quota.exceeded': 429,
  'request.invalid': 400,
  'request.not_found': 404,
  'request.bad_method': 405,
  'server.overloaded': 503,
  'server.closing': 503,
  'cursor.unknown': 400,
  'socket.bad_message': 400,
  'socket.too_slow': 408,
  'config.invalid': 500,
  'checkpoint.damaged': 500,
  'part.not_ready': 503,
  'part.missing': 500,
  internal: 500,
};

/** How long a client should wait before it asks again, seconds. */
const RETRY_AFTER_S = 1;
/** Problems listed in one answer; `detail` says how many there were. */
const ERRORS_LISTED_MAX = 100;
export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';

/** What the framework throws, in our codes. Everything it throws that is not here falls back to its status. */
const FRAMEWORK_CODES: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_VALIDATION: 'request.invalid',
  FST_ERR_BAD_URL: 'request.invalid',
  FST_ERR_CTP_BODY_TOO_LARGE: 'body.too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'body.unsupported_type',
  FST_ERR_CTP_INVALID_TYPE: 'body.unsupported_type',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'body.empty',
  FST_ERR_CTP_INVALID_JSON_BODY: 'event.not_json',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'request.invalid',
  FST_ERR_NOT_FOUND: 'request.not_found',
  FST_UNDER_PRESSURE: 'server.overloaded',
};
const STATUS_CODES: Readonly<Record<number, ErrorCode>> = {
  401: 'auth.missing',
  403: 'auth.forbidden',
  404: 'request.not_found',
  405: 'request.bad_method',
  413: 'body.too_large',
  415: 'body.unsupported_type',
  429: 'quota.exceeded',
  503: 'server.overloaded',
};

/** The problem document of a code. */
export function describeProblem(
  code: ErrorCode,
  detail: string,
  instance: string,
  errors: readonly ProblemItem[] = [],
): Problem {
  return {
    type: `urn:weir:problem:${code}`,
    title: ERROR_TITLES[code],
    status: ERROR_STATUS[code],
    code,
    detail: errors.length > ERRORS_LISTED_MAX ? `${detail} (${errors.length} problems)` : detail,
    instance,
    ...(errors.length > 0 && { errors: errors.slice(0, ERRORS_LISTED_MAX) }),
  };
}

/** The problem that an error stands for. What is not ours and not the client's fault says nothing about the inside. */
export function problemOf(error: unknown, instance: string): Problem {
  if (error instanceof WeirError) {
    const status = ERROR_STATUS[error.code];
    const detail = status === 500 ? ERROR_TITLES[error.code] : error.message;
    return describeProblem(error.code, detail, instance, error.problems);
  }
  if (!(error instanceof Error)) return describeProblem('internal', ERROR_TITLES.internal, instance);
  const { code, statusCode, validation, validationContext } = error as Partial<FastifyError>;
  if (validation !== undefined) {
    const errors = validation.flatMap((item) => validationItems(item, validationContext ?? 'body'));
    return describeProblem('request.invalid', errors[0]?.message ?? error.message, instance, errors);
  }
  const known =
    (code === undefined ? undefined : FRAMEWORK_CODES[code]) ??
    (statusCode === undefined ? undefined : STATUS_CODES[statusCode]) ??
    (statusCode !== undefined && statusCode >= 400 && statusCode < 500 ? 'request.invalid' : 'internal');
  return describeProblem(known, known === 'internal' ? ERROR_TITLES.internal : error.message, instance);
}

export function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  if (problem.status === 503) reply.header('retry-after', RETRY_AFTER_S);
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer realm="weir"');
  return reply.code(problem.status).type(PROBLEM_TYPE).send(problem);
}

/** The error handler of the whole server. Failures of ours are logged with their cause, refusals are not. */
export function handleError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const problem = problemOf(error, request.id);
  if (problem.status >= 500) request.log.error({ err: error, code: problem.code }, 'request failed');
  return sendProblem(reply, problem);
}

const PLACES: Readonly<Record<string, NonNullable<ProblemItem['in']>>> = {
  querystring: 'query',
  params: 'path',
  headers: 'header',
  body: 'body',
};

type ValidationResult = NonNullable<FastifyError['validation']>[number];

/** A missing member is pointed at itself, not at the object that lacks it. */
function validationItems(item: ValidationResult, context: string): ProblemItem[] {
  const place = PLACES[context] ?? 'body';
  const missing = item.params.requiredProperties;
  const names = Array.isArray(missing) ? missing.filter((name) => typeof name === 'string') : [];
  if (names.length > 0) {
    return names.map((name) => ({
      code: 'request.invalid',
      pointer: `${item.instancePath}/${escapePointer(name)}`,
      message: `${name} is required`,
      in: place,
    }));
  }
  const name = item.instancePath.slice(1);
  return [
    {
      code: 'request.invalid',
      pointer: item.instancePath,
      message: `${name}${name === '' ? '' : ' '}${item.message ?? 'is not valid'}`,
      in: place,
    },
  ];
}

function escapePointer(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}
