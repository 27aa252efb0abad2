/** Refused events, newest first, with the reason and the bytes as they came. */
import type { Store } from '../../storage/open-store.ts';
import { quarantineBefore } from '../../storage/queries/quarantine.ts';
import { authorize } from '../authorize.ts';
import { problemResponses } from '../schemas/problem.ts';
import { QuarantineAnswer, QuarantineQuery } from '../schemas/quarantine.ts';
import { viewRefusal } from '../stored-views.ts';
import type { TypedApp } from '../typed-app.ts';

const LIMIT_DEFAULT = 50;

export function registerQuarantineRoutes(app: TypedApp, { store }: { readonly store: Store }): void {
  app.get(
    '/v1/quarantine',
    {
      preHandler: authorize(['analyst', 'approver']),
      schema: {
        tags: ['operations'],
        summary: 'Refused events, newest first',
        security: [{ bearer: [] }],
        querystring: QuarantineQuery,
        response: { 200: QuarantineAnswer, ...problemResponses(400, 401, 403, 503) },
      },
    },
    async (request) => {
      const { before, limit = LIMIT_DEFAULT } = request.query;
      const refusals = await quarantineBefore(store, before, limit);
      const next = refusals.length === limit ? refusals.at(-1)?.seq : undefined;
      return { items: refusals.map(viewRefusal), ...(next !== undefined && { next }) };
    },
  );
}
