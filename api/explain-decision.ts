/**
 * Expands the trace of a stored decision to the full explanation, with the very rule set that decided. Compiled rule
 * sets are kept, a bounded number of them, since people look at neighbouring decisions.
 */
import { WeirError } from '../core/errors.ts';
import type { WeirEvent } from '../core/events/event.ts';
import { eventFacts } from '../core/events/event-facts.ts';
import { compileRuleSet } from '../rules/compile-rule-set.ts';
import type { RuleExplanation, RuleSet } from '../rules/ruleset.ts';
import { createLruCache } from './lru-cache.ts';

/** Compiled rule sets in memory. */
const RULESETS_CACHED_MAX = 8;

export interface DecisionExplainer {
  /** Throws `rule.not_found` where the rule set of that version is no longer stored. */
  explain(rulesetVersion: number, event: WeirEvent, trace: Uint8Array): Promise<readonly RuleExplanation[]>;
}

/** `loadDocuments` gives the documents of a rule set, `undefined` where there is none of that version. */
export function createDecisionExplainer(
  loadDocuments: (version: number) => Promise<readonly unknown[] | undefined>,
): DecisionExplainer {
  const rulesets = createLruCache<number, Promise<RuleSet>>(RULESETS_CACHED_MAX);

  async function load(version: number): Promise<RuleSet> {
    const documents = await loadDocuments(version);
    if (documents === undefined) {
      throw new WeirError('rule.not_found', `the rule set ${version} is not stored`);
    }
    return compileRuleSet(version, documents);
  }

  function ruleset(version: number): Promise<RuleSet> {
    const cached = rulesets.get(version);
    if (cached !== undefined) return cached;
    const loading = load(version);
    rulesets.set(version, loading);
    // A failure is not remembered: the store may have been away, or the sink not there yet.
    loading.catch(() => rulesets.delete(version));
    return loading;
  }

  return {
    async explain(version, event, trace) {
      const rules = await ruleset(version);
      return rules.explain(rules.expandTrace(trace, event.type, eventFacts(event)));
    },
  };
}
