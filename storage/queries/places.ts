/** Places as they are now, by distance. */
import type { Store } from '../open-store.ts';
import { readNumber } from '../row.ts';
import { eventSelect, readStoredEvent, type StoredEvent } from '../tables/read-event.ts';

export interface PlacesNearQuery {
  readonly lat: number;
  readonly lon: number;
  readonly radiusM: number;
  readonly category?: string;
  /** At most this many, nearest first; 100 when absent. */
  readonly limit?: number;
}

export interface NearPlace extends StoredEvent<'place'> {
  readonly distanceM: number;
}

export async function placesNear(store: Store, query: PlacesNearQuery): Promise<NearPlace[]> {
  const distance = 'greatCircleDistance(lon, lat, {lon:Float64}, {lat:Float64})';
  const rows = await store.query(
    'places-near',
    `SELECT ${eventSelect('place')}, ${distance} AS distance_m FROM places FINAL
WHERE distance_m <= {radius:Float64}${query.category === undefined ? '' : ' AND category = {category:String}'}
ORDER BY distance_m, customer LIMIT {limit:UInt32}`,
    {
      lat: query.lat,
      lon: query.lon,
      radius: query.radiusM,
      limit: query.limit ?? 100,
      ...(query.category === undefined ? {} : { category: query.category }),
    },
  );
  return rows.map((row) => ({ ...readStoredEvent('place', row), distanceM: readNumber(row, 'distance_m') }));
}
