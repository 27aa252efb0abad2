/**
 * What has no route: 405 with `Allow` where another method would do, the web application for pages that a browser
 * opens, and a 404 problem for everything else.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { describeProblem, sendProblem } from '../problem.ts';
import type { Dashboard } from './static-dashboard.ts';

/** Addresses that belong to the API: a browser that opens one of these by mistake gets a problem, not a page. */
const API_PREFIX = /^\/(v1|docs|healthz|readyz|metrics|openapi\.json|asyncapi\.json)(\/|$)/;

export interface AddressBook {
  /** Methods that routes at this path take, sorted. */
  methodsAt(path: string): readonly string[];
}

/** Watches the routes that are added from now on. */
export function createAddressBook(app: FastifyInstance): AddressBook {
  const routes: { readonly pattern: RegExp; readonly methods: readonly string[] }[] = [];
  app.addHook('onRoute', ({ url, method }) => {
    if (url.includes('*')) return;
    const pattern = url
      .split('/')
      .map((part) => (part.startsWith(':') ? '[^/]+' : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')))
      .join('/');
    routes.push({ pattern: new RegExp(`^${pattern}/?$`), methods: Array.isArray(method) ? method : [method] });
  });
  return {
    methodsAt(path) {
      const methods = routes.filter(({ pattern }) => pattern.test(path)).flatMap((route) => route.methods);
      return [...new Set(methods)].sort();
    },
  };
}

export function answerUnknownAddress(
  request: FastifyRequest,
  reply: FastifyReply,
  addresses: AddressBook,
  dashboard: Dashboard | undefined,
): FastifyReply | Promise<FastifyReply> {
  const path = request.url.split('?', 1)[0] ?? '/';
  const allowed = addresses.methodsAt(path);
  if (allowed.length > 0 && !allowed.includes(request.method)) {
    reply.header('allow', allowed.join(', '));
    const detail = `${path} takes ${allowed.join(', ')}, not ${request.method}`;
    return sendProblem(reply, describeProblem('request.bad_method', detail, request.id));
  }
  const wantsPage = request.method === 'GET' || request.method === 'HEAD';
  if (dashboard !== undefined && wantsPage && !API_PREFIX.test(path) && !/\.[a-z0-9]+$/i.test(path)) {
    return dashboard.sendPage(reply);
  }
  return sendProblem(reply, describeProblem('request.not_found', `there is nothing at ${path}`, request.id));
}
