/**
 * Reads who a request comes from, once, before anything else happens to it, and lets routes ask for roles. Routes that
 * ask for none are open. `admin` may do everything.
 */
import type { FastifyInstance, FastifyRequest, preHandlerAsyncHookHandler } from 'fastify';
import { WeirError } from '../core/errors.ts';
import { bearerToken, type Identity, type Role, type TokenAuthority } from './token-authority.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Whose valid token came with the request. */
    identity: Identity | undefined;
    /** Why the token that came is no good. */
    refusal: WeirError | undefined;
  }
}

/** Adds the hook that sets `request.identity`. It refuses nothing: `authorize` does. */
export function readIdentities(app: FastifyInstance, auth: TokenAuthority): void {
  app.decorateRequest('identity', undefined);
  app.decorateRequest('refusal', undefined);
  app.addHook('onRequest', (request, _reply, done) => {
    const token = bearerToken(request.headers.authorization);
    if (token !== undefined) {
      try {
        request.identity = auth.verify(token);
      } catch (error) {
        if (!(error instanceof WeirError)) throw error;
        request.refusal = error;
      }
    }
    done();
  });
}

/** A pre-handler that answers 401 without a valid token and 403 to a role that is not among `roles`. */
export function authorize(roles: readonly Role[]): preHandlerAsyncHookHandler {
  return async (request) => {
    requireIdentity(request, roles);
  };
}

/** The identity of a request, whose role is among `roles`. Throws `auth.missing` or `auth.forbidden`. */
function requireIdentity(request: FastifyRequest, roles: readonly Role[]): Identity {
  if (request.identity === undefined) {
    throw request.refusal ?? new WeirError('auth.missing', 'send a token as "Authorization: Bearer …"');
  }
  const { role } = request.identity;
  if (role !== 'admin' && !roles.includes(role)) {
    throw new WeirError('auth.forbidden', `this needs the role ${roles.join(' or ')}, the token has ${role}`);
  }
  return request.identity;
}
