/** The shell that every answer passes through: refusals, quotas, pressure, and how it closes. */
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import Value from 'typebox/value';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HttpServer } from '../../../api/http-server.ts';
import { ERROR_STATUS } from '../../../api/problem.ts';
import { Problem } from '../../../api/schemas/problem.ts';
import { ERROR_TITLES, type ErrorCode } from '../../../core/errors.ts';
import { bearer, buildBareServer } from '../../support/api/bare-server.ts';

describe('problem+json', () => {
  let app: HttpServer;
  beforeAll(async () => {
    app = await buildBareServer();
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

describe('quotas', () => {
  it('are counted per token, and health is outside them', async () => {
    const app = await buildBareServer({ perMinute: 3 });
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
    const app = await buildBareServer();
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
    const app = await buildBareServer();
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
