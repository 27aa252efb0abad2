/** Places around a point, nearest first, with the offers that the asking customer has there. */
import type { Clock } from '../../core/clock.ts';
import type { Store } from '../../storage/open-store.ts';
import { offersHolding, type StoredOffer } from '../../storage/queries/offers.ts';
import { placesNear } from '../../storage/queries/places.ts';
import { authorize } from '../authorize.ts';
import { NearbyAnswer, NearbyQuery } from '../schemas/nearby.ts';
import { problemResponses } from '../schemas/problem.ts';
import { viewPlace } from '../stored-views.ts';
import type { TypedApp } from '../typed-app.ts';

const RADIUS_DEFAULT_M = 2_000;
const LIMIT_DEFAULT = 50;
const OFFERS_MAX = 200;

export function registerNearbyRoutes(
  app: TypedApp,
  { store, clock }: { readonly store: Store; readonly clock: Clock },
): void {
  app.get(
    '/v1/nearby',
    {
      preHandler: authorize(['app', 'analyst', 'approver', 'manager']),
      schema: {
        tags: ['places'],
        summary: 'Places nearby, nearest first',
        security: [{ bearer: [] }],
        querystring: NearbyQuery,
        response: { 200: NearbyAnswer, ...problemResponses(400, 401, 403, 503) },
      },
    },
    async (request) => {
      const { lat, lon, category, radiusM = RADIUS_DEFAULT_M, limit = LIMIT_DEFAULT } = request.query;
      const customer = request.identity?.role === 'app' ? request.identity.sub : undefined;
      const [places, offers] = await Promise.all([
        placesNear(store, { lat, lon, radiusM, limit, ...(category !== undefined && { category }) }),
        customer === undefined ? [] : holdingOffers(store, customer, clock.nowMs()),
      ]);
      return { places: places.map((place) => viewPlace(place, offers)) };
    },
  );
}

async function holdingOffers(store: Store, customer: string, nowMs: number): Promise<StoredOffer[]> {
  const { items } = await offersHolding(store, customer, undefined, nowMs, OFFERS_MAX);
  return items.filter((item) => item.kind === 'offer');
}
