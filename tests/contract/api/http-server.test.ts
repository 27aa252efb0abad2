/** The shell that every answer passes through: refusals, headers, identities, documents, the application's page. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { Registry } from 'prom-client';
import Type from 'typebox';
import Value from 'typebox/value';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { authorize } from '../../../api/authorize.ts';
import { createHttpServer, type HttpServer } from '../../../api/http-server.ts';
import { ERROR_STATUS } from '../../../api/problem.ts';
import { registerDemoRoutes } from '../../../api/routes/demo.ts';
import { Problem } from '../../../api/schemas/problem.ts';
import { createTokenAuthority } from '../../../api/token-authority.ts';
import type { TypedApp } from '../../../api/typed-app.ts';
import { parseConfig } from '../../../core/config.ts';
import { ERROR_TITLES, type ErrorCode, WeirError } from '../../../core/errors.ts';

const SECRET = 'a-secret-of-at-least-32-characters-for-tests';
const auth = createTokenAuthority(SECRET);
const clock = { nowMs: () => Date.now() };
const log = pino({ level: 'silent' });
const bearer = (role: 'app' | 'analyst' | 'admin', sub = 'c-1') => ({
  authorization: `Bearer ${auth.sign({ role, sub, ttlSeconds: 60 })}`,
});

async function buildServer(options: { dashboardDir?: string; perMinute?: number } = {}): Promise<HttpServer> {
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

describe('problem+json', () => {
  let app: HttpServer;
  beforeAll(async () => {
    app = await buildServer();
  });
  afterAll(() => app.close());

  it('maps every code of the core to a status, and no other', () => {
    expect(Object.keys(ERROR_STATUS).sort()).toEqual(Object.keys(ERROR_TITLES).sort());
    for (const status of Object.values(ERROR_STATUS)) expect(status).toBeGreaterThanOrEqual(400);
  });

  it('answers each code with its status, title, pointer and request id', async () => {
    for (const code of Object.keys(ERROR_TITLES) as ErrorCode[]) {
      const answer = await app.inject({ url: `/v1/fails/${code}` });
      const problem: unknown = answer.json();
      expect(answer.headers['content-type']).toContain('application/problem+json');
      expect(Value.Check(Problem, problem)).toBe(true);
      expect(problem).toMatchObject({
        code,
        title: ERROR_TITLES[code],
        status: ERROR_STATUS[code],
        instance: answer.headers['x-request-id'],
        errors: [{ code, pointer: '/a/0', message: 'here' }],
      });
      expect(answer.statusCode).toBe(ERROR_STATUS[code]);
      expect(answer.headers['retry-after'] !== undefined).toBe(answer.statusCode === 503);
    }
  });

  it.each([
    ['an unknown address', { url: '/v1/nothing' }, 404, 'request.not_found'],
    [
      'a method that the address does not take',
      { method: 'DELETE', url: '/v1/demo/sign-in' },
      405,
      'request.bad_method',
    ],
    [
      'a body that is not JSON',
      { method: 'POST', url: '/v1/echo', payload: '{"a":', headers: { 'content-type': 'application/json' } },
      400,
      'event.not_json',
    ],
    [
      'an empty body',
      { method: 'POST', url: '/v1/echo', payload: '', headers: { 'content-type': 'application/json' } },
      400,
      'body.empty',
    ],
    [
      'a content type nobody reads',
      { method: 'POST', url: '/v1/echo', payload: 'a', headers: { 'content-type': 'image/png' } },
      415,
      'body.unsupported_type',
    ],
    [
      'a body over the limit',
      { method: 'POST', url: '/v1/echo', payload: { a: 1, b: 'x'.repeat(200) } },
      413,
      'body.too_large',
    ],
    ['a bad address', { url: '/v1/%zz' }, 400, 'request.invalid'],
    ['no token', { url: '/v1/secret' }, 401, 'auth.missing'],
    ['a forged token', { url: '/v1/secret', headers: { authorization: 'Bearer abc.def.ghi' } }, 401, 'auth.missing'],
    ['another role', { url: '/v1/secret', headers: bearer('app') }, 403, 'auth.forbidden'],
    ['a failure of ours', { url: '/v1/breaks' }, 500, 'internal'],
  ] as const)('answers %s', async (_name, request, status, code) => {
    const answer = await app.inject(request);
    expect(answer.statusCode).toBe(status);
    expect(Value.Check(Problem, answer.json())).toBe(true);
    expect(answer.json()).toMatchObject({ code, status });
    expect(answer.body).not.toContain('hunter2');
  });

  it('points at the member that is wrong, and at the one that is missing', async () => {
    const wrong = await app.inject({ method: 'POST', url: '/v1/echo', payload: { a: 'x' } });
    expect(wrong.json().errors).toMatchObject([{ pointer: '/a', in: 'body' }]);
    const missing = await app.inject({ method: 'POST', url: '/v1/echo', payload: { b: 1 } });
    expect(missing.json().errors).toMatchObject([{ pointer: '/a', message: 'a is required', in: 'body' }]);
    const query = await app.inject({ url: '/v1/query?n=0' });
    expect(query.json().errors).toMatchObject([{ pointer: '/n', in: 'query' }]);
  });

  it('says which methods an address takes', async () => {
    const answer = await app.inject({ method: 'PUT', url: '/v1/demo' });
    expect(answer.headers.allow).toBe('GET, HEAD');
  });

  it('answers what is not HTTP with a problem too', async () => {
    await app.listen({ port: 0, host: '127.0.0.1' });
    const { port } = app.server.address() as AddressInfo;
    const text = await new Promise<string>((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => socket.write('NOT HTTP AT ALL\r\n\r\n'));
      let received = '';
      socket.on('data', (chunk) => {
        received += chunk.toString();
      });
      socket.on('end', () => resolve(received));
      socket.on('error', reject);
    });
    expect(text).toMatch(/^HTTP\/1\.1 400 /);
    expect(text).toContain('application/problem+json');
    expect(text).toContain('"code":"request.invalid"');
  });
});

describe('tokens', () => {
  it('come back as they were signed', () => {
    const token = auth.sign({ role: 'app', sub: 'c-42', ttlSeconds: 60 });
    expect(auth.verify(token)).toMatchObject({ role: 'app', sub: 'c-42' });
  });

  it.each([
    [
      'signed with another secret',
      () => createTokenAuthority('b'.repeat(40)).sign({ role: 'admin', sub: 'x', ttlSeconds: 60 }),
    ],
    [
      'without a signature',
      () =>
        `${Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url')}.${Buffer.from('{"role":"admin","sub":"x","exp":99999999999}').toString('base64url')}.`,
    ],
    [
      'with a changed payload',
      () => {
        const [head, , signature] = auth.sign({ role: 'app', sub: 'x', ttlSeconds: 60 }).split('.');
        return `${head}.${Buffer.from('{"role":"admin","sub":"x","exp":99999999999}').toString('base64url')}.${signature}`;
      },
    ],
    ['with a role that does not exist', () => auth.sign({ role: 'root' as 'admin', sub: 'x', ttlSeconds: 60 })],
    ['without a subject', () => auth.sign({ role: 'admin', sub: '', ttlSeconds: 60 })],
    ['of an absurd length', () => 'a'.repeat(10_000)],
  ])('are refused %s', (_name, make) => {
    expect(() => auth.verify(make())).toThrowError(expect.objectContaining({ code: 'auth.missing' }));
  });

  it('end', async () => {
    const token = auth.sign({ role: 'app', sub: 'x', ttlSeconds: 1 });
    expect(auth.verify(token).sub).toBe('x');
    await expect
      .poll(
        () => {
          try {
            return auth.verify(token).sub;
          } catch (error) {
            return (error as Error).message;
          }
        },
        { timeout: 5_000 },
      )
      .toBe('the token has expired');
  });

  it('are not signed with a short secret', () => {
    expect(() => createTokenAuthority('short')).toThrowError(expect.objectContaining({ code: 'config.invalid' }));
  });

  it('of an admin open every door', async () => {
    const app = await buildServer();
    const answer = await app.inject({ url: '/v1/secret', headers: bearer('admin', 'boss') });
    expect(answer.json()).toEqual({ sub: 'boss' });
    await app.close();
  });
});

describe('quotas', () => {
  it('are counted per token, and health is outside them', async () => {
    const app = await buildServer({ perMinute: 3 });
    const ask = (headers: Record<string, string>) => app.inject({ url: '/v1/secret', headers });
    for (let i = 0; i < 3; i++) expect((await ask(bearer('analyst', 'a'))).statusCode).toBe(200);
    const refused = await ask(bearer('analyst', 'a'));
    expect(refused.statusCode).toBe(429);
    expect(refused.json()).toMatchObject({ code: 'quota.exceeded' });
    expect(refused.headers['retry-after']).toBeDefined();
    expect((await ask(bearer('analyst', 'b'))).statusCode).toBe(200);
    await app.close();
  });
});

describe('pressure', () => {
  it('that lasts is answered with 503, except where an answer is always wanted; one pause is not', {
    timeout: 20_000,
  }, async () => {
    const app = await buildServer();
    await app.register(async (scope) => {
      scope.get('/always', { config: { always: true } }, async () => ({}));
    });
    await app.ready();
    const status = async (url: string): Promise<number> => (await app.inject({ url })).statusCode;
    let strained = 0;
    // The sensor alone is replaced: what is tested is what follows from it.
    app.isUnderPressure = () => strained++ === 0;
    await expect.poll(() => strained, { timeout: 6_000 }).toBeGreaterThanOrEqual(3);
    expect(await status('/v1/query?n=1')).toBe(200);
    app.isUnderPressure = () => true;
    await expect.poll(() => status('/v1/query?n=1'), { timeout: 8_000 }).toBe(503);
    const refused = await app.inject({ url: '/v1/query?n=1' });
    expect(refused.json()).toMatchObject({ code: 'server.overloaded' });
    expect(refused.headers['retry-after']).toBe('1');
    expect(await status('/always')).toBe(200);
    await app.close();
  });
});

describe('closing', () => {
  it('lets a request in flight end and refuses a new one with a problem', async () => {
    const app = await buildServer();
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    let entered: () => void = () => undefined;
    const inside = new Promise<void>((resolve) => {
      entered = resolve;
    });
    app.get('/v1/slow', async () => {
      entered();
      await held;
      return { done: true };
    });
    await app.listen({ port: 0, host: '127.0.0.1' });
    const { port } = app.server.address() as AddressInfo;
    const slow = fetch(`http://127.0.0.1:${port}/v1/slow`);
    await inside;
    const closed = app.close();
    release();
    expect(await (await slow).json()).toEqual({ done: true });
    await closed;
  });
});

describe('the application', () => {
  const directory = mkdtempSync(join(tmpdir(), 'weir-dashboard-'));
  let app: HttpServer;
  beforeAll(async () => {
    mkdirSync(join(directory, 'assets'));
    writeFileSync(join(directory, 'index.html'), '<!doctype html><title>Weir</title>');
    writeFileSync(join(directory, 'assets', 'index-abc123.js'), 'export {};');
    app = await buildServer({ dashboardDir: directory });
  });
  afterAll(async () => {
    await app.close();
    rmSync(directory, { recursive: true });
  });

  it.each(['/', '/cockpit', '/phone/c-1'])('has its page at %s', async (url) => {
    const answer = await app.inject({ url, headers: { accept: 'text/html' } });
    expect(answer.statusCode).toBe(200);
    expect(answer.body).toContain('<title>Weir</title>');
    expect(answer.headers['cache-control']).toBe('no-cache');
  });

  it('has its hashed files cached for good', async () => {
    const answer = await app.inject({ url: '/assets/index-abc123.js' });
    expect(answer.statusCode).toBe(200);
    expect(answer.headers['cache-control']).toContain('immutable');
  });

  it.each(['/assets/gone.js', '/v1/nothing', '/docs/nothing', '/../package.json'])(
    'does not stand in for %s',
    async (url) => {
      const answer = await app.inject({ url });
      expect(answer.statusCode).toBe(404);
      expect(answer.json()).toMatchObject({ code: 'request.not_found' });
    },
  );

  it('is sent with a policy that forbids everything from elsewhere', async () => {
    const { headers } = await app.inject({ url: '/' });
    const policy = String(headers['content-security-policy']);
    expect(policy).toContain("default-src 'self'");
    expect(policy).toContain("script-src 'self'");
    expect(policy).not.toMatch(/https?:/);
    expect(headers['x-content-type-options']).toBe('nosniff');
  });
});

describe('documents', () => {
  let app: HttpServer;
  beforeAll(async () => {
    app = await buildServer();
  });
  afterAll(() => app.close());

  it('describes every route that is not hidden, with its refusals', async () => {
    const document = (await app.inject({ url: '/openapi.json' })).json();
    expect(document.openapi).toBe('3.1.0');
    expect(document.paths['/v1/demo/sign-in'].post.requestBody.content['application/json'].schema).toMatchObject({
      type: 'object',
    });
    expect(document.paths['/v1/demo/sign-in'].post.responses['400'].content['application/problem+json'].schema).toEqual(
      {
        $ref: '#/components/schemas/Problem',
      },
    );
    expect(document.components.schemas.Problem.properties.code.type).toBe('string');
  });

  it('describes the messages of the socket', async () => {
    const document = (await app.inject({ url: '/asyncapi.json' })).json();
    expect(document.asyncapi).toBe('3.0.0');
    for (const name of ['auth', 'offer', 'kpis', 'alert', 'withdrawn', 'error']) {
      expect(document.components.messages[name].payload.properties.type.const).toBe(name);
    }
  });

  it('has a page that loads nothing from elsewhere', async () => {
    const page = await app.inject({ url: '/docs' });
    const script = await app.inject({ url: '/docs/docs.js' });
    const style = await app.inject({ url: '/docs/docs.css' });
    expect(page.headers['content-type']).toContain('text/html');
    expect(script.headers['content-type']).toContain('text/javascript');
    for (const { body } of [page, script, style]) expect(body).not.toMatch(/https?:\/\//);
    expect(page.body).not.toMatch(/<script(?! src="\/docs)/);
    expect(() => new Function(script.body)).not.toThrow();
  });
});
