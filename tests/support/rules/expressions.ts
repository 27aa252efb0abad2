/** Expressions over named facts, and what is compiled of them, as tests of the compiler and the index say them. */
import { createEvaluator, drain } from '../../../rules/compiler/evaluator.ts';
import { type Expression, ExpressionTable } from '../../../rules/compiler/expression.ts';
import { SlotFile } from '../../../rules/compiler/slot-file.ts';
import { SlotTable } from '../../../rules/compiler/slot-table.ts';
import { resolveOperator } from '../../../rules/language/operators.ts';
export const table = new ExpressionTable();
export const slots = new SlotTable();
export const slotOf = (name: string) => slots.add({ kind: 'fact', name }).index;

export function leaf(name: string, operator: string, value: unknown): Expression {
  const resolved = resolveOperator(operator);
  if (resolved === undefined) throw new Error(operator);
  return table.leaf(slotOf(name), resolved, { value });
}

export function evaluator(rows: Expression[], generate = true) {
  return drain(createEvaluator(slots.slots, rows, table, { generate, selectivity: new Map() }));
}

export function firedBy(rows: Expression[], facts: Record<string, unknown>, generate = true): number[] {
  const built = evaluator(rows, generate);
  return [...built.fired.subarray(0, built.run(facts, []))];
}

export function never(): never {
  throw new Error('never');
}

/** How often a generator yields on its way to its result. */
export function slicesOf(generator: Generator<void, unknown>): number {
  let slices = 0;
  while (generator.next().done !== true) slices++;
  return slices;
}

/** A slot file that notes which slots it loads one by one. */
export class NotingSlotFile extends SlotFile {
  readonly loaded: number[] = [];

  override load(index: number): void {
    this.loaded.push(index);
    super.load(index);
  }
}
