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

/** Least distance between two signs, pixels. */
const APART_PX = 19;

/** Takes out signs that would lie on one before them: the first of a crowd stands for it. */
export function thinOutSigns<T extends { readonly x: number; readonly y: number }>(signs: readonly T[]): T[] {
  const kept: T[] = [];
  for (const sign of signs) {
    if (kept.every((other) => Math.hypot(other.x - sign.x, other.y - sign.y) >= APART_PX)) kept.push(sign);
  }
  return kept;
}

export interface LabelRequest {
  readonly id: string;
  readonly text: string;
  readonly x: number;
  readonly y: number;
}

const LABEL_CHARS_MAX = 22;
const CHAR_PX = 5.9;
const LABEL_HEIGHT_PX = 13;
const SIGN_PX = 15;

interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}
const overlap = (a: Box, b: Box): boolean =>
  a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

/**
 * Where names go: below their sign, else above it, else nowhere, so that no name covers another name or sign. Answers the
 * vertical offset of each name's baseline from its sign, by id.
 */
export function placeLabels(
  requests: readonly LabelRequest[],
  signs: readonly Omit<LabelRequest, 'text'>[],
  size: { readonly width: number; readonly height: number },
): ReadonlyMap<string, number> {
  const taken: { readonly id: string; readonly box: Box }[] = signs.map(({ id, x, y }) => ({
    id,
    box: { left: x - SIGN_PX, right: x + SIGN_PX, top: y - SIGN_PX, bottom: y + SIGN_PX },
  }));
  const offsets = new Map<string, number>();
  for (const { id, text, x, y } of requests) {
    const half = (Math.min(text.length, LABEL_CHARS_MAX) * CHAR_PX) / 2;
    for (const offset of [27, -19]) {
      const box = { left: x - half, right: x + half, top: y + offset - LABEL_HEIGHT_PX + 3, bottom: y + offset + 3 };
      if (box.left < 2 || box.right > size.width - 2 || box.top < 2 || box.bottom > size.height - 2) continue;
      if (taken.some((other) => other.id !== id && overlap(other.box, box))) continue;
      taken.push({ id: `${id} label`, box });
      offsets.set(id, offset);
      break;
    }
  }
  return offsets;
}

export function shortenLabel(text: string): string {
  return text.length > LABEL_CHARS_MAX ? `${text.slice(0, LABEL_CHARS_MAX - 1)}…` : text;
}
