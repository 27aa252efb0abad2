/** Lowers a parsed condition tree to an expression: facts become slots, named conditions become their targets. */
import type { Condition, FactRead } from '../language/condition.ts';
import { type Expression, type ExpressionTable, FALSE } from './expression.ts';

/** The slot that a fact read stands for; undefined, with problems reported, where there is none. */
export type ResolveSlot = (read: FactRead) => number | undefined;

export function lowerCondition(condition: Condition, table: ExpressionTable, resolve: ResolveSlot): Expression {
  switch (condition.kind) {
    case 'all':
    case 'any':
      return table.branch(
        condition.kind,
        condition.children.map((child) => lowerCondition(child, table, resolve)),
      );
    case 'not':
      return table.not(lowerCondition(condition.child, table, resolve));
    case 'condition':
      return condition.target === undefined ? FALSE : lowerCondition(condition.target, table, resolve);
    case 'leaf': {
      const slot = resolve(condition.left);
      const { right } = condition;
      const rightSlot = right.kind === 'fact' ? resolve(right.read) : undefined;
      if (slot === undefined || (right.kind === 'fact' && rightSlot === undefined)) return FALSE;
      return table.leaf(
        slot,
        condition.operator,
        rightSlot === undefined ? { value: right.kind === 'value' ? right.value : undefined } : { slot: rightSlot },
      );
    }
  }
}
