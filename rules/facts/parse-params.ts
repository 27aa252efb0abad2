/**
 * Parameters of the parametrised facts, from the short form that people write (`"last": "10m"`, `"over": "customer+device"`)
 * to the exact form that the engine gets. Every problem is reported with its pointer; nothing is guessed.
 */
import { parseDurationMs } from '../../core/clock.ts';
import { escapePointer, isRecord } from '../language/canonical.ts';
import { parsePath } from '../language/path.ts';
import {
  type NamedKey,
  type NearbyParams,
  type RecencyParams,
  type Scalar,
  type WhereClause,
  WINDOW_AGGREGATES,
  WINDOW_KEYS,
  type WindowKey,
  type WindowParams,
} from '../requirement.ts';

export type ReportProblem = (pointer: string, message: string) => undefined;

export type Params = Readonly<Record<string, unknown>>;
const EVENT_KINDS = ['transaction', 'location', 'label'] as const;
const WHERE_PATHS_MAX = 16;
const KEYS_MAX = 3;
const WINDOW_MEMBERS = ['aggregate', 'of', 'p', 'over', 'at', 'last', 'offset', 'type', 'where'];
/** Aggregates that count events where no path is named. */
const WITHOUT_PATH: ReadonlySet<unknown> = new Set(['count', 'rate']);
const BOUND_NAMES = ['gt', 'gte', 'lt', 'lte'] as const;

export function parseWindow(params: Params, report: ReportProblem): WindowParams | undefined {
  const sound = onlyMembers(params, WINDOW_MEMBERS, report);
  const aggregate = WINDOW_AGGREGATES.find((known) => known === params.aggregate);
  if (aggregate === undefined) report('/aggregate', `aggregate is one of ${WINDOW_AGGREGATES.join(', ')}`);
  const of = params.of === undefined ? undefined : dataPath(params.of, '/of', report);
  if (aggregate === 'count' && params.of !== undefined) report('/of', 'count takes no "of"');
  if (aggregate !== undefined && !WITHOUT_PATH.has(aggregate) && params.of === undefined)
    report('', `${aggregate} needs "of", a path into the event's data`);
  const p = aggregate === 'percentile' ? percentileOf(params.p, report) : undefined;
  if (aggregate !== 'percentile' && params.p !== undefined) return report('/p', 'only percentile takes "p"');
  const over = windowKeys(params.over, '/over', report);
  const at = params.at === undefined ? undefined : windowKeys(params.at, '/at', report);
  if (at !== undefined && over !== undefined && at.length !== over.length)
    report('/at', '"at" names as many keys as "over"');
  const lastMs = duration(params.last, '/last', report);
  const offsetMs = params.offset === undefined ? 0 : duration(params.offset, '/offset', report);
  if (lastMs === 0) report('/last', 'a window lasts longer than nothing');
  const type = eventKind(params.type, report);
  const where = whereClauses(params.where, report);
  if (!sound || aggregate === undefined || over === undefined || lastMs === undefined || lastMs === 0) return undefined;
  if (offsetMs === undefined || type === undefined || where === undefined) return undefined;
  if (aggregate === 'percentile' && p === undefined) return undefined;
  const isPathSound = of === undefined ? WITHOUT_PATH.has(aggregate) && params.of === undefined : aggregate !== 'count';
  if (!isPathSound || (params.at !== undefined && at?.length !== over.length)) return undefined;
  return {
    aggregate,
    ...(of && { of }),
    ...(p !== undefined && { p }),
    over,
    ...(at && { at }),
    lastMs,
    offsetMs,
    type,
    where,
  };
}

function percentileOf(value: unknown, report: ReportProblem): number | undefined {
  return typeof value === 'number' && value > 0 && value <= 100
    ? value
    : report('/p', 'percentile needs "p", a number above 0 and at most 100');
}

export function parseRecency(params: Params, report: ReportProblem): RecencyParams | undefined {
  const sound = onlyMembers(params, ['over', 'type', 'where'], report);
  const over = windowKeys(params.over, '/over', report);
  const type = eventKind(params.type, report);
  const where = whereClauses(params.where, report);
  return sound && over && type && where ? { over, type, where } : undefined;
}

export function parseNearby(params: Params, report: ReportProblem): NearbyParams | undefined {
  const sound = onlyMembers(params, ['category', 'radiusM', 'acceptsCard', 'minDiscount'], report);
  const { category, radiusM, acceptsCard, minDiscount } = params;
  if (typeof category !== 'string' || category === '') return report('/category', 'category is the name of one');
  if (typeof radiusM !== 'number' || !(radiusM > 0) || radiusM > 100_000)
    return report('/radiusM', 'radiusM is a number of metres above 0, at most 100000');
  if (acceptsCard !== undefined && typeof acceptsCard !== 'boolean')
    return report('/acceptsCard', 'acceptsCard is true or false');
  if (minDiscount !== undefined && (typeof minDiscount !== 'number' || minDiscount < 0 || minDiscount > 100))
    return report('/minDiscount', 'minDiscount is a number of per cent');
  if (!sound) return undefined;
  return {
    category,
    radiusM,
    ...(acceptsCard !== undefined && { acceptsCard }),
    ...(minDiscount !== undefined && { minDiscount }),
  };
}

export function parseList(params: Params, report: ReportProblem): { list: string; path: string } | undefined {
  const sound = onlyMembers(params, ['name', 'path'], report);
  const { name } = params;
  if (typeof name !== 'string' || !/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(name))
    return report('/name', 'name is the name of a list: letters, digits, dots, dashes');
  const path = dataPath(params.path, '/path', report);
  return sound && path !== undefined ? { list: name, path } : undefined;
}

export function onlyMembers(params: Params, known: readonly string[], report: ReportProblem): boolean {
  const unknown = Object.keys(params).filter((name) => !known.includes(name));
  for (const name of unknown)
    report(`/${escapePointer(name)}`, `unknown; the members are ${known.join(', ') || 'none'}`);
  return unknown.length === 0;
}

/** A path of plain names: the engine reads it from the event's data without a path library. */
function dataPath(value: unknown, pointer: string, report: ReportProblem): string | undefined {
  if (typeof value !== 'string') return report(pointer, 'a path such as $.amount');
  const path = parsePath(value);
  if (typeof path === 'string') return report(pointer, path);
  if (path.names === undefined || path.names.length === 0 || !path.names.every((name) => /^[\w-]{1,128}$/.test(name)))
    return report(pointer, 'a path of plain names such as $.merchant.id');
  return `$.${path.names.join('.')}`;
}

/** Keys of a window: named ones, and paths of the event's data. */
function windowKeys(value: unknown, pointer: string, report: ReportProblem): WindowKey[] | undefined {
  const known = `${WINDOW_KEYS.join(', ')} or a path such as $.merchant.city`;
  return distinctKeys(value, pointer, known, report, (part) => {
    if (typeof part !== 'string' || !part.startsWith('$')) return namedKey(part);
    return dataPath(part, pointer, report) as WindowKey | undefined;
  });
}

/** Keys that have names. */
export function namedKeys(value: unknown, pointer: string, report: ReportProblem): NamedKey[] | undefined {
  return distinctKeys(value, pointer, WINDOW_KEYS.join(', '), report, namedKey);
}

function namedKey(part: unknown): NamedKey | undefined {
  return WINDOW_KEYS.find((known) => known === part);
}

function distinctKeys<K extends string>(
  value: unknown,
  pointer: string,
  known: string,
  report: ReportProblem,
  parse: (part: unknown) => K | undefined,
): K[] | undefined {
  const parts = typeof value === 'string' ? value.split('+') : Array.isArray(value) ? value : undefined;
  if (parts === undefined || parts.length === 0 || parts.length > KEYS_MAX)
    return report(pointer, `one to ${KEYS_MAX} keys joined by +, of ${known}`);
  const found: K[] = [];
  for (const part of parts) {
    const key = parse(part);
    if (key === undefined) return report(pointer, `${JSON.stringify(part)} is none of ${known}`);
    if (found.includes(key)) return report(pointer, `"${key}" is named twice`);
    found.push(key);
  }
  return found;
}

export function duration(value: unknown, pointer: string, report: ReportProblem): number | undefined {
  const ms = typeof value === 'string' ? parseDurationMs(value) : undefined;
  return ms ?? report(pointer, 'a duration such as 30s, 10m, 24h or 7d');
}

export function eventKind(value: unknown, report: ReportProblem): (typeof EVENT_KINDS)[number] | undefined {
  if (value === undefined) return 'transaction';
  return EVENT_KINDS.find((known) => known === value) ?? report('/type', `type is one of ${EVENT_KINDS.join(', ')}`);
}

export function whereClauses(value: unknown, report: ReportProblem): Record<string, WhereClause> | undefined {
  if (value === undefined) return {};
  if (!isRecord(value)) return report('/where', 'where is an object of paths and wanted values');
  const names = Object.keys(value);
  if (names.length > WHERE_PATHS_MAX) return report('/where', `where holds at most ${WHERE_PATHS_MAX} paths`);
  const where: [string, WhereClause][] = [];
  for (const name of names.sort()) {
    const pointer = `/where/${escapePointer(name)}`;
    const path = dataPath(name.startsWith('$') ? name : `$.${name}`, pointer, report);
    const clause = whereClause(value[name], pointer, report);
    if (path === undefined || clause === undefined) return undefined;
    where.push([path.slice(2), clause]);
  }
  return Object.fromEntries(where);
}

function whereClause(value: unknown, pointer: string, report: ReportProblem): WhereClause | undefined {
  if (isScalar(value)) return value;
  if (Array.isArray(value))
    return value.length > 0 && value.every(isScalar)
      ? value
      : report(pointer, 'a list of strings, numbers or booleans');
  if (!isRecord(value) || Object.keys(value).length === 0)
    return report(pointer, 'a value, a list of values, or bounds (gt, gte, lt, lte, not)');
  for (const [name, bound] of Object.entries(value)) {
    const known = BOUND_NAMES.some((one) => one === name);
    if (!known && name !== 'not')
      return report(`${pointer}/${escapePointer(name)}`, 'bounds are gt, gte, lt, lte and not');
    if (known && typeof bound !== 'number') return report(`${pointer}/${name}`, 'a bound is a number');
    if (!known && !isScalar(bound)) return report(`${pointer}/not`, 'not takes one value');
  }
  return value as WhereClause;
}

function isScalar(value: unknown): value is Scalar {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}
