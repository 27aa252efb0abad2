/**
 * The answers of the intake, the same over HTTP and NATS, and the schemas that document them. A refusal as a whole is
 * problem+json (RFC 9457) that also carries `accepted`, `rejected` and `errors`, so that a producer reads one shape.
 */
import Type, { type Static } from 'typebox';
import { ERROR_TITLES, type ErrorCode, type Problem } from '../core/errors.ts';

/** Problems told of one event. */
const PROBLEMS_TOLD_MAX = 8;
const RETRY_AFTER_SECONDS = 1;

const Place = {
  code: Type.String({ description: 'Stable code, for machines' }),
  pointer: Type.String({ description: 'JSON pointer (RFC 6901) into the event; empty for the whole of it' }),
  message: Type.String({ description: 'Why it was refused' }),
};

export const RejectedEvent = Type.Object({
  index: Type.Integer({ minimum: 0, description: 'Of the event in the body, from 0; blank lines do not count' }),
  id: Type.Union([Type.String(), Type.Null()], { description: "The event's id, null where none could be read" }),
  ...Place,
  problems: Type.Optional(Type.Array(Type.Object(Place), { description: 'All of them, where there is more than one' })),
});
export type RejectedEvent = Static<typeof RejectedEvent>;

export const IntakeReceipt = Type.Object(
  {
    accepted: Type.Integer({ minimum: 0, description: 'Events that the log has acknowledged' }),
    rejected: Type.Integer({ minimum: 0, description: 'Events that were refused and are kept in quarantine' }),
    errors: Type.Array(RejectedEvent, { description: 'One for each rejected event' }),
  },
  { description: 'What became of the events; sent only after the log has acknowledged' },
);
export type IntakeReceipt = Static<typeof IntakeReceipt>;

export const IntakeProblem = Type.Object(
  {
    type: Type.String({ description: 'Identifies the kind of problem' }),
    title: Type.String({ description: 'The kind of problem in words' }),
    status: Type.Integer({ description: 'HTTP status' }),
    code: Type.String({ description: 'Stable code, for machines' }),
    detail: Type.String({ description: 'What went wrong this time' }),
    instance: Type.Optional(Type.String({ description: 'Id of the request' })),
    ...IntakeReceipt.properties,
  },
  { description: 'The body was refused as a whole: problem details (RFC 9457) and a receipt' },
);
export type IntakeProblem = Static<typeof IntakeProblem>;

export interface IntakeAnswer {
  readonly status: number;
  readonly body: IntakeReceipt | IntakeProblem;
  /** With 503 and 429: when to try again. */
  readonly retryAfterSeconds?: number;
}

/** Everything that the intake refuses with; whatever else goes wrong is 500. */
const STATUS: { readonly [C in ErrorCode]?: number } = {
  'event.not_json': 400,
  'event.not_utf8': 400,
  'event.too_deep': 400,
  'event.too_large': 413,
  'event.unknown_type': 400,
  'event.invalid': 400,
  'event.bad_time': 400,
  'event.in_future': 400,
  'body.empty': 400,
  'body.bad_encoding': 400,
  'body.too_large': 413,
  'body.too_many': 413,
  'body.unsupported_type': 415,
  'request.invalid': 400,
  'log.unavailable': 503,
  'log.backlogged': 503,
  'server.overloaded': 503,
};

export function answerReceipt(accepted: number, errors: RejectedEvent[]): IntakeAnswer {
  return { status: 202, body: { accepted, rejected: errors.length, errors } };
}

/** `errors` are the refused events; nothing was accepted. */
export function answerProblem(code: ErrorCode, detail: string, errors: RejectedEvent[] = []): IntakeAnswer {
  const status = STATUS[code] ?? 500;
  return {
    status,
    body: {
      type: `urn:weir:problem:${code}`,
      title: ERROR_TITLES[code],
      status,
      code,
      detail,
      accepted: 0,
      rejected: errors.length,
      errors,
    },
    ...(status === 503 && { retryAfterSeconds: RETRY_AFTER_SECONDS }),
  };
}

/** The first problem is the one shown; the rest is listed beside it. */
export function describeRejected(
  index: number,
  id: string | undefined,
  problems: readonly Problem[],
): RejectedEvent | undefined {
  const [first] = problems;
  if (first === undefined) return undefined;
  const { code, pointer, message } = first;
  const shown = { index, id: id ?? null, code, pointer, message };
  return problems.length === 1 ? shown : { ...shown, problems: problems.slice(0, PROBLEMS_TOLD_MAX) };
}
