/**
 * JSON values as the compiler sees them: checked for size, depth and cycles before anything recursive touches them,
 * and written with sorted members so that equal meaning has equal text.
 */

export const JSON_DEPTH_MAX = 64;
export const JSON_NODES_MAX = 100_000;

export interface Unfit {
  readonly pointer: string;
  readonly message: string;
}

/** What makes a value unfit as JSON, with a pointer to it; `undefined` where nothing does. */
export function findUnfitJson(value: unknown): Unfit | undefined {
  try {
    return new JsonInspector().inspect(value, 0);
  } catch {
    // A proxy or an object that refuses to be looked at.
    return { pointer: '', message: 'the value cannot be read' };
  }
}

class JsonInspector {
  #nodes = 0;
  readonly #open = new Set<object>();

  inspect(value: unknown, depth: number): Unfit | undefined {
    if (++this.#nodes > JSON_NODES_MAX) return unfit(`more than ${JSON_NODES_MAX} values`);
    if (value === null || value === undefined) return undefined;
    if (typeof value === 'string' || typeof value === 'boolean') return undefined;
    if (typeof value === 'number') return Number.isFinite(value) ? undefined : unfit('a number must be finite');
    if (typeof value !== 'object') return unfit(`a ${typeof value} is no JSON value`);
    if (depth >= JSON_DEPTH_MAX) return unfit(`nested deeper than ${JSON_DEPTH_MAX}`);
    if (this.#open.has(value)) return unfit('the value contains itself');
    const prototype = Object.getPrototypeOf(value);
    if (!Array.isArray(value) && prototype !== null && Object.getPrototypeOf(prototype) !== null)
      return unfit('an instance of a class is no JSON value');
    this.#open.add(value);
    for (const name of Object.keys(value)) {
      const member = Object.getOwnPropertyDescriptor(value, name);
      const found =
        member === undefined || 'value' in member
          ? this.inspect(member?.value, depth + 1)
          : unfit('a getter is no JSON value');
      // The pointer is put together on the way out: nearly every value is fit and needs none.
      if (found !== undefined) return { pointer: `/${escapePointer(name)}${found.pointer}`, message: found.message };
    }
    this.#open.delete(value);
    return undefined;
  }
}

function unfit(message: string): Unfit {
  return { pointer: '', message };
}

/** One text per meaning: members sorted, absent ones left out. Only for values that `findUnfitJson` let pass. */
export function canonicalText(value: unknown): string {
  if (value === undefined) return 'undefined';
  if (value === null || typeof value !== 'object') return Object.is(value, -0) ? '-0' : JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(',')}]`;
  const record = value as Record<string, unknown>;
  const members = Object.keys(record)
    .filter((name) => record[name] !== undefined)
    .sort()
    .map((name) => `${JSON.stringify(name)}:${canonicalText(record[name])}`);
  return `{${members.join(',')}}`;
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** One token of an RFC 6901 pointer. */
export function escapePointer(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}
