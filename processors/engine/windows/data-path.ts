/** Reads a path of plain names (`$.merchant.id` or `merchant.id`) from an event's data; only own members are read. */

export type ReadData = (data: object) => unknown;

export function compileDataPath(path: string): ReadData {
  const names = path.replace(/^\$\.?/, '').split('.');
  const [first, second, third] = names;
  if (first === undefined || first === '') return (data) => data;
  if (second === undefined) return (data) => own(data, first);
  if (third === undefined) return (data) => own(own(data, first), second);
  return (data) => names.reduce<unknown>((value, name) => own(value, name), data);
}

function own(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[name];
}
