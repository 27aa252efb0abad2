/** Where things lie on the small map: a Mercator projection centred on the customer, scaled to what is around. Pure. */
import { geoDistance, geoMercator } from 'd3-geo';

const EARTH_RADIUS_M = 6_371_008.8;
const RADIUS_MIN_M = 250;
const RADIUS_MAX_M = 3_000;
/** Rings that a person can think in. */
const RINGS_M = [100, 250, 500, 1_000, 2_000, 5_000];

export interface MapPoint {
  readonly lat: number;
  readonly lon: number;
}
export interface MapView {
  /** Pixels from the top left. */
  project(point: MapPoint): { readonly x: number; readonly y: number };
  readonly rings: readonly { readonly radiusM: number; readonly radiusPx: number }[];
}

export function createMapView(centre: MapPoint, around: readonly MapPoint[], width: number, height: number): MapView {
  const distances = around
    .map((point) => geoDistance([centre.lon, centre.lat], [point.lon, point.lat]) * EARTH_RADIUS_M)
    .sort((a, b) => a - b);
  // The nearest places decide; one far away must not shrink the street to a dot.
  const reach = distances[Math.min(distances.length - 1, 11)] ?? RADIUS_MIN_M;
  const radiusM = Math.min(RADIUS_MAX_M, Math.max(RADIUS_MIN_M, reach * 1.15));
  const pixelsPerMetre = Math.min(width, height * 1.35) / 2 / radiusM;
  const projection = geoMercator()
    .center([centre.lon, centre.lat])
    .scale(pixelsPerMetre * EARTH_RADIUS_M * Math.cos((centre.lat * Math.PI) / 180))
    .translate([width / 2, height / 2]);
  const rings = RINGS_M.map((ring) => ({ radiusM: ring, radiusPx: ring * pixelsPerMetre }))
    .filter(({ radiusPx }) => radiusPx > 34 && radiusPx < width * 0.72)
    .slice(-3);
  return {
    project: ({ lat, lon }) => {
      const [x, y] = projection([lon, lat]) ?? [0, 0];
      return { x, y };
    },
    rings,
  };
}
