/** What the server shows beside data: the application's page and files, the documents of the api, and their reader. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HttpServer } from '../../../api/http-server.ts';
import { buildBareServer } from '../../support/api/bare-server.ts';

describe('the application', () => {
  const directory = mkdtempSync(join(tmpdir(), 'weir-dashboard-'));
  let app: HttpServer;
  beforeAll(async () => {
    mkdirSync(join(directory, 'assets'));
    writeFileSync(join(directory, 'index.html'), '<!doctype html><title>Weir</title>');
    writeFileSync(join(directory, 'assets', 'index-abc123.js'), 'export {};');
    app = await buildBareServer({ dashboardDir: directory });
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
    app = await buildBareServer();
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
