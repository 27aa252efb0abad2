/**
 * Which slot is the best to find rows by: the one that leaves the fewest of them to test. The expected number of
 * candidates is taken over the values that the rules themselves name, which is what selective rules are selective for.
 */
import type { Row } from '../compiler/generate-chunk.ts';
import { type AccessKey, accessKeysOf, type EqualityKey, type RangeKey } from './access-keys.ts';

/** A slot's keys of one kind, with the rows that they find. */
export interface Tally<K extends AccessKey> {
  readonly kind: K['kind'];
  readonly slot: number;
  readonly found: { readonly row: Row; readonly key: K }[];
}

/** `rest`: the rows that the key does not find. */
export type KeyChoice = (Tally<EqualityKey> | Tally<RangeKey>) & { readonly rest: readonly Row[] };

/** Below this many rows a lookup costs more than it saves. */
export const INDEXED_ROWS_MIN = 16;
/** A key must leave at most this share of its rows as candidates. */
const CANDIDATE_SHARE_MAX = 0.25;
const SAMPLES_MAX = 32;
const ROWS_PER_SLICE = 128;
/** Keys looked at between two yields, in code that may not be optimised yet. */
const KEYS_PER_SLICE = 2_048;

/** Undefined where no key is worth it. Slots in `used` are not taken again. */
export function* chooseKey(rows: readonly Row[], used: ReadonlySet<number>): Generator<void, KeyChoice | undefined> {
  if (rows.length < INDEXED_ROWS_MIN) return undefined;
  const equalities = new Map<number, Tally<EqualityKey>>();
  const ranges = new Map<number, Tally<RangeKey>>();
  let done = 0;
  for (const row of rows) {
    if (++done % ROWS_PER_SLICE === 0) yield;
    for (const key of accessKeysOf(row.expression)) {
      if (used.has(key.slot)) continue;
      if (key.kind === 'equality') count(equalities, row, key);
      else count(ranges, row, key);
    }
  }
  let best: Tally<EqualityKey> | Tally<RangeKey> | undefined;
  let bestSaved = 0;
  for (const tally of [...equalities.values(), ...ranges.values()]) {
    if (rows.length > ROWS_PER_SLICE) yield;
    const size = tally.found.length;
    if (size < INDEXED_ROWS_MIN) continue;
    const candidates = yield* tally.kind === 'equality' ? expectedInBucket(tally) : expectedStabbed(tally);
    if (candidates > size * CANDIDATE_SHARE_MAX) continue;
    const saved = size - candidates;
    if (saved > bestSaved) {
      best = tally;
      bestSaved = saved;
    }
  }
  if (best === undefined) return undefined;
  return { ...best, rest: yield* withoutFound(rows, best) };
}

function count<K extends AccessKey>(tallies: Map<number, Tally<K>>, row: Row, key: K): void {
  const found = tallies.get(key.slot)?.found;
  if (found === undefined) tallies.set(key.slot, { kind: key.kind, slot: key.slot, found: [{ row, key }] });
  else found.push({ row, key });
}

function* withoutFound(rows: readonly Row[], { found }: Pick<KeyChoice, 'found'>): Generator<void, Row[]> {
  const taken = new Set<Row>();
  const rest: Row[] = [];
  let done = 0;
  for (const { row } of found) {
    taken.add(row);
    if (++done % KEYS_PER_SLICE === 0) yield;
  }
  for (const row of rows) {
    if (!taken.has(row)) rest.push(row);
    if (++done % KEYS_PER_SLICE === 0) yield;
  }
  return rest;
}

/** Mean size of the bucket that an event finds, if values come as often as rules name them. */
function* expectedInBucket({ found }: Tally<EqualityKey>): Generator<void, number> {
  const sizes = new Map<unknown, number>();
  let entries = 0;
  let done = 0;
  for (const { key } of found) {
    if (++done % KEYS_PER_SLICE === 0) yield;
    for (const value of key.values) {
      sizes.set(value, (sizes.get(value) ?? 0) + 1);
      entries++;
    }
  }
  let squares = 0;
  for (const size of sizes.values()) squares += size * size;
  return entries === 0 ? 0 : squares / entries;
}

/** Mean number of intervals that hold a bound of another interval. */
function* expectedStabbed({ found }: Tally<RangeKey>): Generator<void, number> {
  const ranges: RangeKey[] = [];
  const bounds: number[] = [];
  for (const { key } of found) {
    ranges.push(key);
    if (Number.isFinite(key.low)) bounds.push(key.low);
    if (Number.isFinite(key.high)) bounds.push(key.high);
    if (ranges.length % KEYS_PER_SLICE === 0) yield;
  }
  const stride = Math.max(1, Math.floor(bounds.length / SAMPLES_MAX));
  let stabbed = 0;
  let samples = 0;
  for (let i = 0; i < bounds.length; i += stride) {
    const at = bounds[i] as number;
    for (const { low, high } of ranges) if (low <= at && at <= high) stabbed++;
    samples++;
    if (ranges.length * samples >= KEYS_PER_SLICE) yield;
  }
  return samples === 0 ? ranges.length : stabbed / samples;
}
