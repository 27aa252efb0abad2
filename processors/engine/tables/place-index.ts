/**
 * Places by category on a grid of 0.02 degrees, so that a place may come, move or change at any moment without a rebuild.
 * The best place is the nearest that fits; equally near ones go by id, so that the answer never depends on the order
 * in which places became known.
 */
import { distanceM } from '../../../core/geo.ts';
import type { NearbyParams } from '../../../rules/requirement.ts';
import { PLACES_MAX } from '../limits.ts';

const GRID_DEGREES = 0.02;
const LON_CELLS = 360 / GRID_DEGREES;
const METRES_PER_DEGREE = 111_194.9;
/** Past this many grid cells, looking at every place of the category is cheaper. */
const GRID_CELLS_MAX = 4_096;
const POLAR_LATITUDE = 89;

export interface Place {
  readonly id: string;
  readonly name: string;
  readonly category: string;
  readonly lat: number;
  readonly lon: number;
  readonly acceptsCards: readonly string[];
  readonly discount: number | undefined;
  readonly merchantId: string | undefined;
  /** Event time of the version that is known. */
  readonly timeMs: number;
}

/** What the fact `nearby` reads as. Only `count` is there when nothing fits. */
export interface NearbyValue {
  readonly count: number;
  readonly id?: string;
  readonly name?: string;
  readonly category?: string;
  readonly lat?: number;
  readonly lon?: number;
  /** Whole metres. */
  readonly distanceM?: number;
  readonly discount?: number;
  readonly acceptsCards?: readonly string[];
}

const NOTHING_NEARBY: NearbyValue = { count: 0 };

export class PlaceIndex {
  readonly #byId = new Map<string, Place>();
  /** Category → grid cell → places. */
  readonly #grid = new Map<string, Map<number, Place[]>>();

  get count(): number {
    return this.#byId.size;
  }

  get(id: string): Place | undefined {
    return this.#byId.get(id);
  }

  /** Throws where `put` could not: called before any state changes. */
  assertRoom(id: string): void {
    if (this.#byId.size >= PLACES_MAX && !this.#byId.has(id))
      throw new RangeError(`the registry holds its maximum of ${PLACES_MAX} places`);
  }

  /** Adds or replaces a place; an older version than the known one is ignored. */
  put(place: Place): void {
    const known = this.#byId.get(place.id);
    if (known !== undefined) {
      if (known.timeMs > place.timeMs) return;
      const cell = this.#cellOf(known);
      cell.splice(cell.indexOf(known), 1);
    }
    this.#byId.set(place.id, place);
    this.#cellOf(place).push(place);
  }

  nearest(lat: number, lon: number, params: NearbyParams, issuers: readonly string[]): NearbyValue {
    const cells = this.#grid.get(params.category);
    if (cells === undefined) return NOTHING_NEARBY;
    let best: Place | undefined;
    let bestM = Number.POSITIVE_INFINITY;
    let count = 0;
    const consider = (places: readonly Place[]): void => {
      for (const place of places) {
        const metres = distanceM(lat, lon, place.lat, place.lon);
        if (metres > params.radiusM || !fits(place, params, issuers)) continue;
        count++;
        if (metres < bestM || (metres === bestM && best !== undefined && place.id < best.id)) {
          best = place;
          bestM = metres;
        }
      }
    };
    const latReach = params.radiusM / METRES_PER_DEGREE + 1e-9;
    const widest = Math.abs(lat) + latReach;
    const lonReach = widest >= POLAR_LATITUDE ? 360 : latReach / Math.cos((widest * Math.PI) / 180);
    const rows = Math.floor((lat + latReach) / GRID_DEGREES) - Math.floor((lat - latReach) / GRID_DEGREES) + 1;
    const columns = Math.floor((lon + lonReach) / GRID_DEGREES) - Math.floor((lon - lonReach) / GRID_DEGREES) + 1;
    if (columns >= LON_CELLS || rows * columns > Math.min(GRID_CELLS_MAX, cells.size)) {
      for (const places of cells.values()) consider(places);
    } else {
      const rowFrom = Math.floor((lat - latReach) / GRID_DEGREES);
      const columnFrom = Math.floor((lon - lonReach) / GRID_DEGREES);
      for (let row = rowFrom; row < rowFrom + rows; row++) {
        for (let column = columnFrom; column < columnFrom + columns; column++) {
          const places = cells.get(gridKey(row, column));
          if (places !== undefined) consider(places);
        }
      }
    }
    return best === undefined ? NOTHING_NEARBY : describe(best, bestM, count);
  }

  save(): unknown {
    return [...this.#byId.values()];
  }

  load(places: readonly Place[]): void {
    for (const place of places) this.put({ ...place, discount: place.discount, merchantId: place.merchantId });
  }

  #cellOf(place: Place): Place[] {
    let cells = this.#grid.get(place.category);
    if (cells === undefined) {
      cells = new Map();
      this.#grid.set(place.category, cells);
    }
    const key = gridKey(Math.floor(place.lat / GRID_DEGREES), Math.floor(place.lon / GRID_DEGREES));
    let places = cells.get(key);
    if (places === undefined) {
      places = [];
      cells.set(key, places);
    }
    return places;
  }
}

/** Columns wrap at the antimeridian. */
function gridKey(row: number, column: number): number {
  return row * LON_CELLS + ((((column + LON_CELLS / 2) % LON_CELLS) + LON_CELLS) % LON_CELLS);
}

function fits(place: Place, params: NearbyParams, issuers: readonly string[]): boolean {
  if (params.minDiscount !== undefined && (place.discount ?? 0) < params.minDiscount) return false;
  if (params.acceptsCard !== true) return true;
  return place.acceptsCards.some((accepted) => issuers.includes(accepted));
}

function describe(place: Place, metres: number, count: number): NearbyValue {
  return {
    count,
    id: place.id,
    name: place.name,
    category: place.category,
    lat: place.lat,
    lon: place.lon,
    distanceM: Math.round(metres),
    acceptsCards: place.acceptsCards,
    ...(place.discount === undefined ? {} : { discount: place.discount }),
  };
}
