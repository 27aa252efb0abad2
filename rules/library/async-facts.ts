/** Calls every function fact that the next rules read and waits for it; the evaluation itself is then synchronous. */
import { callKey, type FactFunction, isThenable } from '../compiler/read-slot.ts';
import type { FactRead } from '../language/condition.ts';
import type { LevelRun } from './level-run.ts';

export async function resolveAsyncFacts(reads: readonly FactRead[], run: LevelRun): Promise<void> {
  const pending = new Map<string, unknown>();
  for (const { fact: name, params = {} } of reads) {
    const fact = Object.hasOwn(run.facts, name) ? run.facts[name] : undefined;
    const key = callKey(name, params);
    if (typeof fact === 'function' && !pending.has(key))
      pending.set(key, run.calls.call(key, fact as FactFunction, params));
    else if (isThenable(fact)) run.addFact(name, await fact);
  }
  await Promise.all([...pending].map(async ([key, value]) => run.calls.preset(key, await value)));
}
