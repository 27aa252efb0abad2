/**
 * Which member names may be read as they stand. A name that a built-in prototype has (`constructor`, `__proto__`,
 * `length` …) is read only where the value itself owns it; any other name cannot reach a prototype of the language.
 */
const SHADOWED: ReadonlySet<string> = new Set(
  [Object.prototype, Array.prototype, String.prototype, Number.prototype, Boolean.prototype].flatMap((prototype) =>
    Object.getOwnPropertyNames(prototype),
  ),
);

/** Whether reading `name` of anything gives its own member, an accessor of its class, or undefined. */
export function isPlainName(name: string): boolean {
  return !SHADOWED.has(name) && !/^\d/.test(name);
}

/** `value[name]` by the rule above; undefined of anything that holds no members. */
export function readMember(value: unknown, name: string, plain: boolean): unknown {
  // The empty string too: jsonpath-plus looks into nothing falsy.
  if (!value) return undefined;
  if (!plain && !Object.hasOwn(value, name)) return undefined;
  return (value as Record<string, unknown>)[name];
}
