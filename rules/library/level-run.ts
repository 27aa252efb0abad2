/**
 * What one evaluation of the library carries from one priority to the next: the facts so far, whether a handler said
 * stop, and the almanac that handlers and function facts see. Every evaluation has its own, so overlapping ones are safe.
 */
import { WeirError } from '../../core/errors.ts';
import { callKey, FactCalls, type FactFunction, type Facts } from '../compiler/read-slot.ts';
import { parsePath } from '../language/path.ts';
import { readPath } from '../language/read-path.ts';
import { type Level, RuleResult, type SlotContext } from './evaluation.ts';
import type { Almanac, EventHandler, Handler, LibraryOptions } from './options.ts';

export class LevelRun implements Almanac {
  stopped = false;
  facts: Facts;
  /** Results of function facts; those of earlier levels hold. */
  calls: FactCalls;
  readonly #options: LibraryOptions;
  readonly #async: boolean;

  constructor(facts: Facts, options: LibraryOptions, async: boolean) {
    this.#options = options;
    this.#async = async;
    this.facts = options.facts === undefined ? facts : merge(options.facts, facts);
    this.calls = new FactCalls(this, async);
  }

  factValue(name: string, params: Readonly<Record<string, unknown>> = {}, path?: string): unknown {
    const value = Object.hasOwn(this.facts, name) ? this.#valueOf(name, params) : this.#missing(name);
    return this.#async ? Promise.resolve(value).then((fact) => this.#read(fact, path)) : this.#read(value, path);
  }

  addFact(name: string, value: unknown): void {
    // A new object: what earlier levels saw stays as it was.
    this.facts = merge(this.facts, Object.fromEntries([[name, value]]));
    this.calls = this.calls.without(name);
  }

  addRuntimeFact(name: string, value: unknown): void {
    this.addFact(name, value);
  }

  stop(): void {
    this.stopped = true;
  }

  /** Calls the handlers of every rule of the level, in its order. */
  notify(level: Level, context: SlotContext): void {
    for (const call of this.#handlerCalls(level, context)) call();
  }

  async notifyAsync(level: Level, context: SlotContext): Promise<void> {
    for (const call of this.#handlerCalls(level, context)) await call();
  }

  *#handlerCalls(level: Level, context: SlotContext): Generator<() => unknown> {
    const { onSuccess, onFailure, on } = this.#options;
    const any = onSuccess ?? onFailure ?? on;
    const fired = new Set(level.fired);
    for (let i = 0; i < level.rules.length; i++) {
      const rule = level.rules[i];
      if (rule === undefined || (any ?? rule.onSuccess ?? rule.onFailure) === undefined) continue;
      const succeeded = fired.has(i);
      const result = new RuleResult(rule, level, succeeded, context);
      const { event } = result;
      const own = succeeded ? rule.onSuccess : rule.onFailure;
      const engine = succeeded ? onSuccess : onFailure;
      for (const handler of [own, engine] as (Handler | undefined)[])
        if (handler !== undefined) yield () => handler(event, this, result);
      const typed: EventHandler | undefined =
        succeeded && on !== undefined && Object.hasOwn(on, event.type) ? on[event.type] : undefined;
      if (typed !== undefined) yield () => typed(event.params, this, result);
    }
  }

  #valueOf(name: string, params: unknown): unknown {
    const fact = this.facts[name];
    return typeof fact === 'function' ? this.calls.call(callKey(name, params), fact as FactFunction, params) : fact;
  }

  #missing(name: string): undefined {
    if (this.#options.allowUndefinedFacts === true) return undefined;
    throw new WeirError('rule.undefined_fact', `the fact "${name}" is missing`);
  }

  #read(fact: unknown, path: string | undefined): unknown {
    if (path === undefined || path === '' || fact === null || typeof fact !== 'object') return fact;
    if (this.#options.pathResolver !== undefined) return this.#options.pathResolver(fact, path);
    const parsed = parsePath(path);
    if (typeof parsed === 'string') throw new WeirError('rule.bad_path', `"${path}": ${parsed}`);
    return readPath(fact, parsed);
  }
}

/** Own members of both, those of `over` first in line. */
function merge(base: Facts, over: Facts): Facts {
  return Object.fromEntries([...Object.entries(base), ...Object.entries(over)]);
}
