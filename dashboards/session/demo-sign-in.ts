/** A token from the demo's sign-in; only servers outside production have it. */
import type { SignInAnswer } from '../../api/schemas/demo.ts';
import { requestJson } from '../http/api-client.ts';
import type { Session } from './session-store.ts';

export async function signInToDemo(role: string, customer?: string): Promise<Session> {
  const answer = await requestJson<SignInAnswer>('/v1/demo/sign-in', {
    body: customer === undefined ? { role } : { role, customer },
  });
  return { token: answer.token, role: answer.role, sub: answer.sub, expiresMs: Date.parse(answer.expiresAt) };
}
