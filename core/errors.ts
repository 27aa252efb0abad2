/**
 * The one table of coded errors. A code is stable: clients, dashboards and tests rely on it.
 * Domain code knows no HTTP; `api/` maps a code to a status. Expected outcomes are values, so a
 * `WeirError` is thrown only where the caller cannot go on.
 */
export const ERROR_TITLES = {
  'event.not_json': 'The body is not valid JSON',
  'event.not_utf8': 'The body is not valid UTF-8',
  'event.too_deep': 'The JSON is nested too deeply',
  'event.too_large': 'The event is larger than the limit',
  'event.unknown_type': 'The event type is not known',
  'event.invalid': 'The event does not fit its schema',
  'event.bad_time': 'The event time is not a valid RFC 3339 timestamp',
  'event.in_future': 'The event time lies too far in the future',
  'event.unprocessable': 'The engine could not process the event',
  'body.empty': 'The body holds no event',
  'body.too_large': 'The body is larger than the limit',
  'body.too_many': 'The batch holds more events than the limit',
  'body.bad_encoding': 'The body could not be decompressed',
  'body.unsupported_type': 'The content type is not supported',
  'log.unavailable': 'The log cannot take events right now',
  'log.backlogged': 'The processor is too far behind',
  'log.fenced': 'Another processor has written to the outcome log',
  'lease.lost': 'Another processor has taken over',
  'log.corrupt_frame': 'A frame in the log cannot be decoded',
  'log.truncated': 'The log ends before a position that it has acknowledged',
  'store.unavailable': 'The analytics store does not answer',
  'store.migration_failed': 'A migration of the analytics store failed',
  'store.query_failed': 'The analytics store refused a statement',
  'store.fenced': 'Another sink has written to the analytics store',
  'store.bad_row': 'The analytics store answered with a row of another shape',
  'rule.invalid': 'The rule does not fit its schema',
  'rule.not_found': 'There is no such rule',
  'rule.unknown_fact': 'The rule reads a fact that does not exist',
  'rule.unknown_path': 'The rule reads a path that no schema knows',
  'rule.unknown_operator': 'The rule uses an operator that does not exist',
  'rule.unknown_condition': 'The rule refers to a condition that does not exist',
  'rule.bad_path': 'The path of a condition is not valid',
  'rule.bad_params': 'The parameters of a fact are not valid',
  'rule.bad_value': 'A condition compares with a value of the wrong type',
  'rule.empty': 'The rule has an empty all or any',
  'rule.cyclic': 'A named condition reaches itself',
  'rule.too_large': 'The rule is larger or deeper than the limit',
  'rule.impossible': 'The rule can never fire',
  'rule.always': 'The rule fires on everything',
  'rule.duplicate': 'Another rule says the same',
  'rule.shadowed': 'Another rule covers all that this one does',
  'rule.window_too_long': 'A window is longer than the history that is kept',
  'rule.costly': 'The rule costs much on every event',
  'rule.undefined_fact': 'A fact that a rule reads is missing',
  'rule.async_fact': 'A fact is asynchronous where only synchronous ones can be read',
  'decision.not_found': 'There is no decision for this event',
  'customer.not_found': 'There is no such customer',
  'auth.missing': 'No valid token was sent',
  'auth.forbidden': 'The role of this token does not allow this',
  'quota.exceeded': 'Too many requests',
  'request.invalid': 'The request does not fit its schema',
  'request.not_found': 'There is nothing at this address',
  'request.bad_method': 'This address does not take this method',
  'server.overloaded': 'The server has more to do than it can answer in time',
  'server.closing': 'The server is shutting down',
  'cursor.unknown': 'The cursor lies ahead of the log',
  'socket.bad_message': 'The message is not understood',
  'socket.too_slow': 'The client reads too slowly',
  'config.invalid': 'The configuration is not valid',
  'checkpoint.damaged': 'A checkpoint cannot be read',
  'part.not_ready': 'A part of Weir did not become ready',
  'part.missing': 'A program that Weir needs is missing',
  internal: 'An internal error',
} as const satisfies Record<string, string>;

export type ErrorCode = keyof typeof ERROR_TITLES;

/** One thing wrong with an input: where (JSON pointer into it) and why. */
export interface Problem {
  readonly code: ErrorCode;
  /** RFC 6901 pointer into the offending document, `''` for the whole of it. */
  readonly pointer: string;
  readonly message: string;
}

export interface WeirErrorOptions {
  readonly cause?: unknown;
  readonly problems?: readonly Problem[];
}

/** A failure with a stable code; `message` says where and why in one sentence. */
export class WeirError extends Error {
  readonly code: ErrorCode;
  readonly problems: readonly Problem[];

  constructor(code: ErrorCode, message: string, options: WeirErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'WeirError';
    this.code = code;
    this.problems = options.problems ?? [];
  }
}
