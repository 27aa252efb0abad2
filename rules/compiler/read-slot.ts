/**
 * Readers of slots as closures. Only own members of the facts object are read; a fact that is a function is called, at
 * most once for each set of parameters in an evaluation.
 */
import { WeirError } from '../../core/errors.ts';
import { canonicalText } from '../language/canonical.ts';
import { readPath } from '../language/read-path.ts';
import type { Slot } from './slot-table.ts';

export type Facts = Readonly<Record<string, unknown>>;
export type ReadSlot = (
  facts: Facts,
  values: readonly unknown[],
  slots: readonly unknown[],
  calls: FactCalls,
) => unknown;

/** What function facts returned in one evaluation, and what they are called with beside their parameters. */
export class FactCalls {
  #results: Map<string, unknown> | undefined;
  readonly #almanac: unknown;
  readonly #promises: boolean;

  /** `almanac`: the second argument of function facts. `promises`: whether they may return one. */
  constructor(almanac?: unknown, promises = false) {
    this.#almanac = almanac;
    this.#promises = promises;
  }

  /** Forgets all results. */
  reset(): void {
    this.#results = undefined;
  }

  /** Throws `rule.async_fact` where a promise comes back and none may. */
  call(key: string, method: FactFunction, params: unknown): unknown {
    this.#results ??= new Map();
    if (this.#results.has(key)) return this.#results.get(key);
    const result = method(params, this.#almanac);
    if (!this.#promises && isThenable(result))
      throw new WeirError('rule.async_fact', `a fact is a promise (${key.slice(0, 100)}): use evaluateAsync`);
    this.#results.set(key, result);
    return result;
  }

  /** Sets what a call will give. */
  preset(key: string, result: unknown): void {
    this.#results ??= new Map();
    this.#results.set(key, result);
  }

  /** The same without what the function fact `name` returned. */
  without(name: string): FactCalls {
    const calls = new FactCalls(this.#almanac, this.#promises);
    for (const [key, result] of this.#results ?? [])
      if (!key.startsWith(`${JSON.stringify(name)} `)) calls.preset(key, result);
    return calls;
  }
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

export type FactFunction = (params: unknown, almanac: unknown) => unknown;

/** Equal for calls of the same function fact with the same parameters. */
export function callKey(name: string, params: unknown): string {
  return `${JSON.stringify(name)} ${canonicalText(params)}`;
}

export function createReader(slot: Slot): ReadSlot {
  const { source, path } = slot;
  switch (source.kind) {
    case 'value': {
      const { index } = source;
      return (_facts, values) => readPath(values[index], path);
    }
    case 'ratio': {
      const { of, to } = source;
      return (_facts, _values, slots) => readPath(divide(slots[of], slots[to]), path);
    }
    case 'fact': {
      const { name, params = {} } = source;
      const key = callKey(name, params);
      return (facts, _values, _slots, calls) => {
        if (!Object.hasOwn(facts, name)) return undefined;
        const fact = facts[name];
        return readPath(typeof fact === 'function' ? calls.call(key, fact as FactFunction, params) : fact, path);
      };
    }
  }
}

/** Undefined where an operand is no number or the divisor is 0. */
export function divide(of: unknown, to: unknown): number | undefined {
  return typeof of === 'number' && typeof to === 'number' && to !== 0 ? of / to : undefined;
}
