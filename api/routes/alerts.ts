/** Alerts, newest first, page by page. */
import type { Store } from '../../storage/open-store.ts';
import { alertsBefore } from '../../storage/queries/alerts.ts';
import { authorize } from '../authorize.ts';
import { AlertsAnswer, AlertsQuery } from '../schemas/alerts.ts';
import { problemResponses } from '../schemas/problem.ts';
import { viewStoredAlert } from '../stored-views.ts';
import type { TypedApp } from '../typed-app.ts';

const LIMIT_DEFAULT = 50;

export function registerAlertRoutes(app: TypedApp, { store }: { readonly store: Store }): void {
  app.get(
    '/v1/alerts',
    {
      preHandler: authorize(['manager', 'analyst', 'approver']),
      schema: {
        tags: ['alerts'],
        summary: 'Alerts, newest first',
        security: [{ bearer: [] }],
        querystring: AlertsQuery,
        response: { 200: AlertsAnswer, ...problemResponses(400, 401, 403, 503) },
      },
    },
    async (request) => {
      const { cursor, limit = LIMIT_DEFAULT } = request.query;
      const { alerts } = await alertsBefore(store, cursor, limit);
      const next = alerts.length === limit ? alerts.at(-1)?.cursor : undefined;
      return { alerts: alerts.map(viewStoredAlert), ...(next !== undefined && { next }) };
    },
  );
}
