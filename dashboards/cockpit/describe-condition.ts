/** The conditions of an explanation in words short enough for one line. Pure. */
import type { ExplainedConditionView } from '../../api/schemas/decisions.ts';

/** The comparing conditions of a tree, in the order they are written. */
export function listLeaves(condition: ExplainedConditionView): ExplainedConditionView[] {
  if (condition.kind === 'leaf') return [condition];
  return (condition.children ?? []).flatMap(listLeaves);
}

const SYMBOLS: Readonly<Record<string, string>> = {
  equal: '=',
  notEqual: '≠',
  lessThan: '<',
  lessThanInclusive: '≤',
  greaterThan: '>',
  greaterThanInclusive: '≥',
  in: '∈',
  notIn: '∉',
  contains: '∋',
  doesNotContain: '∌',
};

export function describeOperator(operator: string | undefined): string {
  return operator === undefined ? '' : (SYMBOLS[operator] ?? operator);
}

/** `transaction.amount`, `count by card, 10m`, `distinct $.instrument.token by device, 24h`. */
export function describeFact(leaf: ExplainedConditionView): string {
  const path = leaf.path === undefined || leaf.path === '$' ? '' : leaf.path.replace(/^\$/, '');
  const params =
    typeof leaf.params === 'object' && leaf.params !== null ? (leaf.params as Record<string, unknown>) : undefined;
  if (params === undefined) return `${leaf.fact ?? ''}${path}`;
  const words = [params.aggregate ?? leaf.fact, params.of, params.category, params.list]
    .filter((part) => typeof part === 'string')
    .join(' ');
  const over = Array.isArray(params.over) ? params.over.join('+') : params.over;
  const by = typeof over === 'string' ? ` by ${over}` : '';
  const last = typeof params.last === 'string' ? `, ${params.last}` : '';
  return `${words}${path}${by}${last}`;
}

/** `undefined` for no value. */
export function describeValue(value: unknown, locale: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number') return value.toLocaleString(locale, { maximumFractionDigits: 2 });
  if (Array.isArray(value)) return value.map((one) => describeValue(one, locale) ?? '').join(', ');
  return typeof value === 'string' ? value : JSON.stringify(value);
}
