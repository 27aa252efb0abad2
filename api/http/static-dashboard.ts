/**
 * Serves the built web application. Files with a hash in their name never change and are cached for a year; the page
 * itself is asked for again each time, so that a new build is seen at once.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply } from 'fastify';

const YEAR_MS = 365 * 86_400_000;
const PAGE = 'index.html';

export interface Dashboard {
  /** The application's page, for any of its own addresses. */
  sendPage(reply: FastifyReply): FastifyReply;
}

/** `undefined` when there is no built application in `directory`. */
export async function serveDashboard(
  app: FastifyInstance,
  directory: string | undefined,
): Promise<Dashboard | undefined> {
  if (directory === undefined) return undefined;
  if (!existsSync(join(directory, PAGE))) {
    app.log.warn({ directory }, 'there is no built dashboard here: only the API is served');
    return undefined;
  }
  await app.register(fastifyStatic, {
    root: directory,
    // Files are looked up per request rather than listed now, and an unknown one falls through to the 404 problem.
    wildcard: false,
    index: [PAGE],
    setHeaders: (reply, path) => {
      const hashed = path.includes('/assets/');
      reply.header('cache-control', hashed ? `public, max-age=${YEAR_MS / 1_000}, immutable` : 'no-cache');
    },
    cacheControl: false,
    schemaHide: true,
  });
  return { sendPage: (reply) => reply.sendFile(PAGE) };
}
