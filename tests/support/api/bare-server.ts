/** The shell of the api with a few routes that refuse, fail or echo, and nothing behind it. */
import pino from 'pino';
import { Registry } from 'prom-client';
import Type from 'typebox';
import { authorize } from '../../../api/authorize.ts';
import { createHttpServer, type HttpServer } from '../../../api/http-server.ts';
import { registerDemoRoutes } from '../../../api/routes/demo.ts';
import { createTokenAuthority } from '../../../api/token-authority.ts';
import type { TypedApp } from '../../../api/typed-app.ts';
import { parseConfig } from '../../../core/config.ts';
import { type ErrorCode, WeirError } from '../../../core/errors.ts';

const SECRET = 'a-secret-of-at-least-32-characters-for-tests';
export const auth = createTokenAuthority(SECRET);
const clock = { nowMs: () => Date.now() };
const log = pino({ level: 'silent' });
export const bearer = (role: 'app' | 'analyst' | 'admin', sub = 'c-1') => ({
  authorization: `Bearer ${auth.sign({ role, sub, ttlSeconds: 60 })}`,
});

export async function buildBareServer(
  options: { dashboardDir?: string; perMinute?: number } = {},
): Promise<HttpServer> {
  const app = await createHttpServer({
    config: parseConfig({ WEIR_REQUESTS_PER_MINUTE_MAX: String(options.perMinute ?? 10_000), NODE_ENV: 'test' }),
    log,
    metrics: new Registry(),
    auth,
    ...(options.dashboardDir !== undefined && { dashboardDir: options.dashboardDir }),
  });
  await app.register(async (scope) => {
    registerDemoRoutes(scope as TypedApp, { auth, clock, personas: [] });
    scope.get('/v1/secret', { preHandler: authorize(['analyst']) }, async (request) => ({
      sub: request.identity?.sub,
    }));
    scope.get('/v1/fails/:code', async (request) => {
      const { code } = request.params as { code: ErrorCode };
      throw new WeirError(code, 'on purpose', { problems: [{ code, pointer: '/a/0', message: 'here' }] });
    });
    scope.get('/v1/breaks', async () => {
      throw new TypeError('the password is hunter2');
    });
    scope.post('/v1/echo', { bodyLimit: 100, schema: { body: Type.Object({ a: Type.Integer() }) } }, async () => ({}));
    scope.get(
      '/v1/query',
      { schema: { querystring: Type.Object({ n: Type.Integer({ minimum: 1 }) }) } },
      async (request) => request.query,
    );
  });
  return app;
}
