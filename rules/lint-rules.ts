/**
 * Everything that can be said of rules before they go live: what keeps them from it (errors), what is likely a mistake
 * (warnings), and what each costs. Behind `weir rules lint`, the editor, and the approval of a rule.
 */
import { DEFAULT_ENGINE_SETTINGS } from '../core/codec/entry.ts';
import { type CompiledDocuments, type CompiledRule, compileDocuments } from './compiler/compile-documents.ts';
import { drain } from './compiler/evaluator.ts';
import { kindOf } from './compiler/leaf-kind.ts';
import { type LeafCondition, leavesOf } from './language/condition.ts';
import { checkTrigger } from './validate/check-trigger.ts';
import { checkValues, isWhole, type LintProblem } from './validate/check-values.ts';
import { COSTLY_NS, estimateCostNs, requirementsOf } from './validate/estimate-cost.ts';
import { findImpossible, type LeafView } from './validate/find-impossible.ts';
import { findOverlaps } from './validate/find-overlaps.ts';

export type { LintProblem } from './validate/check-values.ts';

export interface LintOptions {
  /** How long events stay in state; a window may not reach back further. */
  readonly historyMs?: number;
}

export interface LintReport {
  /** Whether nothing keeps the rules from going live. */
  readonly ok: boolean;
  /** Pointers lead into the list of documents. */
  readonly problems: readonly LintProblem[];
  /** Nanoseconds an event, at most, by rule id. */
  readonly costNs: Readonly<Record<string, number>>;
}

export function lintRules(documents: readonly unknown[], options: LintOptions = {}): LintReport {
  const compiled = drain(compileDocuments(documents));
  const problems: LintProblem[] = compiled.problems.map((problem) => ({ ...problem, severity: 'error' as const }));
  const costs: [string, number][] = [];
  for (const rule of compiled.rules) {
    const costNs = estimateCostNs(rule, compiled);
    costs.push([rule.document.id, costNs]);
    for (const problem of lintRule(rule, compiled, options, costNs))
      problems.push({ ...problem, pointer: `/${rule.index}${problem.pointer}` });
  }
  problems.push(...findOverlaps(compiled.rules));
  return { ok: problems.every(({ severity }) => severity === 'warning'), problems, costNs: Object.fromEntries(costs) };
}

function lintRule(
  rule: CompiledRule,
  compiled: CompiledDocuments,
  options: LintOptions,
  costNs: number,
): LintProblem[] {
  const problems = [...leavesOf(rule.condition)].flatMap((leaf) => [
    ...checkValues(leaf),
    ...checkWindows(leaf, compiled, options),
  ]);
  problems.push(...checkTrigger(rule));
  const { expression } = rule;
  if (expression.kind === 'constant') {
    const code = expression.value ? 'rule.always' : 'rule.impossible';
    const message = expression.value
      ? 'the conditions are true for everything'
      : 'the conditions contradict each other';
    problems.push({ severity: 'error', code, pointer: '/conditions', message });
  } else {
    const { whole, pointers } = findImpossible(rule.condition, (leaf) => viewOf(leaf, compiled));
    for (const pointer of pointers) {
      const message = whole
        ? 'this contradicts what stands beside it: the rule can never fire'
        : 'this part can never be true';
      problems.push({ severity: whole ? 'error' : 'warning', code: 'rule.impossible', pointer, message });
    }
  }
  if (costNs > COSTLY_NS) {
    const message = `costs about ${Math.round(costNs)} ns an event`;
    problems.push({ severity: 'warning', code: 'rule.costly', pointer: '/conditions', message });
  }
  return problems;
}

function checkWindows(leaf: LeafCondition, compiled: CompiledDocuments, options: LintOptions): LintProblem[] {
  const { historyMs = DEFAULT_ENGINE_SETTINGS.historyMs } = options;
  const reads = leaf.right.kind === 'fact' ? [leaf.left, leaf.right.read] : [leaf.left];
  return reads.flatMap((read) =>
    [...requirementsOf(compiled.slotOf.get(read), compiled)].flatMap((requirement): LintProblem[] => {
      if (requirement.kind !== 'window') return [];
      const { lastMs, offsetMs } = requirement.params;
      if (lastMs + offsetMs <= historyMs) return [];
      const days = (ms: number) => `${Math.round(ms / 8_640_000) / 10} days`;
      const message = `the window reaches back ${days(lastMs + offsetMs)}, events are kept for ${days(historyMs)}`;
      return [{ severity: 'error', code: 'rule.window_too_long', pointer: `${read.pointer}/params/last`, message }];
    }),
  );
}

/** What the search for contradictions may assume of a comparison with a constant. */
function viewOf(leaf: LeafCondition, compiled: CompiledDocuments): LeafView | undefined {
  const slot = compiled.slotOf.get(leaf.left);
  if (slot === undefined || leaf.right.kind === 'fact') return undefined;
  const shape = kindOf({
    kind: 'leaf',
    id: -1,
    slot,
    operator: leaf.operator,
    rightSlot: undefined,
    value: leaf.right.value,
  });
  return shape.kind === 'test' ? undefined : { slot, shape, whole: isWhole(leaf.left) };
}
