/**
 * Orders the parts of every `all` and `any` so that the expected cost is least: cheap conditions first, and among them
 * those that most often decide. Built-in conditions are pure and total, so order cannot change a result; conditions
 * with an operator of the user's stay behind all others, in the order they were written.
 */
import type { Branch, Expression, ExpressionTable, Leaf } from './expression.ts';
import { costOf, isCustom, kindOf } from './leaf-kind.ts';

/** How often a comparison was true in live traffic, 0 to 1; undefined where nobody counted. */
export type ShareOf = (leaf: Leaf) => number | undefined;

export function orderConditions(expression: Expression, table: ExpressionTable, measured: ShareOf): Expression {
  switch (expression.kind) {
    case 'constant':
    case 'leaf':
      return expression;
    case 'not':
      return table.not(orderConditions(expression.child, table, measured));
    default:
      return table.reorder(expression, orderBranch(expression, table, measured));
  }
}

function orderBranch(branch: Branch, table: ExpressionTable, measured: ShareOf): Expression[] {
  const parts = branch.children.map((child) => {
    const part = orderConditions(child, table, measured);
    const chance = chanceOf(part, measured);
    const decides = branch.kind === 'all' ? 1 - chance : chance;
    return { part, custom: isCustom(part), rank: costOf(part) / Math.max(decides, 0.001) };
  });
  // Array.sort is stable: equal ranks keep the order of the document.
  parts.sort((a, b) => Number(a.custom) - Number(b.custom) || (a.custom ? 0 : a.rank - b.rank));
  return parts.map(({ part }) => part);
}

/** The estimated share of events for which the expression is true; conditions count as independent. */
export function chanceOf(expression: Expression, measured: ShareOf): number {
  switch (expression.kind) {
    case 'constant':
      return expression.value ? 1 : 0;
    case 'not':
      return 1 - chanceOf(expression.child, measured);
    case 'leaf':
      return measured(expression) ?? guess(expression);
    case 'all':
      return expression.children.reduce((product, child) => product * chanceOf(child, measured), 1);
    default:
      return 1 - expression.children.reduce((product, child) => product * (1 - chanceOf(child, measured)), 1);
  }
}

/** Without statistics: equality is rare, inequality common, a range a third. */
function guess(leaf: Leaf): number {
  const shape = kindOf(leaf);
  switch (shape.kind) {
    case 'equal':
      return shape.negated ? 0.9 : 0.1;
    case 'member': {
      const share = Math.min(0.5, 0.05 * shape.members.size);
      return shape.negated ? 1 - share : share;
    }
    default:
      return 0.33;
  }
}
