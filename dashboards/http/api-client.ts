/**
 * Calls to the API. A refusal becomes an `ApiProblem` with the stable code of RFC 9457 details; a 401 ends the session
 * that made the call, and the sign-in page says why.
 */
import { observeServerDate } from '../live/server-clock.ts';
import { currentSession, type Surface, signOut } from '../session/session-store.ts';

const TIMEOUT_MS = 15_000;

export class ApiProblem extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.name = 'ApiProblem';
    this.status = status;
    this.code = code;
  }
}

export interface RequestOptions {
  readonly surface?: Surface;
  readonly signal?: AbortSignal;
  readonly body?: unknown;
}

/** The parsed answer; throws an `ApiProblem` (code `network` when there was no answer at all). */
export async function requestJson<T>(path: string, options: RequestOptions = {}): Promise<T> {
  const { surface, signal, body } = options;
  const headers: Record<string, string> = { accept: 'application/json' };
  const session = surface === undefined ? undefined : currentSession(surface);
  if (session !== undefined) headers.authorization = `Bearer ${session.token}`;
  if (body !== undefined) headers['content-type'] = 'application/json';
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  let response: Response;
  try {
    response = await fetch(path, {
      method: body === undefined ? 'GET' : 'POST',
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    });
  } catch (cause) {
    if (signal?.aborted === true) throw cause;
    throw new ApiProblem(0, 'network', 'The server does not answer');
  }
  observeServerDate(response.headers.get('date'), Date.now());
  const answer: unknown = await response.json().catch(() => undefined);
  if (response.ok && answer !== undefined) return answer as T;
  if (response.status === 401 && surface !== undefined) signOut(surface, 'expired');
  const problem = (typeof answer === 'object' && answer !== null ? answer : {}) as Record<string, unknown>;
  throw new ApiProblem(
    response.status,
    typeof problem.code === 'string' ? problem.code : `http.${response.status}`,
    typeof problem.detail === 'string' ? problem.detail : response.statusText,
  );
}

/** Refusals stay refusals; only silence and overload are worth another try. */
export function worthRetrying(attempt: number, error: unknown): boolean {
  return attempt < 2 && error instanceof ApiProblem && (error.status === 0 || error.status >= 502);
}
