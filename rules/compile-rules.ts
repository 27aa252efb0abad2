/**
 * The published library (`weir/rules`): json-rules-engine's rules, compiled once and evaluated synchronously. What is
 * different on purpose stands in docs/rules-differences.md, each line with a test.
 */
import { type Problem, WeirError } from '../core/errors.ts';
import { createEvaluator, drain, type Evaluator } from './compiler/evaluator.ts';
import { ExpressionTable } from './compiler/expression.ts';
import { lowerCondition } from './compiler/lower.ts';
import type { FactCalls, Facts } from './compiler/read-slot.ts';
import { UNMEASURED } from './compiler/selectivity.ts';
import { SlotTable } from './compiler/slot-table.ts';
import { explainRule } from './explain/explain-rule.ts';
import { findUnfitJson } from './language/canonical.ts';
import { type ConditionContext, type FactRead, leavesOf } from './language/condition.ts';
import { resolveAsyncFacts } from './library/async-facts.ts';
import { Evaluation, type Level, readFrom, type SlotContext } from './library/evaluation.ts';
import { LevelRun } from './library/level-run.ts';
import type { EvaluationResult, LibraryOptions } from './library/options.ts';
import { type LibraryRule, parseLibraryRule } from './library/parse-rules.ts';
import type { RuleExplanation } from './ruleset.ts';

export type { Almanac, EvaluationResult, LibraryEvent, LibraryOptions, LibraryRuleResult } from './library/options.ts';

export interface CompiledRules {
  /**
   * Throws `WeirError` `rule.undefined_fact` where a rule reads a fact that is missing (unless `allowUndefinedFacts`),
   * `rule.async_fact` where one turns out to be a promise. What your own operators, facts and handlers throw is passed on.
   */
  evaluate(facts?: Facts): EvaluationResult;
  /** The same, waiting for facts and handlers that are asynchronous. */
  evaluateAsync(facts?: Facts): Promise<EvaluationResult>;
  /** `ruleId`: a rule's `id`, else its `name`, else its number as text. Throws `rule.not_found`. */
  explain(facts: Facts, ruleId: string): RuleExplanation;
}

/** Rules of one priority where handlers may add facts in between; else all rules, highest priority first. */
export interface RuleLevel {
  readonly rules: readonly LibraryRule[];
  readonly events: Level['events'];
  readonly evaluator: Evaluator;
  /** Another evaluator of the same rules, for an evaluation that starts while this one is under way. */
  readonly createEvaluator: () => Evaluator;
  /** Names of the facts that these rules read. */
  readonly factNames: readonly string[];
  /** Every read of a fact, for resolving asynchronous ones. */
  readonly reads: readonly FactRead[];
}

/** Throws `WeirError` `rule.invalid`, with JSON pointers into `documents` (or `/options/…`), where a rule is not sound. */
export function compileRules(documents: readonly unknown[], options: LibraryOptions = {}): CompiledRules {
  const rules = parseAll(documents, options);
  const slots = new SlotTable();
  const expressions = new ExpressionTable();
  const slotOf = new Map<FactRead, number>();
  const resolve = (read: FactRead): number => {
    const slot = slots.add(
      { kind: 'fact', name: read.fact, ...(read.params && { params: read.params }) },
      read.path,
    ).index;
    slotOf.set(read, slot);
    return slot;
  };
  const lowered = rules.map((rule) => {
    for (const [, read] of rule.paramReads) resolve(read);
    // Every read gets its slot, those of conditions that fold away too.
    return { rule, expression: lowerCondition(rule.condition, expressions, resolve) };
  });
  lowered.sort((a, b) => b.rule.priority - a.rule.priority);
  const handled = hasHandlers(rules, options);
  const context: SlotContext = { slots: slots.slots, slotOf };
  const levels = levelsOf(lowered, handled).map((level): RuleLevel => {
    const evaluatorOptions = { generate: options.generate ?? true, selectivity: UNMEASURED };
    const rows = level.map(({ expression }) => expression);
    const ofLevel = level.map(({ rule }) => rule);
    const reads = ofLevel.flatMap(readsOf);
    const create = () => drain(createEvaluator(slots.slots, rows, expressions, evaluatorOptions));
    return {
      rules: ofLevel,
      events: ofLevel.map(({ event, paramReads }) => (paramReads.length === 0 ? event : undefined)),
      evaluator: create(),
      createEvaluator: create,
      factNames: [...new Set(reads.map(({ fact }) => fact))],
      reads,
    };
  });
  const byId = new Map([...rules].reverse().map((rule) => [rule.id, rule]));

  let busy = false;

  function evaluateLevel(level: RuleLevel, facts: Facts, calls: FactCalls): Level {
    if (options.allowUndefinedFacts !== true) requireFacts(level.factNames, facts);
    // A function fact or an operator of the user's may evaluate these rules itself.
    const evaluator = busy ? level.createEvaluator() : level.evaluator;
    const outer = busy;
    busy = true;
    try {
      const count = evaluator.run(facts, NO_VALUES, calls);
      const fired: number[] = [];
      for (let i = 0; i < count; i++) fired.push(evaluator.fired[i] as number);
      return { rules: level.rules, events: level.events, facts, calls, fired };
    } finally {
      busy = outer;
    }
  }

  return {
    evaluate(facts = NO_FACTS) {
      const evaluation = new Evaluation(context);
      const run = new LevelRun(facts, options, false);
      for (let i = 0; i < levels.length && !run.stopped; i++) {
        const level = evaluateLevel(levels[i] as RuleLevel, run.facts, run.calls);
        evaluation.add(level);
        if (handled) run.notify(level, context);
      }
      return evaluation;
    },

    async evaluateAsync(facts = NO_FACTS) {
      const evaluation = new Evaluation(context);
      const run = new LevelRun(facts, options, true);
      for (const next of levels) {
        await resolveAsyncFacts(next.reads, run);
        // The evaluator is shared by overlapping evaluations; between here and the handlers nothing waits.
        const level = evaluateLevel(next, run.facts, run.calls);
        evaluation.add(level);
        if (handled) await run.notifyAsync(level, context);
        if (run.stopped) break;
      }
      return evaluation;
    },

    explain(facts, ruleId) {
      const rule = byId.get(ruleId);
      if (rule === undefined) throw new WeirError('rule.not_found', `there is no rule "${ruleId}"`);
      const run = new LevelRun(facts, options, false);
      const read = readFrom(run.facts, run.calls, context);
      const name = rule.name === undefined || rule.name === null ? rule.id : String(rule.name);
      return explainRule({ id: rule.id, version: 1, name }, rule.condition, read);
    },
  };
}

const NO_VALUES: readonly unknown[] = Object.freeze([]);
const NO_FACTS: Facts = Object.freeze({});

function parseAll(documents: readonly unknown[], options: LibraryOptions): LibraryRule[] {
  const problems: Problem[] = [];
  const named = new Map(Object.entries(options.conditions ?? {}));
  for (const [name, condition] of named) {
    const unfit = findUnfitJson(condition);
    if (unfit === undefined) continue;
    problems.push({
      code: 'rule.invalid',
      pointer: `/options/conditions/${name}${unfit.pointer}`,
      message: unfit.message,
    });
    named.delete(name);
  }
  const context: Omit<ConditionContext, 'problems'> = {
    registry: {
      operators: new Map(Object.entries(options.operators ?? {})),
      decorators: new Map(Object.entries(options.decorators ?? {})),
    },
    named,
    allowUndefinedConditions: options.allowUndefinedConditions ?? false,
    allowEmpty: options.emptyConditions === 'match',
    ...(options.pathResolver && { pathResolver: options.pathResolver }),
  };
  const rules: LibraryRule[] = [];
  documents.forEach((document, index) => {
    const rule = parseLibraryRule(document, index, context, options.replaceFactsInEventParams ?? false, problems);
    if (rule !== undefined) rules.push(rule);
  });
  const [first] = problems;
  if (first !== undefined) {
    const message = `${problems.length} problems in the rules, the first at ${first.pointer}: ${first.message}`;
    throw new WeirError('rule.invalid', message, { problems });
  }
  return rules;
}

function hasHandlers(rules: readonly LibraryRule[], options: LibraryOptions): boolean {
  const ofEngine = options.onSuccess ?? options.onFailure ?? options.on;
  return ofEngine !== undefined || rules.some(({ onSuccess, onFailure }) => (onSuccess ?? onFailure) !== undefined);
}

/** One list for each priority; a single list where nothing can happen between priorities. */
function levelsOf<T extends { readonly rule: LibraryRule }>(sorted: readonly T[], separate: boolean): T[][] {
  if (!separate) return [[...sorted]];
  const levels = new Map<number, T[]>();
  for (const one of sorted) {
    const level = levels.get(one.rule.priority);
    if (level === undefined) levels.set(one.rule.priority, [one]);
    else level.push(one);
  }
  return [...levels.values()];
}

function readsOf(rule: LibraryRule): FactRead[] {
  const reads = rule.paramReads.map(([, read]) => read);
  for (const leaf of leavesOf(rule.condition)) {
    reads.push(leaf.left);
    if (leaf.right.kind === 'fact') reads.push(leaf.right.read);
  }
  return reads;
}

function requireFacts(names: readonly string[], facts: Facts): void {
  for (const name of names) {
    if (!Object.hasOwn(facts, name)) throw new WeirError('rule.undefined_fact', `the fact "${name}" is missing`);
  }
}
