/**
 * A class's accessors as members of each of its objects: for `Object.defineProperties` in its constructor, so that whoever looks
 * for own members finds them. The functions must be the same for all objects: V8 keeps an object literal with accessors as a
 * dictionary, where a read costs a lookup by hash (15 ns) instead of being compiled in (1 ns).
 */
export function accessorsOf(prototype: object): PropertyDescriptorMap {
  const { constructor: _, ...accessors } = Object.getOwnPropertyDescriptors(prototype) as PropertyDescriptorMap;
  for (const accessor of Object.values(accessors)) accessor.enumerable = true;
  return accessors;
}
