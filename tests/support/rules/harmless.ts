/** What a hostile rule must not do: fail without a code, run anything, touch a prototype. */
import { expect } from 'vitest';
import { WeirError } from '../../../core/errors.ts';
import type { Json } from './rule-sets.ts';

export function harmless(call: () => unknown): void {
  try {
    call();
  } catch (error) {
    expect(error).toBeInstanceOf(WeirError);
  }
  expect((globalThis as Json).pwned).toBeUndefined();
  expect(({} as Json).polluted).toBeUndefined();
  expect(Object.keys(Object.prototype)).toEqual([]);
}
