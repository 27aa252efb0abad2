/**
 * Places by category on a grid of 0.02 degrees, so that a place may come, move or change at any moment without a rebuild.
 * What a search compares (position, discount) stands in records in the slab, the rest as JSON beside them; the grid is
 * made from the records and is not part of a snapshot. The best place is the nearest that fits; equally near ones go by id, so that the answer never depends on the order
 * in which places became known.
 */
import { distanceM } from '../../../core/geo.ts';
import { hashString } from '../../../core/hash.ts';
import type { NearbyParams } from '../../../rules/requirement.ts';
import { PLACES_DECODED_MAX, PLACES_MAX } from '../limits.ts';
import type { Blobs } from '../memory/blobs.ts';
import { HashIndex } from '../memory/hash-index.ts';
import { RecordTable, type RecordTableHead } from '../memory/record-table.ts';
import type { Slab } from '../memory/slab.ts';

const GRID_DEGREES = 0.02;
const LON_CELLS = 360 / GRID_DEGREES;
const METRES_PER_DEGREE = 111_194.9;
/** Past this many grid cells, looking at every place of the category is cheaper. */
const GRID_CELLS_MAX = 4_096;
const POLAR_LATITUDE = 89;

/** Halves of a record. */
const HASH_HALF = 0;
const BLOB_HALF = 1;
const NEXT_HALF = 10;
/** Words of a record; the discount is NaN where there is none. */
const LAT_WORD = 1;
const LON_WORD = 2;
const TIME_WORD = 3;
const DISCOUNT_WORD = 4;
const RECORD_WORDS = 6;
const ID_SEED = 0x91_ace5;

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
  readonly #slab: Slab;
  readonly #blobs: Blobs;
  readonly #records: RecordTable;
  #index = new HashIndex();
  /** Category → grid cell → its first record; further ones are linked. */
  readonly #grid = new Map<string, Map<number, number>>();
  /** The last place decoded for each slot, by record: bounded, and never different from what decoding would give. */
  readonly #decodedIds = new Uint32Array(PLACES_DECODED_MAX);
  readonly #decoded: (Place | undefined)[] = new Array<Place | undefined>(PLACES_DECODED_MAX).fill(undefined);

  constructor(slab: Slab, blobs: Blobs) {
    this.#slab = slab;
    this.#blobs = blobs;
    this.#records = new RecordTable(slab, RECORD_WORDS, PLACES_MAX);
  }

  get count(): number {
    return this.#records.count;
  }

  get(id: string): Place | undefined {
    const record = this.#find(id);
    return record === 0 ? undefined : this.#place(record);
  }

  /** Throws where `put` could not: called before any state changes. */
  assertRoom(id: string): void {
    if (this.#find(id) === 0) this.#records.assertRoom(1, 'places');
  }

  /** Adds or replaces a place; an older version than the known one is ignored. */
  put(place: Place): void {
    let record = this.#find(place.id);
    if (record !== 0) {
      if (this.#word(record, TIME_WORD) > place.timeMs) return;
      this.#leaveCell(record, this.#place(record));
    } else {
      record = this.#records.add();
      const hash = hashString(place.id, ID_SEED);
      this.#slab.halves[this.#records.at(record) * 2 + HASH_HALF] = hash;
      this.#index.add(hash, record);
    }
    const known = this.#slab.halves[this.#records.at(record) * 2 + BLOB_HALF] as number;
    const blob = this.#blobs.replace(known, JSON.stringify(place));
    const at = this.#records.at(record);
    this.#slab.touch(at, RECORD_WORDS);
    const { words, halves } = this.#slab;
    halves[at * 2 + BLOB_HALF] = blob;
    words[at + LAT_WORD] = place.lat;
    words[at + LON_WORD] = place.lon;
    words[at + TIME_WORD] = place.timeMs;
    words[at + DISCOUNT_WORD] = place.discount ?? Number.NaN;
    this.#decodedIds[record % PLACES_DECODED_MAX] = 0;
    this.#enterCell(record, place);
  }

  nearest(lat: number, lon: number, params: NearbyParams, issuers: readonly string[]): NearbyValue {
    const cells = this.#grid.get(params.category);
    if (cells === undefined) return NOTHING_NEARBY;
    let best = 0;
    let bestM = Number.POSITIVE_INFINITY;
    let count = 0;
    const consider = (first: number): void => {
      for (let record = first; record !== 0; record = this.#next(record)) {
        const metres = distanceM(lat, lon, this.#word(record, LAT_WORD), this.#word(record, LON_WORD));
        if (metres > params.radiusM || !this.#fits(record, params, issuers)) continue;
        count++;
        if (metres < bestM || (metres === bestM && best !== 0 && this.#place(record).id < this.#place(best).id)) {
          best = record;
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
      for (const first of cells.values()) consider(first);
    } else {
      const rowFrom = Math.floor((lat - latReach) / GRID_DEGREES);
      const columnFrom = Math.floor((lon - lonReach) / GRID_DEGREES);
      for (let row = rowFrom; row < rowFrom + rows; row++) {
        for (let column = columnFrom; column < columnFrom + columns; column++) {
          const first = cells.get(gridKey(row, column));
          if (first !== undefined) consider(first);
        }
      }
    }
    return best === 0 ? NOTHING_NEARBY : describe(this.#place(best), bestM, count);
  }

  saveHead(): RecordTableHead {
    return this.#records.save();
  }

  /** After the slab's words are in place. */
  loadHead(head: RecordTableHead): void {
    this.#records.load(head);
    this.#index = new HashIndex();
    this.#grid.clear();
    this.#decodedIds.fill(0);
    for (let record = 1; record <= this.#records.top; record++) {
      this.#index.add(this.#slab.halves[this.#records.at(record) * 2 + HASH_HALF] as number, record);
      this.#enterCell(record, this.#place(record));
    }
  }

  #find(id: string): number {
    const hash = hashString(id, ID_SEED);
    const shard = this.#index.shardOf(hash);
    const mask = (shard.length >>> 1) - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const record = shard[2 * slot + 1] as number;
      if (record === 0) return 0;
      if (shard[2 * slot] === hash && this.#place(record).id === id) return record;
    }
  }

  #place(record: number): Place {
    const slot = record % PLACES_DECODED_MAX;
    const known = this.#decodedIds[slot] === record ? this.#decoded[slot] : undefined;
    if (known !== undefined) return known;
    // Written by `put` alone; members that JSON leaves out are there again.
    const saved = JSON.parse(this.#blobs.text(this.#slab.halves[this.#records.at(record) * 2 + BLOB_HALF] as number));
    const place: Place = { ...saved, discount: saved.discount, merchantId: saved.merchantId };
    this.#decodedIds[slot] = record;
    this.#decoded[slot] = place;
    return place;
  }

  #word(record: number, word: number): number {
    return this.#slab.words[this.#records.at(record) + word] as number;
  }

  #next(record: number): number {
    return this.#slab.halves[this.#records.at(record) * 2 + NEXT_HALF] as number;
  }

  #setNext(record: number, next: number): void {
    const half = this.#records.at(record) * 2 + NEXT_HALF;
    this.#slab.touch(half >>> 1);
    this.#slab.halves[half] = next;
  }

  #fits(record: number, params: NearbyParams, issuers: readonly string[]): boolean {
    // A place without a discount gives 0.
    if (params.minDiscount !== undefined && (this.#word(record, DISCOUNT_WORD) || 0) < params.minDiscount) return false;
    if (params.acceptsCard !== true) return true;
    return this.#place(record).acceptsCards.some((accepted) => issuers.includes(accepted));
  }

  #enterCell(record: number, place: Place): void {
    let cells = this.#grid.get(place.category);
    if (cells === undefined) {
      cells = new Map();
      this.#grid.set(place.category, cells);
    }
    const key = cellKey(place);
    this.#setNext(record, cells.get(key) ?? 0);
    cells.set(key, record);
  }

  #leaveCell(record: number, place: Place): void {
    const cells = this.#grid.get(place.category) as Map<number, number>;
    const key = cellKey(place);
    let before = cells.get(key) as number;
    const next = this.#next(record);
    if (before === record) {
      if (next === 0) cells.delete(key);
      else cells.set(key, next);
      return;
    }
    while (this.#next(before) !== record) before = this.#next(before);
    this.#setNext(before, next);
  }
}

function cellKey(place: Place): number {
  return gridKey(Math.floor(place.lat / GRID_DEGREES), Math.floor(place.lon / GRID_DEGREES));
}

/** Columns wrap at the antimeridian. */
function gridKey(row: number, column: number): number {
  return row * LON_CELLS + ((((column + LON_CELLS / 2) % LON_CELLS) + LON_CELLS) % LON_CELLS);
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
