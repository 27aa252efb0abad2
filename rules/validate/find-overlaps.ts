/**
 * Rules that say what another rule says already: duplicates, and rules shadowed by one that fires whenever they do and
 * asks for at least as much. Scores add up, so a rule that only scores is never shadowed.
 */
import type { CompiledRule } from '../compiler/compile-documents.ts';
import type { Expression } from '../compiler/expression.ts';
import { kindOf } from '../compiler/leaf-kind.ts';
import { canonicalText } from '../language/canonical.ts';
import type { RuleDocument } from '../rule-document.ts';
import type { LintProblem } from './check-values.ts';
import { ANYTHING, type Domain, implies, narrow } from './domain.ts';

/** Pairs are compared one by one; beyond this many rules only duplicates are looked for. */
const SHADOW_RULES_MAX = 3_000;

interface Facet {
  readonly rule: CompiledRule;
  /** Conditions that are no plain comparisons, by identity. */
  readonly others: ReadonlySet<number>;
  readonly domains: ReadonlyMap<number, Domain>;
}

/** `pointerOf`: where a rule stands among the documents. */
export function findOverlaps(rules: readonly CompiledRule[]): LintProblem[] {
  const problems: LintProblem[] = [];
  const duplicates = new Set<number>();
  const seen = new Map<string, CompiledRule>();
  for (const rule of rules) {
    const { on, event } = rule.document;
    const key = `${rule.expression.id} ${[...on].sort().join()} ${canonicalText(event)}`;
    const other = seen.get(key);
    if (other === undefined) seen.set(key, rule);
    else {
      duplicates.add(rule.index);
      const message = `rule "${other.document.id}" has the same conditions and the same event`;
      problems.push({ severity: 'warning', code: 'rule.duplicate', pointer: `/${rule.index}`, message });
    }
  }
  if (rules.length > SHADOW_RULES_MAX) return problems;
  const facets = rules
    .filter(({ index, expression }) => !duplicates.has(index) && expression.kind !== 'constant')
    .map(facetOf);
  for (const facet of facets) {
    const shadow = facets.find((other) => other !== facet && shadows(other, facet));
    if (shadow === undefined) continue;
    const message = `whenever this fires, rule "${shadow.rule.document.id}" fires too and asks for as much`;
    problems.push({ severity: 'warning', code: 'rule.shadowed', pointer: `/${facet.rule.index}`, message });
  }
  return problems;
}

function facetOf(rule: CompiledRule): Facet {
  const { expression } = rule;
  const others = new Set<number>();
  const domains = new Map<number, Domain>();
  for (const part of expression.kind === 'all' ? expression.children : [expression]) {
    const leaf = plainLeaf(part);
    if (leaf === undefined) others.add(part.id);
    else domains.set(leaf.slot, narrow(domains.get(leaf.slot) ?? ANYTHING, kindOf(leaf), true));
  }
  return { rule, others, domains };
}

function plainLeaf(part: Expression) {
  return part.kind === 'leaf' && kindOf(part).kind !== 'test' ? part : undefined;
}

/** Whether `wide` fires whenever `narrower` does, and leaves it nothing to say. */
function shadows(wide: Facet, narrower: Facet): boolean {
  if (!outranks(wide.rule.document, narrower.rule.document)) return false;
  for (const id of wide.others) if (!narrower.others.has(id)) return false;
  for (const [slot, domain] of wide.domains) {
    const known = narrower.domains.get(slot);
    if (known === undefined || !implies(known, domain)) return false;
  }
  return true;
}

function outranks(wide: RuleDocument, narrower: RuleDocument): boolean {
  if (!narrower.on.every((type) => wide.on.includes(type))) return false;
  if (wide.event.type === 'offer')
    return narrower.event.type === 'offer' && wide.event.params.campaignId === narrower.event.params.campaignId;
  if (narrower.event.type !== 'fraud') return false;
  const [mine, other] = [wide.event.params, narrower.event.params];
  return mine.action !== 'score' && mine.action === other.action && mine.score >= other.score;
}
