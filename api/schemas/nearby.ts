/** Places around a point, nearest first, with the offers that apply there. */
import Type, { type Static } from 'typebox';
import { OfferView } from '../live/messages.ts';
import { Limit } from './shared.ts';

const RADIUS_MAX_M = 50_000;
export const NearbyQuery = Type.Object({
  lat: Type.Number({ minimum: -90, maximum: 90 }),
  lon: Type.Number({ minimum: -180, maximum: 180 }),
  category: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
  radiusM: Type.Optional(Type.Number({ minimum: 1, maximum: RADIUS_MAX_M, default: 2_000, description: 'Metres' })),
  limit: Type.Optional(Limit(200, 50)),
});

const NearbyPlace = Type.Object({
  id: Type.String(),
  name: Type.String(),
  category: Type.String(),
  lat: Type.Number(),
  lon: Type.Number(),
  distanceM: Type.Number({ minimum: 0 }),
  merchantId: Type.Optional(Type.String()),
  mcc: Type.Optional(Type.String()),
  acceptsCards: Type.Optional(Type.Array(Type.String())),
  discount: Type.Optional(Type.Number({ description: 'Per cent off' })),
  openingHours: Type.Optional(Type.String()),
  offers: Type.Array(OfferView, { description: "The customer's offers that hold here" }),
});
export const NearbyAnswer = Type.Object({ places: Type.Array(NearbyPlace) });
export type NearbyAnswer = Static<typeof NearbyAnswer>;
