/** Health, readiness, and the metrics of all roles. Open to everybody who can reach the port, and always answered. */
import type { Registry } from 'prom-client';
import { SECOND_MS } from '../../core/clock.ts';
import type { Readiness } from '../readiness.ts';
import { HealthAnswer, ReadyAnswer } from '../schemas/health.ts';
import type { TypedApp } from '../typed-app.ts';

export interface OperationsOptions {
  readonly metrics: Registry;
  readonly readiness: Readiness;
  /** Metrics of all processes, this one among them; those that do not answer in time are left out. */
  readonly collectMetrics?: () => Promise<string>;
}

const COLLECT_MAX_MS = 2 * SECOND_MS;

export function registerOperationsRoutes(app: TypedApp, options: OperationsOptions): void {
  const tags = ['operations'];
  app.get(
    '/healthz',
    {
      config: { always: true },
      schema: { tags, summary: 'Whether this process lives', response: { 200: HealthAnswer } },
    },
    async () => ({ status: 'ok' as const }),
  );
  app.get(
    '/readyz',
    {
      config: { always: true },
      schema: {
        tags,
        summary: 'Whether every part that answers depend on is ready',
        response: { 200: ReadyAnswer, 503: ReadyAnswer },
      },
    },
    async (_request, reply) => {
      const answer = await options.readiness.check();
      return reply.code(answer.ready ? 200 : 503).send(answer);
    },
  );
  app.get(
    '/metrics',
    {
      config: { always: true },
      schema: { tags, summary: 'Prometheus metrics of all processes', produces: ['text/plain'] },
    },
    async (_request, reply) => {
      const all =
        options.collectMetrics === undefined ? undefined : await within(options.collectMetrics(), COLLECT_MAX_MS);
      // Without the log nobody answers; this process can still speak for itself.
      const text = all?.includes('role="') === true ? all : await options.metrics.metrics();
      return reply.type('text/plain; version=0.0.4; charset=utf-8').send(text);
    },
  );
}

/** `undefined` where it takes too long or fails. */
async function within(collected: Promise<string>, maxMs: number): Promise<string | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, maxMs, undefined);
  });
  try {
    return await Promise.race([collected.catch(() => undefined), late]);
  } finally {
    clearTimeout(timer);
  }
}
