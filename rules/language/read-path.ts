/**
 * Reads a parsed path from a fact. A path applies to objects only: of a scalar fact it is the fact itself, as in
 * json-rules-engine. No path reaches a member of a built-in prototype.
 */
import { isPlainName, readMember } from './member-names.ts';
import type { JsonPath, PathStep } from './path.ts';

const DESCENT_DEPTH_MAX = 64;
const RESULTS_MAX = 10_000;

export function readPath(fact: unknown, path: JsonPath | undefined): unknown {
  if (path === undefined || fact === null || typeof fact !== 'object') return fact;
  if (path.resolve !== undefined) return path.resolve(fact, path.text);
  if (path.names !== undefined) return readNames(fact, path.names);
  const found: Found[] = [];
  walk(fact, path.steps, 0, false, found, 0);
  const [first] = found;
  if (first === undefined || (found.length === 1 && !first.many)) return first?.value;
  return found.map(({ value }) => value);
}

/** A value and whether a step that may select several led to it: a single value is given bare only without one. */
interface Found {
  readonly value: unknown;
  readonly many: boolean;
}

function readNames(fact: unknown, names: readonly string[]): unknown {
  let value: unknown = fact;
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as string;
    value = readMember(value, name, isPlainName(name));
    if (value === undefined) return undefined;
  }
  return value;
}

function walk(
  value: unknown,
  steps: readonly PathStep[],
  at: number,
  many: boolean,
  found: Found[],
  depth: number,
): void {
  if (found.length >= RESULTS_MAX || depth > DESCENT_DEPTH_MAX) return;
  const step = steps[at];
  if (step === undefined) {
    found.push({ value, many });
  } else if (step.kind === 'descend') {
    walk(value, steps, at + 1, many, found, depth + 1);
    for (const child of children(value)) if (typeof child === 'object') walk(child, steps, at, true, found, depth + 1);
  } else {
    for (const child of select(value, step)) walk(child, steps, at + 1, many || step.kind !== 'name', found, depth + 1);
  }
}

function select(value: unknown, step: PathStep): unknown[] {
  switch (step.kind) {
    case 'name':
      return own(value, step.name);
    case 'union':
      return step.names.flatMap((name) => own(value, name));
    case 'wild':
      return children(value);
    case 'slice': {
      if (!Array.isArray(value)) return [];
      const length = value.length;
      const start = step.start ?? 0;
      const end = step.end ?? length;
      const from = start < 0 ? Math.max(0, start + length) : Math.min(length, start);
      const to = end < 0 ? Math.max(0, end + length) : Math.min(length, end);
      const picked: unknown[] = [];
      for (let i = from; i < to; i += step.step) picked.push(...own(value, String(i)));
      return picked;
    }
    case 'descend':
      return [];
  }
}

function own(value: unknown, name: string): unknown[] {
  return value && Object.hasOwn(value, name) ? [(value as Record<string, unknown>)[name]] : [];
}

function children(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  return value !== null && typeof value === 'object' ? Object.values(value) : [];
}
