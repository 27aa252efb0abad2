/**
 * Compiles rule documents to the evaluator that the engine runs on every event. Sits between the log's rule-set entries
 * and decisions. Evaluation is synchronous, total and pure: any facts give an answer, and the same facts the same one.
 */

import { ByteReader } from '../core/codec/byte-reader.ts';
import { ByteWriter } from '../core/codec/byte-writer.ts';
import { WeirError } from '../core/errors.ts';
import { type CompiledDocuments, type CompiledRule, compileDocuments } from './compiler/compile-documents.ts';
import { createEvaluator, drain, type Evaluator } from './compiler/evaluator.ts';
import type { Leaf } from './compiler/expression.ts';
import { LeafCounter, sharesOf } from './compiler/leaf-counter.ts';
import { visitLeaves } from './compiler/leaf-kind.ts';
import { type Selectivity, UNMEASURED } from './compiler/selectivity.ts';
import { SlotFile, withOperands } from './compiler/slot-file.ts';
import { canGenerate } from './compiler/source-builder.ts';
import { explainRule } from './explain/explain-rule.ts';
import { createSlotReaders } from './explain/read-changed.ts';
import { leavesOf } from './language/condition.ts';
import { isShadow, RULE_TRIGGERS, type RuleDocument, type RuleTrigger } from './rule-document.ts';
import type { RuleSet } from './ruleset.ts';
import { TraceLayout } from './trace/trace-layout.ts';
import { TEXT_NUMBERS_MAX, type TextNumbers } from './trace/value-codec.ts';
import { requirementsOf } from './validate/estimate-cost.ts';

export interface RuleSetOptions {
  /** Whether JavaScript may be generated; `true` unless said otherwise. Results are the same either way. */
  readonly generate?: boolean;
  /** From `measureSelectivity`: orders conditions, changes no result. */
  readonly selectivity?: Selectivity;
}

/** The rules of one event type, highest priority first. */
interface TypePlan {
  readonly rules: readonly CompiledRule[];
  readonly evaluator: Evaluator;
  readonly trace: TraceLayout;
  readonly counter: LeafCounter;
}

const RULES_PER_SLICE = 256;
const NONE: readonly RuleDocument[] = Object.freeze([]);

/**
 * Throws `WeirError` `rule.invalid`, with every problem and a JSON pointer into `documents` for each, where a document
 * is not sound or two have the same id.
 */
export function compileRuleSet(version: number, documents: readonly unknown[], options: RuleSetOptions = {}): RuleSet {
  return drain(compileRuleSetInSlices(version, documents, options));
}

/**
 * The same in slices of about a millisecond: call `next` between events, so that a new rule set with ten thousand rules
 * stalls none of them. Throws what `compileRuleSet` throws.
 */
export function* compileRuleSetInSlices(
  version: number,
  documents: readonly unknown[],
  options: RuleSetOptions = {},
): Generator<void, RuleSet> {
  const compiled = yield* compileDocuments(documents);
  const { problems } = compiled;
  if (problems.length > 0) {
    const [first] = problems;
    const message = `${problems.length} problems in the rules, the first at ${first?.pointer}: ${first?.message}`;
    throw new WeirError('rule.invalid', message, { problems });
  }
  const plans = new Map<RuleTrigger, TypePlan>();
  const rules = [...compiled.rules].sort((a, b) => (b.document.priority ?? 1) - (a.document.priority ?? 1));
  for (const type of RULE_TRIGGERS) {
    const ofType = rules.filter(({ document }) => document.on.includes(type));
    if (ofType.length > 0) plans.set(type, yield* compilePlan(type, ofType, compiled, options));
    yield;
  }
  return createRuleSet(version, compiled, plans);
}

function* compilePlan(
  type: RuleTrigger,
  rules: readonly CompiledRule[],
  compiled: CompiledDocuments,
  options: RuleSetOptions,
): Generator<void, TypePlan> {
  const { slots } = compiled.slots;
  const rows = rules.map(({ expression }) => expression);
  const generate = (options.generate ?? true) && canGenerate();
  const evaluator = yield* createEvaluator(slots, rows, compiled.expressions, {
    generate,
    selectivity: options.selectivity ?? UNMEASURED,
  });
  const read = new Set<number>();
  const leaves = new Map<number, Leaf>();
  // What conditions name, not what is left of them: an explanation shows folded conditions too.
  for (let i = 0; i < rules.length; i++) {
    const rule = rules[i] as CompiledRule;
    for (const slot of slotsOf(rule, compiled)) read.add(slot);
    visitLeaves(rule.expression, (leaf) => void leaves.set(leaf.id, leaf));
    if (i % RULES_PER_SLICE === RULES_PER_SLICE - 1) yield;
  }
  const texts = yield* numberTexts(rules, compiled);
  const traced = withOperands(
    slots,
    [...read].sort((a, b) => a - b),
  );
  return {
    rules,
    evaluator,
    counter: new LeafCounter([...leaves.values()], slots),
    trace: new TraceLayout(
      type,
      traced.flatMap((index) => slots[index] ?? []),
      evaluator.hot,
      texts,
      generate,
    ),
  };
}

function createRuleSet(
  version: number,
  compiled: CompiledDocuments,
  plans: ReadonlyMap<RuleTrigger, TypePlan>,
): RuleSet {
  const { slots } = compiled.slots;
  const { requirements } = compiled.requirements;
  const file = new SlotFile(slots, new Set());
  const writer = new ByteWriter(1_024);

  function firedOf(plan: TypePlan, count: number): readonly RuleDocument[] {
    if (count === 0) return NONE;
    const { fired } = plan.evaluator;
    const documents: RuleDocument[] = [];
    for (let i = 0; i < count; i++) documents.push((plan.rules[fired[i] as number] as CompiledRule).document);
    return documents;
  }

  return {
    version,
    documents: compiled.rules.map(({ document }) => document),
    requirements,
    shadowRequirements: shadowRequirementsOf(compiled),

    evaluate(input) {
      const plan = plans.get(input.type);
      return plan === undefined ? NONE : firedOf(plan, plan.evaluator.run(input.facts, input.values));
    },

    evaluateTraced(input, target) {
      const plan = plans.get(input.type);
      if (plan === undefined) return NONE;
      const { evaluator } = plan;
      const documents = firedOf(plan, evaluator.run(input.facts, input.values));
      plan.trace.writeLoaded(target, input, evaluator.file);
      return documents;
    },

    sample(input) {
      plans.get(input.type)?.counter.count(input.facts, input.values);
    },

    get selectivity() {
      return sharesOf([...plans.values()].map((plan) => plan.counter));
    },

    trace(input) {
      writer.reset();
      plans.get(input.type)?.trace.write(writer, input);
      return writer.take();
    },

    explain(input) {
      const plan = plans.get(input.type);
      if (plan === undefined) return [];
      file.begin(input.facts, input.values);
      for (let i = 0; i < slots.length; i++) file.load(i);
      const { read, readChanged } = createSlotReaders([...file.s], slots, compiled.slotOf);
      return plan.rules.map((rule) => explainRule(rule.document, rule.condition, read, readChanged));
    },

    expandTrace(trace, type, eventFacts) {
      const plan = plans.get(type);
      if (plan === undefined) return { type, facts: eventFacts, values: [] };
      return plan.trace.read(new ByteReader(trace), eventFacts, requirements.length);
    },
  };
}

function shadowRequirementsOf(compiled: CompiledDocuments): ReadonlySet<number> {
  if (!compiled.rules.some(({ document }) => isShadow(document))) return new Set();
  const left = new Set(compiled.requirements.requirements.map(({ index }) => index));
  for (const rule of compiled.rules) {
    if (isShadow(rule.document)) continue;
    for (const slot of slotsOf(rule, compiled))
      for (const { index } of requirementsOf(slot, compiled)) left.delete(index);
  }
  return left;
}

function slotsOf(rule: CompiledRule, compiled: CompiledDocuments): Set<number> {
  const found = new Set<number>();
  for (const leaf of leavesOf(rule.condition)) {
    for (const read of leaf.right.kind === 'fact' ? [leaf.left, leaf.right.read] : [leaf.left]) {
      const slot = compiled.slotOf.get(read);
      if (slot !== undefined) found.add(slot);
    }
  }
  return found;
}

/** By slot, the texts that rules compare it with, in the order in which rules name them. */
function* numberTexts(
  rules: readonly CompiledRule[],
  { slotOf }: CompiledDocuments,
): Generator<void, Map<number, TextNumbers>> {
  const bySlot = new Map<number, Map<string, number>>();
  let done = 0;
  for (const { condition } of rules) {
    if (++done % RULES_PER_SLICE === 0) yield;
    for (const { left, right } of leavesOf(condition)) {
      const slot = slotOf.get(left);
      if (slot === undefined || right.kind === 'fact') continue;
      const texts = (Array.isArray(right.value) ? right.value : [right.value]).filter((one) => typeof one === 'string');
      const numbers = bySlot.get(slot) ?? new Map<string, number>();
      for (const text of texts)
        if (!numbers.has(text) && numbers.size < TEXT_NUMBERS_MAX) numbers.set(text, numbers.size);
      if (numbers.size > 0) bySlot.set(slot, numbers);
    }
  }
  return bySlot;
}
