/** Rule documents to conditions and expressions over one slot table; every problem found on the way, with its pointer. */
import type { Problem } from '../../core/errors.ts';
import { RequirementTable } from '../facts/requirement-table.ts';
import { resolveFact } from '../facts/resolve-fact.ts';
import { canonicalText, findUnfitJson } from '../language/canonical.ts';
import { type Condition, type FactRead, parseConditions } from '../language/condition.ts';
import type { RuleDocument } from '../rule-document.ts';
import { parseShape, ruleContext } from '../validate/rule-shape.ts';
import { type Expression, ExpressionTable } from './expression.ts';
import { lowerCondition } from './lower.ts';
import { SlotTable } from './slot-table.ts';

export const RULES_MAX = 100_000;
/** Enough to mend a file in a few rounds; more would only hide the first. */
export const PROBLEMS_MAX = 1_000;
const DOCUMENTS_PER_SLICE = 8;

export interface CompiledRule {
  /** Index of the document among those that were given. */
  readonly index: number;
  readonly document: RuleDocument;
  readonly condition: Condition;
  readonly expression: Expression;
}

export interface CompiledDocuments {
  readonly rules: readonly CompiledRule[];
  readonly slots: SlotTable;
  readonly requirements: RequirementTable;
  readonly expressions: ExpressionTable;
  /** The slot of every fact that a condition names. */
  readonly slotOf: ReadonlyMap<FactRead, number>;
  readonly problems: readonly Problem[];
}

/** Yields about every millisecond of work. */
export function* compileDocuments(documents: readonly unknown[]): Generator<void, CompiledDocuments> {
  const problems: Problem[] = [];
  const slots = new SlotTable();
  const requirements = new RequirementTable();
  const expressions = new ExpressionTable();
  const slotOf = new Map<FactRead, number>();
  const slotOfText = new Map<string, number>();
  const rules: CompiledRule[] = [];
  const ids = new Map<string, number>();

  function compileDocument(input: unknown, index: number, found: Problem[]): CompiledRule | undefined {
    const unfit = findUnfitJson(input);
    if (unfit !== undefined) {
      found.push({ code: 'rule.invalid', ...unfit });
      return undefined;
    }
    const shape = parseShape(input);
    if (!shape.ok) {
      found.push(...shape.problems);
      return undefined;
    }
    const { document } = shape;
    const condition = parseConditions(document.conditions, '/conditions', ruleContext(found));
    if (condition === undefined) return undefined;
    const expression = lowerCondition(condition, expressions, (read) => {
      // Rules read the same few facts over and over: parameters are parsed once for each way of writing them.
      const written = `${read.fact} ${read.path?.text ?? ''} ${read.params === undefined ? '' : canonicalText(read.params)}`;
      const slot = slotOfText.get(written) ?? resolveFact(read, { slots, requirements, problems: found });
      if (slot !== undefined) {
        slotOfText.set(written, slot);
        slotOf.set(read, slot);
      }
      return slot;
    });
    return { index, document, condition, expression };
  }

  if (documents.length > RULES_MAX) {
    problems.push({ code: 'rule.too_large', pointer: '', message: `a rule set holds at most ${RULES_MAX} rules` });
    return { rules, slots, requirements, expressions, slotOf, problems };
  }
  for (let i = 0; i < documents.length && problems.length < PROBLEMS_MAX; i++) {
    const found: Problem[] = [];
    const rule = readSafely(() => compileDocument(documents[i], i, found), found);
    if (rule !== undefined) {
      const { id } = rule.document;
      const other = ids.get(id);
      if (other === undefined) ids.set(id, i);
      else found.push({ code: 'rule.duplicate', pointer: '/id', message: `rule ${other} has the same id "${id}"` });
      rules.push(rule);
    }
    for (const problem of found) problems.push({ ...problem, pointer: `/${i}${problem.pointer}` });
    if (i % DOCUMENTS_PER_SLICE === DOCUMENTS_PER_SLICE - 1) yield;
  }
  return { rules, slots, requirements, expressions, slotOf, problems };
}

/** A proxy or a getter may throw whatever it likes: to the caller that is a document that cannot be read. */
function readSafely(compile: () => CompiledRule | undefined, found: Problem[]): CompiledRule | undefined {
  try {
    return compile();
  } catch (error) {
    const reason = error instanceof Error ? error.message.slice(0, 200) : 'it threw no error';
    found.push({ code: 'rule.invalid', pointer: '', message: `the document cannot be read: ${reason}` });
    return undefined;
  }
}
