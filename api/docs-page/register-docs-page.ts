/**
 * `/openapi.json` and `/docs`: the contract as a document and as a page that renders it. Everything the page needs is
 * served from here, so that it works without a network and under a strict content security policy.
 */
import type { FastifyInstance } from 'fastify';
import { type AsyncApiPart, describeAsyncApi } from '../live/asyncapi.ts';
import { DOCS_HTML } from './page.ts';
import { DOCS_SCRIPT } from './script.ts';
import { DOCS_STYLE } from './style.ts';

const HIDDEN = { schema: { hide: true } } as const;

export function registerDocsPage(app: FastifyInstance, asyncApi: readonly AsyncApiPart[]): void {
  const document = describeAsyncApi(asyncApi);
  app.get('/openapi.json', HIDDEN, async () => app.swagger());
  app.get('/asyncapi.json', HIDDEN, async () => document);
  app.get('/docs', HIDDEN, (_request, reply) => reply.type('text/html; charset=utf-8').send(DOCS_HTML));
  app.get('/docs/docs.js', HIDDEN, (_request, reply) => reply.type('text/javascript; charset=utf-8').send(DOCS_SCRIPT));
  app.get('/docs/docs.css', HIDDEN, (_request, reply) => reply.type('text/css; charset=utf-8').send(DOCS_STYLE));
}
