/** Figures by event time over any range, and the log position that they hold for. */

import type { Clock } from '../../core/clock.ts';
import { HOUR_MS } from '../../core/clock.ts';
import type { Store } from '../../storage/open-store.ts';
import { STEP_MS } from '../../storage/queries/kpi-segments.ts';
import { queryKpis } from '../../storage/queries/query-kpis.ts';
import { authorize } from '../authorize.ts';
import { formatTime } from '../live/live-views.ts';
import { KpisAnswer, KpisQuery } from '../schemas/kpis.ts';
import { problemResponses } from '../schemas/problem.ts';
import { badParameter, readTime } from '../schemas/shared.ts';
import type { TypedApp } from '../typed-app.ts';

/** Points in time that one answer covers. */
const POINTS_MAX = 20_000;
const DEFAULT_RANGE_MS = HOUR_MS;

export function registerKpiRoutes(app: TypedApp, { store, clock }: { readonly store: Store; readonly clock: Clock }) {
  app.get(
    '/v1/kpis',
    {
      preHandler: authorize(['manager', 'analyst', 'approver']),
      schema: {
        tags: ['kpis'],
        summary: 'Figures over a range of event time',
        description: 'Buckets in which nothing happened are absent. The last hour by minute when nothing is asked for.',
        security: [{ bearer: [] }],
        querystring: KpisQuery,
        response: { 200: KpisAnswer, ...problemResponses(400, 401, 403, 503) },
      },
    },
    async (request) => {
      const { by, step = 'minute' } = request.query;
      const toMs = request.query.to === undefined ? clock.nowMs() : readTime(request.query.to, 'to');
      const fromMs = request.query.from === undefined ? toMs - DEFAULT_RANGE_MS : readTime(request.query.from, 'from');
      if (fromMs >= toMs) throw badParameter('from', 'from must lie before to');
      const stepMs = STEP_MS[step];
      if (stepMs !== undefined && (toMs - fromMs) / stepMs > POINTS_MAX) {
        throw badParameter('step', `the range has more than ${POINTS_MAX} points; choose a wider step`);
      }
      const answer = await queryKpis(store, { fromMs, toMs, step, ...(by !== undefined && { by }) });
      return {
        position: answer.position,
        from: formatTime(fromMs),
        to: formatTime(toMs),
        step,
        ...(by !== undefined && { by }),
        series: answer.rows.map(({ timeMs, key, ...figures }) => ({
          time: formatTime(timeMs),
          ...(by !== undefined && { [by]: key }),
          ...figures,
        })),
      };
    },
  );
}
