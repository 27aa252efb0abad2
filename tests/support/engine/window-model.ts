/**
 * The windows of `rules/requirement.ts` by brute force: a list of all events and a filter over it per question. Slow and
 * obvious, and written from the definition alone, so that the engine has something to be compared with.
 */
import type { EventOf, WeirEvent } from '../../../core/events/event.ts';
import type {
  NamedKey,
  RecencyParams,
  Scalar,
  WhereClause,
  WindowKey,
  WindowParams,
} from '../../../rules/requirement.ts';
import type { RequirementBody } from './engine.ts';

/** Those with names; what stands at a path is read from the event when it is asked for. */
type Keys = Partial<Record<NamedKey, string>>;

interface Stored {
  readonly event: WeirEvent;
  readonly keys: Keys;
  readonly late: boolean;
}

export interface WindowModel {
  /** What each requirement is worth at `event`, which is then part of the past. */
  expect(event: WeirEvent): unknown[];
}

export function createWindowModel(requirements: readonly RequirementBody[], latenessMs: number): WindowModel {
  const past: Stored[] = [];
  return {
    expect(event) {
      const newestMs = Math.max(
        ...past
          .filter((one) => one.event.type === event.type && one.keys.customer === event.subject)
          .map((one) => one.event.timeMs),
      );
      const keys = keysOf(event, past);
      past.push({ event, keys, late: event.timeMs < newestMs - latenessMs });
      return requirements.map((requirement) => {
        if (requirement.kind === 'window') return windowValue(requirement.params, event, keys, past, latenessMs);
        if (requirement.kind === 'recency') return recencyValue(requirement.params, event, keys, past, latenessMs);
        return undefined;
      });
    },
  };
}

function windowValue(
  params: WindowParams,
  event: WeirEvent,
  keys: Keys,
  past: readonly Stored[],
  latenessMs: number,
): number | undefined {
  const at = (params.at ?? params.over).map((key) => keyOf(key, keys, event));
  if (at.includes(undefined)) return undefined;
  const end = event.timeMs - params.offsetMs;
  const inside = seriesAt(params, at, past, latenessMs).filter(
    (one) => one.event.timeMs > end - params.lastMs && one.event.timeMs <= end,
  );
  const values = inside.map((one) => valueIn(params, one.event));
  const numbers = values as number[];
  // The sort is stable: of events at the same time the one first in the log stays first.
  const byTime = [...inside]
    .sort((a, b) => a.event.timeMs - b.event.timeMs)
    .map((one) => valueIn(params, one.event)) as number[];
  switch (params.aggregate) {
    case 'count':
      return values.length;
    case 'sum':
      return numbers.reduce((sum, value) => sum + value, 0);
    case 'avg':
      return values.length === 0 ? undefined : numbers.reduce((sum, value) => sum + value, 0) / values.length;
    case 'min':
      return values.length === 0 ? undefined : Math.min(...numbers);
    case 'max':
      return values.length === 0 ? undefined : Math.max(...numbers);
    case 'distinct':
      return new Set(values).size;
    case 'rate':
      return (
        (params.of === undefined ? values.length : numbers.reduce((sum, value) => sum + value, 0)) /
        (params.lastMs / 1_000)
      );
    case 'first':
      return byTime[0];
    case 'last':
      return byTime.at(-1);
    case 'stddev':
      return stddev(numbers);
    case 'percentile':
      return [...numbers].sort((a, b) => a - b)[Math.ceil(((params.p ?? 0) / 100) * numbers.length) - 1];
  }
}

function stddev(numbers: readonly number[]): number | undefined {
  if (numbers.length < 2) return undefined;
  const mean = numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
  const squares = numbers.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return Math.sqrt(squares / (numbers.length - 1));
}

function recencyValue(
  params: RecencyParams,
  event: WeirEvent,
  keys: Keys,
  past: readonly Stored[],
  latenessMs: number,
): number | undefined {
  const at = params.over.map((key) => keyOf(key, keys, event));
  if (at.includes(undefined)) return undefined;
  const before = seriesAt(params, at, past, latenessMs)
    .filter((one) => one.event !== event && one.event.timeMs <= event.timeMs)
    .map((one) => one.event.timeMs);
  return before.length === 0 ? undefined : (event.timeMs - Math.max(...before)) / 1_000;
}

/** The events of one key that count, in the order of the log: what came too late for the key does not. */
function seriesAt(
  params: RecencyParams & Partial<WindowParams>,
  at: readonly (Scalar | undefined)[],
  past: readonly Stored[],
  latenessMs: number,
): Stored[] {
  let newestMs = Number.NEGATIVE_INFINITY;
  return past.filter((one) => {
    if (one.late || one.event.type !== params.type) return false;
    const keys = params.over.map((key) => keyOf(key, one.keys, one.event));
    if (!keys.every((key, i) => key !== undefined && key === at[i])) return false;
    if (!Object.entries(params.where).every(([path, clause]) => holds(read(one.event, path), clause))) return false;
    if (params.of !== undefined && valueIn(params, one.event) === undefined) return false;
    if (one.event.timeMs < newestMs - latenessMs) return false;
    newestMs = Math.max(newestMs, one.event.timeMs);
    return true;
  });
}

/** An empty text is no key, nor is a long one. */
function keyOf(key: WindowKey, keys: Keys, event: WeirEvent): Scalar | undefined {
  if (!key.startsWith('$')) return keys[key as NamedKey];
  const value = read(event, key.slice(2));
  if (typeof value === 'string') return value.length > 0 && value.length <= 256 ? value : undefined;
  return typeof value === 'number' || typeof value === 'boolean' ? value : undefined;
}

function valueIn(params: Partial<WindowParams>, event: WeirEvent): unknown {
  if (params.of === undefined) return 0;
  const value = read(event, params.of.slice(2));
  return params.aggregate === 'distinct' || typeof value === 'number' ? value : undefined;
}

function read(event: WeirEvent, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((value, name) => (value as Record<string, unknown> | undefined)?.[name], event.data);
}

function holds(value: unknown, clause: WhereClause): boolean {
  if (Array.isArray(clause)) return clause.includes(value as Scalar);
  if (typeof clause !== 'object') return value === clause;
  const { gt, gte, lt, lte, not } = clause as Exclude<WhereClause, Scalar | readonly Scalar[]>;
  const number = value as number;
  if (gt !== undefined && !(number > gt)) return false;
  if (gte !== undefined && !(number >= gte)) return false;
  if (lt !== undefined && !(number < lt)) return false;
  if (lte !== undefined && !(number <= lte)) return false;
  return not === undefined || value !== not;
}

function keysOf(event: WeirEvent, past: readonly Stored[]): Keys {
  if (event.type === 'label') {
    const labelled = past.find(
      (one) =>
        one.event.type === 'transaction' &&
        one.event.id === event.data.transactionId &&
        one.keys.customer === event.subject,
    );
    return labelled === undefined ? { customer: event.subject } : labelled.keys;
  }
  if (event.type !== 'transaction') return { customer: event.subject };
  const { data }: EventOf<'transaction'> = event;
  const all = {
    customer: event.subject,
    card: data.instrument?.token,
    device: data.device?.id,
    merchant: data.merchant?.id,
    ip: data.device?.ip,
    counterparty: data.counterparty,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}
